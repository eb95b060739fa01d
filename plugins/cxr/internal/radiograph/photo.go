package radiograph

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"io"

	"github.com/fusemoe/fusemoe/sdk"
)

// maxScans is the largest number of scans of a progressive JPEG. Encoders make about
// ten. Each goes over the whole image, so a small file of many would take hours.
const maxScans = 100

// decodeJPEG reads baseline and progressive JPEG.
func decodeJPEG(ctx context.Context, data []byte) (*Image, error) {
	m, err := decodeScans(ctx, data)
	if err != nil {
		return nil, err
	}
	return gray(m), nil
}

// decodeScans is a JPEG as the pixels that it stores.
func decodeScans(ctx context.Context, data []byte) (image.Image, error) {
	// In coded data a 0xff is always escaped, so this is the marker of a scan.
	if n := bytes.Count(data, []byte{0xff, 0xda}); n > maxScans {
		return nil, &sdk.Diagnostic{
			Summary: fmt.Sprintf("the JPEG file has %d scans; at most %d are read", n, maxScans),
			Detail:  "store it again with an ordinary encoder",
		}
	}
	return decodePhoto(ctx, data, "JPEG", jpeg.DecodeConfig, jpeg.Decode)
}

// decodePNG reads PNG of 1 to 16 bits, gray, colour or palette.
func decodePNG(ctx context.Context, data []byte) (*Image, error) {
	m, err := decodePhoto(ctx, data, "PNG", png.DecodeConfig, png.Decode)
	if err != nil {
		return nil, err
	}
	return gray(m), nil
}

// decodePhoto looks at the size before it decodes.
func decodePhoto(ctx context.Context, data []byte, format string,
	header func(io.Reader) (image.Config, error), decode func(io.Reader) (image.Image, error),
) (image.Image, error) {
	c, err := header(bytes.NewReader(data))
	if err != nil {
		return nil, damaged(format, err.Error())
	}
	if err := checkSize(c.Width, c.Height); err != nil {
		return nil, err
	}
	m, err := decode(cancellable{ctx, bytes.NewReader(data)})
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if err != nil {
		return nil, damaged(format, err.Error())
	}
	return m, nil
}

// cancellable ends reading when its context ends.
type cancellable struct {
	ctx context.Context
	in  io.Reader
}

func (c cancellable) Read(p []byte) (int, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	return c.in.Read(p)
}

// gray is the brightness of an image. What is transparent is black.
func gray(m image.Image) *Image {
	b := m.Bounds()
	out := New(b.Dx(), b.Dy())
	for y := range out.Height {
		row := out.Row(y)
		switch m := m.(type) {
		case *image.Gray:
			eightBits(row, m.Pix[y*m.Stride:])
		case *image.YCbCr: // Y is the brightness
			eightBits(row, m.Y[y*m.YStride:])
		case *image.Gray16:
			for x := range row {
				p := m.Pix[y*m.Stride+2*x:]
				row[x] = float32(uint16(p[0])<<8|uint16(p[1])) / 0xffff
			}
		default:
			for x := range row {
				c := color.Gray16Model.Convert(m.At(b.Min.X+x, b.Min.Y+y)).(color.Gray16)
				row[x] = float32(c.Y) / 0xffff
			}
		}
	}
	return out
}

func eightBits(row []float32, pix []uint8) {
	for x := range row {
		row[x] = float32(pix[x]) / 0xff
	}
}
