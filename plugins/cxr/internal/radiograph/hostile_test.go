package radiograph_test

import (
	"bytes"
	"compress/zlib"
	"context"
	"encoding/binary"
	"errors"
	"image"
	"runtime"
	"strings"
	"testing"

	"github.com/suyashkumar/dicom/pkg/tag"

	"github.com/fusemoe/fusemoe/plugins/cxr/internal/radiograph"
	"github.com/fusemoe/fusemoe/sdk"
)

// allocated is how many bytes call takes from the heap.
func allocated(call func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	call()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

// zeros are n bytes 0, compressed.
func zeros(t *testing.T, n int) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zlib.NewWriter(&b)
	if _, err := w.Write(make([]byte, n)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// element is the head of a DICOM element with a long length.
func element(t tag.Tag, vr string, length uint32, value ...byte) []byte {
	b := binary.LittleEndian.AppendUint16(binary.LittleEndian.AppendUint16(nil, t.Group), t.Element)
	b = append(append(b, vr...), 0, 0)
	return append(binary.LittleEndian.AppendUint32(b, length), value...)
}

func TestHostileFilesAreRefusedCheaply(t *testing.T) {
	small := image.NewGray(image.Rect(0, 0, 8, 8))
	picture, photo := pngFile(t, small), jpegFile(t, small)
	xray := dicomFile(t, explicit, monochrome(8, 8, 16, nil), raw(8, 8, 1, 16, make([]uint16, 64)...))
	huge := preamble(explicit, element(tag.PixelData, "OW", 0xffff_fff0)...)
	secret := preamble(explicit, element(tag.Tag{Group: 0x11, Element: 1}, "OB", 0xf000_0000)...)
	nested := preamble(explicit)
	for range 200_000 {
		nested = append(nested, element(tag.Tag{Group: 8, Element: 0x1140}, "SQ", tag.VLUndefinedLength,
			0xfe, 0xff, 0, 0xe0, 0xff, 0xff, 0xff, 0xff)...)
	}
	many := preamble(explicit, bytes.Repeat([]byte{8, 0, 5, 0, 'C', 'S', 0, 0}, 1_000_000)...)
	words := preamble(explicit, element(tag.Tag{Group: 8, Element: 0x119}, "UC", 32<<20)...)
	words = append(words, bytes.Repeat([]byte{'\\'}, 32<<20)...)
	strange := preamble(explicit, element(tag.Tag{Group: 8, Element: 0x1140}, "SQ", 12, element(tag.PatientName, "UT", 0)...)...)
	meta := preamble(explicit)
	binary.LittleEndian.PutUint32(meta[140:], 1<<31)
	bomb := append(pngHeader(8, 8), pngChunk("zTXt", append([]byte("Comment\x00\x00"), zeros(t, 64<<20)...))...)

	for _, test := range []struct {
		name, mediaType string
		file            []byte
		want            string
	}{
		{"nothing", radiograph.PNG, nil, "the file is empty"},
		{"nothing", radiograph.JPEG, nil, "the file is empty"},
		{"nothing", radiograph.DICOM, nil, "the file is empty"},
		{"text", radiograph.PNG, []byte("Secret Name"), "the file is no PNG file"},
		{"text", radiograph.JPEG, []byte("Secret Name"), "the file is no JPEG file"},
		{"text", radiograph.DICOM, []byte("Secret Name"), "the file is no DICOM file"},
		{"a PNG file", radiograph.JPEG, picture, "the file is no JPEG file but a PNG file"},
		{"a JPEG file", radiograph.DICOM, photo, "the file is no DICOM file but a JPEG file"},
		{"a DICOM file", radiograph.PNG, xray, "the file is no PNG file but a DICOM file"},
		{"of a format that is not read", "image/gif", picture, "the item is of a media type that is not read"},
		{"a PNG header alone", radiograph.PNG, pngHeader(8, 8), "the PNG file is cut short or damaged"},
		{"absurd PNG", radiograph.PNG, pngHeader(60000, 60000), "the image has 60000 x 60000 pixels"},
		{"absurd JPEG", radiograph.JPEG, jpegHeader(60000, 60000), "the image has 60000 x 60000 pixels"},
		{
			"absurd JPEG in DICOM", radiograph.DICOM, dicomFile(t, baseline, monochrome(8, 8, 8, nil), coded(jpegHeader(60000, 60000))),
			"the image has 60000 x 60000 pixels",
		},
		{"a PNG comment that blows up", radiograph.PNG, bomb, "the PNG file is cut short or damaged"},
		{
			"a JPEG of many scans", radiograph.JPEG, append(bytes.Clone(photo), bytes.Repeat([]byte{0xff, 0xda}, 200)...),
			"the JPEG file has 201 scans",
		},
		{"DICOM pixels that are not there", radiograph.DICOM, huge, "the DICOM file is cut short or damaged"},
		{"a DICOM value that is not there", radiograph.DICOM, secret, "the DICOM file is cut short or damaged"},
		{"a DICOM group that is not there", radiograph.DICOM, meta, "the DICOM file is cut short or damaged"},
		{"DICOM sequences without an end", radiograph.DICOM, nested, "the DICOM file is cut short or damaged: the header is larger or deeper"},
		{"a million DICOM elements", radiograph.DICOM, many, "the DICOM file is cut short or damaged: the header is larger or deeper"},
		{"a million DICOM words", radiograph.DICOM, words, "the DICOM file is cut short or damaged: the header is larger or deeper"},
		{"a DICOM sequence of something else", radiograph.DICOM, strange, "the DICOM file is cut short or damaged: a sequence"},
		{"DICOM without pixels", radiograph.DICOM, preamble(explicit), "the DICOM file has no pixels"},
		{
			"DICOM without pixels in its items", radiograph.DICOM, dicomFile(t, baseline, monochrome(8, 8, 8, nil), coded(nil)),
			"the DICOM file is cut short or damaged: no pixels",
		},
		{
			"DICOM sizes of a wrong type", radiograph.DICOM, bytes.Replace(xray, []byte{0x28, 0, 0x10, 0, 'U', 'S'}, []byte{0x28, 0, 0x10, 0, 'A', 'E'}, 1),
			"the image has no pixels",
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			var err error
			used := allocated(func() { _, err = radiograph.Decode(t.Context(), test.file, test.mediaType) })
			if d, ok := errors.AsType[*sdk.Diagnostic](err); !ok || !strings.HasPrefix(d.Summary, test.want) {
				t.Errorf("got %v, want %s", err, test.want)
			}
			if err != nil && strings.Contains(err.Error(), "Secret") {
				t.Error("the error quotes the file")
			}
			const most = 20 << 20 // the largest header
			if used > most {
				t.Errorf("took %d MiB", used>>20)
			}
		})
	}
}

func TestEveryTruncationIsAnError(t *testing.T) {
	m := image.NewGray(image.Rect(0, 0, 24, 24))
	for i := range m.Pix {
		m.Pix[i] = uint8(i * i)
	}
	for _, test := range []struct {
		name, mediaType string
		file            []byte
	}{
		{"PNG", radiograph.PNG, pngFile(t, m)},
		{"JPEG", radiograph.JPEG, jpegFile(t, m)},
		{"explicit DICOM", radiograph.DICOM, dicomFile(t, explicit, monochrome(24, 24, 8, nil), raw(24, 24, 1, 8, m.Pix...))},
		{"implicit DICOM", radiograph.DICOM, dicomFile(t, implicit, monochrome(24, 24, 8, nil), raw(24, 24, 1, 8, m.Pix...))},
		{"DICOM with JPEG", radiograph.DICOM, dicomFile(t, baseline, monochrome(24, 24, 8, nil), coded(jpegFile(t, m)))},
	} {
		t.Run(test.name, func(t *testing.T) {
			for n := range test.file {
				_, err := radiograph.Decode(t.Context(), test.file[:n], test.mediaType)
				if _, ok := errors.AsType[*sdk.Diagnostic](err); !ok {
					t.Fatalf("the first %d of %d bytes: %v", n, len(test.file), err)
				}
			}
		})
	}
}

func TestDecodingEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	m := image.NewGray(image.Rect(0, 0, 8, 8))
	for mediaType, file := range map[string][]byte{
		radiograph.PNG:   pngFile(t, m),
		radiograph.JPEG:  jpegFile(t, m),
		radiograph.DICOM: dicomFile(t, explicit, monochrome(8, 8, 8, nil), raw(8, 8, 1, 8, m.Pix...)),
	} {
		if _, err := radiograph.Decode(ctx, file, mediaType); !errors.Is(err, context.Canceled) {
			t.Errorf("%s: %v", mediaType, err)
		}
	}
}

