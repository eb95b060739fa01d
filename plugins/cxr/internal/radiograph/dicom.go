package radiograph

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"math"
	"strconv"
	"strings"

	"github.com/suyashkumar/dicom"
	"github.com/suyashkumar/dicom/pkg/tag"

	"github.com/fusemoe/fusemoe/sdk"
)

// The transfer syntaxes that are read.
const (
	implicitLittleEndian = "1.2.840.10008.1.2"
	explicitLittleEndian = "1.2.840.10008.1.2.1"
	jpegBaseline         = "1.2.840.10008.1.2.4.50"
)

// supported refuses a transfer syntax that is not read. A file's own words are not
// repeated, so the usual ones have names here.
func supported(syntax string) error {
	name := "one that this plugin does not know"
	switch syntax {
	case implicitLittleEndian, explicitLittleEndian, jpegBaseline:
		return nil
	case "1.2.840.10008.1.2.1.99":
		name = "deflated"
	case "1.2.840.10008.1.2.2":
		name = "big endian"
	case "1.2.840.10008.1.2.4.51":
		name = "JPEG extended"
	case "1.2.840.10008.1.2.4.57", "1.2.840.10008.1.2.4.70":
		name = "JPEG lossless"
	case "1.2.840.10008.1.2.4.80", "1.2.840.10008.1.2.4.81":
		name = "JPEG-LS"
	case "1.2.840.10008.1.2.4.90", "1.2.840.10008.1.2.4.91":
		name = "JPEG 2000"
	case "1.2.840.10008.1.2.5":
		name = "RLE"
	}
	return &sdk.Diagnostic{
		Summary: "the DICOM file has a transfer syntax that is not read: " + name,
		Detail:  "convert it: gdcmconv --raw in.dcm out.dcm",
	}
}

// decodeDICOM reads one frame, raw or baseline JPEG.
func decodeDICOM(ctx context.Context, data []byte) (*Image, error) {
	syntax, err := transferSyntax(data)
	if err != nil {
		return nil, err
	}
	h, pixels, err := parse(data)
	if err != nil {
		return nil, err
	}
	if err := h.check(); err != nil {
		return nil, err
	}
	var out *Image
	if syntax == jpegBaseline {
		out, err = h.coded(ctx, pixels)
	} else {
		out, err = h.raw(pixels.UnprocessedValueData)
	}
	if err != nil {
		return nil, err
	}
	return out, ctx.Err()
}

// parse has the library read the elements up to the pixels. Its errors may quote
// values, so they are not passed on.
func parse(data []byte) (h header, pixels dicom.PixelDataInfo, err error) {
	fault := damaged("DICOM", "the header cannot be read")
	defer func() {
		if recover() != nil { // the library panics at some values of a wrong type
			err = fault
		}
	}()
	p, failed := dicom.NewParser(bytes.NewReader(data), int64(len(data)), nil,
		dicom.SkipProcessingPixelDataValue(), dicom.AllowUnknownSpecificCharacterSet())
	if failed != nil {
		return nil, pixels, fault
	}
	h = header{}
	for {
		e, failed := p.Next()
		if failed != nil {
			return nil, pixels, fault
		}
		if e.Tag == tag.PixelData {
			return h, dicom.MustGetPixelDataInfo(e.Value), nil
		}
		h[e.Tag] = e
	}
}

// header is the elements before the pixels.
type header map[tag.Tag]*dicom.Element

// number is the first number of an element, or the other where there is none.
func (h header) number(t tag.Tag, other float64) float64 {
	e, ok := h[t]
	if !ok {
		return other
	}
	switch v := e.Value.GetValue().(type) {
	case []int:
		if len(v) > 0 {
			return float64(v[0])
		}
	case []float64:
		if len(v) > 0 {
			return v[0]
		}
	case []string:
		if len(v) == 0 {
			break
		}
		if x, err := strconv.ParseFloat(strings.TrimSpace(v[0]), 64); err == nil && !math.IsNaN(x) && !math.IsInf(x, 0) {
			return x
		}
	}
	return other
}

func (h header) integer(t tag.Tag, other int) int { return int(h.number(t, float64(other))) }

