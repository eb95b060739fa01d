package radiograph_test

import (
	"errors"
	"image"
	"image/color"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/fusemoe/fusemoe/plugins/cxr/internal/radiograph"
	"github.com/fusemoe/fusemoe/sdk"
)

func decode(t testing.TB, data []byte, mediaType string) *radiograph.Image {
	t.Helper()
	m, err := radiograph.Decode(t.Context(), data, mediaType)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// near allows for rounding to 8 bits.
var near = cmpopts.EquateApprox(0, 0.5/255)

func TestPNGOfAnyKindBecomesBrightness(t *testing.T) {
	bounds := image.Rect(0, 0, 2, 1)
	gray8, gray16 := image.NewGray(bounds), image.NewGray16(bounds)
	gray8.Pix = []uint8{0, 51}
	gray16.SetGray16(0, 0, color.Gray16{Y: 0x0102})
	gray16.SetGray16(1, 0, color.Gray16{Y: 0xffff})
	colours := image.NewRGBA(bounds)
	colours.Set(0, 0, color.RGBA{R: 255, A: 255})
	colours.Set(1, 0, color.RGBA{R: 255, G: 255, B: 255, A: 255})
	deep := image.NewRGBA64(bounds)
	deep.Set(1, 0, color.Gray16{Y: 0x8000})
	palette := image.NewPaletted(bounds, color.Palette{color.Black, color.White})
	palette.SetColorIndex(1, 0, 1)
	for _, test := range []struct {
		name  string
		image image.Image
		want  []float32
	}{
		{"8 bits", gray8, []float32{0, 0.2}},
		{"16 bits", gray16, []float32{258. / 65535, 1}},
		{"colour", colours, []float32{0.299, 1}},
		{"colour of 16 bits, with transparency", deep, []float32{0, 0x8000 / 65535.}},
		{"palette", palette, []float32{0, 1}},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := decode(t, pngFile(t, test.image), radiograph.PNG)
			want := &radiograph.Image{Width: 2, Height: 1, Pix: test.want}
			if diff := cmp.Diff(want, got, cmpopts.EquateApprox(0, 1e-4)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestJPEGInGrayAndColourBecomesBrightness(t *testing.T) {
	gray, colours := image.NewGray(image.Rect(0, 0, 17, 9)), image.NewRGBA(image.Rect(0, 0, 17, 9))
	want := radiograph.New(17, 9)
	for y := range 9 {
		for x := range 17 {
			v := uint8(10*x + 5*y)
			gray.SetGray(x, y, color.Gray{Y: v})
			colours.Set(x, y, color.Gray{Y: v})
			want.Pix[y*17+x] = float32(v) / 255
		}
	}
	for name, m := range map[string]image.Image{"gray": gray, "colour": colours} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(want, decode(t, jpegFile(t, m), radiograph.JPEG), cmpopts.EquateApprox(0, 3./255)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestAFileIsReadByItsPath(t *testing.T) {
	m := image.NewGray(image.Rect(0, 0, 1, 1))
	m.Pix[0] = 255
	path := filepath.Join(t.TempDir(), "x.png")
	if err := os.WriteFile(path, pngFile(t, m), 0o600); err != nil {
		t.Fatal(err)
	}
	got, err := radiograph.Read(t.Context(), path, radiograph.PNG)
	if err != nil || got.Pix[0] != 1 {
		t.Errorf("got %v, %v", got, err)
	}
}

func TestWhatCannotBeReadIsSaidWithoutThePath(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "p10000032")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	large := filepath.Join(dir, "large")
	if err := os.WriteFile(large, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(large, radiograph.MaxFile+1); err != nil { // takes no space
		t.Fatal(err)
	}
	for _, test := range []struct{ path, summary string }{
		{filepath.Join(dir, "none.png"), "the file cannot be read: no such file or directory"},
		{dir, "the path is of a folder or a device, not a file"},
		{large, "the file has 256 MiB; at most 256 MiB are read"},
	} {
		_, err := radiograph.Read(t.Context(), test.path, radiograph.PNG)
		if d, ok := errors.AsType[*sdk.Diagnostic](err); !ok || d.Summary != test.summary {
			t.Errorf("got %v, want %s", err, test.summary)
		}
	}
}