// checkDecoder holds a decoder to what it promises of any input: an image or a
// diagnostic, and no more memory than an image may take.
func checkDecoder(t *testing.T, data []byte, mediaType string) {
	t.Helper()
	var m *radiograph.Image
	var err error
	used := allocated(func() { m, err = radiograph.Decode(t.Context(), data, mediaType) })
	if err != nil {
		if _, ok := errors.AsType[*sdk.Diagnostic](err); !ok {
			t.Fatalf("%T is no diagnostic", err)
		}
		m = &radiograph.Image{}
	}
	if len(m.Pix) != m.Width*m.Height || len(m.Pix) > radiograph.MaxPixels {
		t.Fatalf("%d pixels for %d x %d", len(m.Pix), m.Width, m.Height)
	}
	for _, v := range m.Pix {
		if !(v >= 0 && v <= 1) {
			t.Fatalf("pixel %g", v)
		}
	}
	// Beside the image: a decoder holds at most 12 coefficients of 4 bytes and 8 bytes of
	// colour a pixel.
	if most := uint64(64*radiograph.MaxPixels + 64*len(data)); used > most {
		t.Fatalf("%d bytes took %d", len(data), used)
	}
}

func FuzzPNG(f *testing.F) {
	m := image.NewGray16(image.Rect(0, 0, 3, 2))
	f.Add(pngFile(f, m))
	f.Add(pngFile(f, image.NewRGBA(image.Rect(0, 0, 2, 2))))
	f.Add(pngHeader(60000, 60000))
	f.Add([]byte("\x89PNG\r\n\x1a\n"))
	f.Fuzz(func(t *testing.T, data []byte) { checkDecoder(t, data, radiograph.PNG) })
}