// word is the first word of an element, or nothing.
func (h header) word(t tag.Tag) string {
	if e, ok := h[t]; ok {
		if v, ok := e.Value.GetValue().([]string); ok && len(v) > 0 {
			return strings.TrimSpace(v[0])
		}
	}
	return ""
}

const (
	monochrome1 = "MONOCHROME1" // the lowest value is white
	monochrome2 = "MONOCHROME2" // the lowest value is black
	rgb         = "RGB"
)

// check refuses what is no single gray or RGB image.
func (h header) check() error {
	if n := h.integer(tag.NumberOfFrames, 1); n > 1 {
		return &sdk.Diagnostic{Summary: fmt.Sprintf("the DICOM file has %d frames", n), Detail: "store one radiograph in a file"}
	}
	switch photometric := h.word(tag.PhotometricInterpretation); photometric {
	case monochrome1, monochrome2, rgb, "YBR_FULL", "YBR_FULL_422":
	default:
		return &sdk.Diagnostic{
			Summary: "the DICOM file has a photometric interpretation that is not read",
			Detail:  "store it as " + monochrome1 + ", " + monochrome2 + " or " + rgb,
		}
	}
	return checkSize(h.integer(tag.Columns, 0), h.integer(tag.Rows, 0))
}

// coded decodes a JPEG in a DICOM file.
func (h header) coded(ctx context.Context, pixels dicom.PixelDataInfo) (*Image, error) {
	var data []byte
	for _, f := range pixels.Frames { // the pieces of one frame
		data = append(data, f.EncapsulatedData.Data...)
	}
	if len(data) == 0 {
		return nil, damaged("DICOM", "no pixels")
	}
	m, err := decodeScans(ctx, data)
	if err != nil {
		return nil, err
	}
	out := gray(m)
	if _, ok := m.(*image.Gray); !ok {
		return out, nil
	}
	for i := range out.Pix {
		out.Pix[i] *= 0xff // the values as stored
	}
	h.present(out)
	return out, nil
}

// raw reads pixels as they are.
func (h header) raw(data []byte) (*Image, error) {
	width, height, bits := h.integer(tag.Columns, 0), h.integer(tag.Rows, 0), h.integer(tag.BitsAllocated, 0)
	samples := h.integer(tag.SamplesPerPixel, 1)
	monochrome := samples == 1 && h.word(tag.PhotometricInterpretation) != rgb
	switch {
	case monochrome && (bits == 8 || bits == 16):
	case samples == 3 && bits == 8 && h.word(tag.PhotometricInterpretation) == rgb:
	default:
		return nil, &sdk.Diagnostic{
			Summary: "the DICOM file stores pixels in a way that is not read",
			Detail:  "store gray in 8 or 16 bits, or RGB in 3 times 8",
		}
	}
	if len(data) < width*height*samples*bits/8 {
		return nil, cutShort()
	}
	out := New(width, height)
	if !monochrome {
		h.colours(out.Pix, data)
		return out, nil
	}
	h.stored(out.Pix, data, bits)
	h.present(out)
	return out, nil
}

// colours reads the brightness of RGB (ITU-R BT.601).
func (h header) colours(pix []float32, data []byte) {
	step, plane := 3, 1
	if h.integer(tag.PlanarConfiguration, 0) == 1 {
		step, plane = 1, len(pix)
	}
	for i := range pix {
		r, g, b := data[i*step], data[i*step+plane], data[i*step+2*plane]
		pix[i] = (0.299*float32(r) + 0.587*float32(g) + 0.114*float32(b)) / 0xff
	}
}

// stored reads gray values: of the bits allocated those that are in use, which the
// highest one may make negative.
func (h header) stored(pix []float32, data []byte, bits int) {
	used := min(max(h.integer(tag.BitsStored, bits), 1), bits)
	shift := min(max(h.integer(tag.HighBit, used-1), used-1), bits-1) - (used - 1)
	signed := h.integer(tag.PixelRepresentation, 0) == 1
	for i := range pix {
		var v int32
		if bits == 8 {
			v = int32(data[i])
		} else {
			v = int32(data[2*i]) | int32(data[2*i+1])<<8
		}
		v = v >> shift & (1<<used - 1)
		if signed && v >= 1<<(used-1) {
			v -= 1 << used
		}
		pix[i] = float32(v)
	}
}
