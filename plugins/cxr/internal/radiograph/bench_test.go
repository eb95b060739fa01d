package radiograph_test

import (
	"image"
	"math"
	"testing"

	"github.com/fusemoe/fusemoe/plugins/cxr/internal/radiograph"
)

// BenchmarkDecode decodes an image of the size that detectors have and shrinks it, on
// one thread.
func BenchmarkDecode(b *testing.B) {
	const width, height = 2544, 3056
	gray, deep, stored := image.NewGray(image.Rect(0, 0, width, height)), image.NewGray16(image.Rect(0, 0, width, height)), make([]uint16, width*height)
	for i := range gray.Pix {
		v := 0.5 + 0.4*math.Sin(float64(i%width)/200)*math.Cos(float64(i/width)/300) + float64(i*i%19)/500
		gray.Pix[i], stored[i] = uint8(255*v), uint16(4095*v)
		deep.Pix[2*i], deep.Pix[2*i+1] = uint8(stored[i]>>8), uint8(stored[i])
	}
	for _, test := range []struct {
		name, mediaType string
		file            []byte
	}{
		{"JPEG", radiograph.JPEG, jpegFile(b, gray)},
		{"PNG", radiograph.PNG, pngFile(b, gray)},
		{"PNG16", radiograph.PNG, pngFile(b, deep)},
		{"DICOM", radiograph.DICOM, dicomFile(b, explicit, monochrome(height, width, 16, nil), raw(height, width, 1, 16, stored...))},
	} {
		b.Run(test.name, func(b *testing.B) {
			for b.Loop() {
				decode(b, test.file, test.mediaType).Resize(224, 224)
			}
		})
	}
}