func FuzzJPEG(f *testing.F) {
	f.Add(jpegFile(f, image.NewGray(image.Rect(0, 0, 9, 9))))
	f.Add(jpegFile(f, image.NewRGBA(image.Rect(0, 0, 9, 9))))
	f.Add(jpegHeader(60000, 60000))
	f.Add([]byte{0xff, 0xd8, 0xff})
	f.Fuzz(func(t *testing.T, data []byte) { checkDecoder(t, data, radiograph.JPEG) })
}

func FuzzDICOM(f *testing.F) {
	window := attributes{tag.WindowCenter: []string{"2"}, tag.WindowWidth: []string{"3"}, tag.PixelPaddingValue: []int{1}}
	pixels := raw[uint16](2, 2, 1, 16, 1, 2, 3, 4)
	f.Add(dicomFile(f, explicit, monochrome(2, 2, 16, window), pixels))
	f.Add(dicomFile(f, implicit, monochrome(2, 2, 16, window), pixels))
	f.Add(dicomFile(f, baseline, monochrome(9, 9, 8, nil), coded(jpegFile(f, image.NewGray(image.Rect(0, 0, 9, 9))))))
	f.Add(preamble(explicit, element(tag.PixelData, "OW", 0xffff_fff0)...))
	f.Add(preamble(explicit, element(tag.Tag{Group: 8, Element: 0x1140}, "SQ", tag.VLUndefinedLength)...))
	f.Fuzz(func(t *testing.T, data []byte) { checkDecoder(t, data, radiograph.DICOM) })
}
