package radiograph_test

import (
	"errors"
	"image"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/suyashkumar/dicom"
	"github.com/suyashkumar/dicom/pkg/tag"

	"github.com/fusemoe/fusemoe/plugins/cxr/internal/radiograph"
	"github.com/fusemoe/fusemoe/sdk"
)

func TestDICOMIsShownAsItSays(t *testing.T) {
	for _, test := range []struct {
		name string
		with attributes
		want []float32 // of stored values 0, 100, 200, 400
	}{
		{"the whole range without a window", nil, []float32{0, 0.25, 0.5, 1}},
		{"inverted if the lowest value is white", attributes{
			tag.PhotometricInterpretation: []string{"MONOCHROME1"},
		}, []float32{1, 0.75, 0.5, 0}},
		{"through a window", attributes{ // from 100 to 300
			tag.WindowCenter: []string{"200.5"}, tag.WindowWidth: []string{"201"},
		}, []float32{0, 0, 0.5, 1}},
		{"through the first of several windows", attributes{
			tag.WindowCenter: []string{"200.5", "7"}, tag.WindowWidth: []string{"201", "1"},
		}, []float32{0, 0, 0.5, 1}},
		{"through a window with exact ends", attributes{
			tag.WindowCenter: []string{"200"}, tag.WindowWidth: []string{"400"}, tag.VOILUTFunction: []string{"LINEAR_EXACT"},
		}, []float32{0, 0.25, 0.5, 1}},
		{"through a soft window", attributes{
			tag.WindowCenter: []string{"200"}, tag.WindowWidth: []string{"400"}, tag.VOILUTFunction: []string{"SIGMOID"},
		}, []float32{0.1192, 0.2689, 0.5, 0.8808}},
		{"rescaled before the window", attributes{ // to -1000, -800, -600, -200
			tag.RescaleSlope: []string{"2"}, tag.RescaleIntercept: []string{"-1000"},
			tag.WindowCenter: []string{"-600"}, tag.WindowWidth: []string{"800"}, tag.VOILUTFunction: []string{"LINEAR_EXACT"},
		}, []float32{0, 0.25, 0.5, 1}},
		{"a window of no width is none", attributes{
			tag.WindowCenter: []string{"200"}, tag.WindowWidth: []string{"0"},
		}, []float32{0, 0.25, 0.5, 1}},
		{"padding is black", attributes{
			tag.PixelPaddingValue: []int{400}, tag.PhotometricInterpretation: []string{"MONOCHROME1"},
		}, []float32{1, 0.5, 0, 0}},
		{"only the bits in use", attributes{ // 0, 100, 200, 144
			tag.BitsStored: []int{8}, tag.HighBit: []int{7},
		}, []float32{0, 0.5, 1, 0.72}},
		{"bits in use that are not the lowest", attributes{ // 0, 25, 50, 100
			tag.BitsStored: []int{12}, tag.HighBit: []int{13},
		}, []float32{0, 0.25, 0.5, 1}},
		{"signed", attributes{ // 0, 100, -56, -112
			tag.BitsStored: []int{8}, tag.HighBit: []int{7}, tag.PixelRepresentation: []int{1},
			tag.WindowCenter: []string{"0"}, tag.WindowWidth: []string{"400"}, tag.VOILUTFunction: []string{"LINEAR_EXACT"},
		}, []float32{0.5, 0.75, 0.36, 0.22}},
	} {
		t.Run(test.name, func(t *testing.T) {
			file := dicomFile(t, explicit, monochrome(2, 2, 16, test.with), raw[uint16](2, 2, 1, 16, 0, 100, 200, 400))
			want := &radiograph.Image{Width: 2, Height: 2, Pix: test.want}
			if diff := cmp.Diff(want, decode(t, file, radiograph.DICOM), cmpopts.EquateApprox(0, 1e-4)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestDICOMOfOtherEncodings(t *testing.T) {
	gray := image.NewGray(image.Rect(0, 0, 16, 8))
	for i := range gray.Pix {
		gray.Pix[i] = uint8(2 * i / 16 * 16)
	}
	want := decode(t, jpegFile(t, gray), radiograph.JPEG)
	whole := attributes{ // from 0 to 255
		tag.WindowCenter: []string{"128"}, tag.WindowWidth: []string{"256"},
	}
	inverted := &radiograph.Image{Width: 16, Height: 8}
	for _, v := range want.Pix {
		inverted.Pix = append(inverted.Pix, 1-v)
	}
	white := attributes{tag.PhotometricInterpretation: []string{"MONOCHROME1"}, tag.WindowCenter: []string{"128"}, tag.WindowWidth: []string{"256"}}
	colours := attributes{tag.SamplesPerPixel: []int{3}, tag.PhotometricInterpretation: []string{"RGB"}, tag.PlanarConfiguration: []int{0}}
	planes := attributes{tag.SamplesPerPixel: []int{3}, tag.PhotometricInterpretation: []string{"RGB"}, tag.PlanarConfiguration: []int{1}}
	red := &radiograph.Image{Width: 1, Height: 2, Pix: []float32{0.299, 1}}
	for _, test := range []struct {
		name string
		file []byte
		want *radiograph.Image
	}{
		{"implicit", dicomFile(t, implicit, monochrome(8, 16, 8, whole), raw(8, 16, 1, 8, gray.Pix...)), want},
		{"explicit, 8 bits", dicomFile(t, explicit, monochrome(8, 16, 8, whole), raw(8, 16, 1, 8, gray.Pix...)), want},
		{"JPEG", dicomFile(t, baseline, monochrome(8, 16, 8, whole), coded(jpegFile(t, gray))), want},
		{"JPEG, inverted", dicomFile(t, baseline, monochrome(8, 16, 8, white), coded(jpegFile(t, gray))), inverted},
		{"RGB", dicomFile(t, explicit, monochrome(2, 1, 8, colours), raw[uint8](2, 1, 3, 8, 255, 0, 0, 255, 255, 255)), red},
		{"RGB in planes", dicomFile(t, explicit, monochrome(2, 1, 8, planes), raw[uint8](2, 1, 3, 8, 255, 255, 0, 255, 0, 255)), red},
	} {
		t.Run(test.name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, decode(t, test.file, radiograph.DICOM), near); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestAnotherTransferSyntaxIsAnErrorThatNamesTheConverter(t *testing.T) {
	for syntax, name := range map[string]string{
		"1.2.840.10008.1.2.1.99": "deflated",
		"1.2.840.10008.1.2.2":    "big endian",
		"1.2.840.10008.1.2.4.70": "JPEG lossless",
		"1.2.840.10008.1.2.4.90": "JPEG 2000",
		"1.2.840.10008.1.2.5":    "RLE",
		"Secret^Name":            "one that this plugin does not know",
		"":                       "one that this plugin does not know",
	} {
		t.Run(name, func(t *testing.T) {
			_, err := radiograph.Decode(t.Context(), preamble(syntax), radiograph.DICOM)
			d, ok := errors.AsType[*sdk.Diagnostic](err)
			if !ok || !strings.HasSuffix(d.Summary, ": "+name) || !strings.Contains(d.Detail, "gdcmconv") {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestDICOMThatIsNoSingleGrayImage(t *testing.T) {
	for _, test := range []struct {
		with    attributes
		summary string
	}{
		{attributes{tag.NumberOfFrames: []string{"2"}}, "the DICOM file has 2 frames"},
		{
			attributes{tag.PhotometricInterpretation: []string{"PALETTE COLOR"}},
			"the DICOM file has a photometric interpretation that is not read",
		},
		{attributes{tag.BitsAllocated: []int{32}}, "the DICOM file stores pixels in a way that is not read"},
		{attributes{tag.SamplesPerPixel: []int{3}}, "the DICOM file stores pixels in a way that is not read"},
		{attributes{tag.Rows: []int{0}}, "the image has no pixels"},
		{attributes{tag.Rows: []int{3}}, "the DICOM file is cut short or damaged: it ends before what it announces"},
		{attributes{tag.Rows: []int{60000}, tag.Columns: []int{60000}}, "the image has 60000 x 60000 pixels; at most 32 million are read"},
	} {
		t.Run(test.summary, func(t *testing.T) {
			file := dicomFile(t, explicit, monochrome(2, 2, 16, test.with), raw[uint16](2, 2, 1, 16, 0, 100, 200, 400))
			_, err := radiograph.Decode(t.Context(), file, radiograph.DICOM)
			if d, ok := errors.AsType[*sdk.Diagnostic](err); !ok || d.Summary != test.summary {
				t.Errorf("got %v", err)
			}
		})
	}
}

// TestRealDICOMFiles reads those that the library is tested with: PET, MRI and a chest
// X-ray. What is brighter must be what the library finds higher, or lower if that is
// white.
func TestRealDICOMFiles(t *testing.T) {
	dir, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/suyashkumar/dicom").Output()
	if err != nil {
		t.Skip("no go command: ", err)
	}
	for _, name := range []string{"1.dcm", "3.dcm", "4.dcm"} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(strings.TrimSpace(string(dir)), "testdata", name)
			got, err := radiograph.Read(t.Context(), path, radiograph.DICOM)
			if err != nil {
				t.Fatal(err)
			}
			d, err := dicom.ParseFile(path, nil)
			if err != nil {
				t.Fatal(err)
			}
			pixels, err := d.FindElementByTag(tag.PixelData)
			if err != nil {
				t.Fatal(err)
			}
			photometric, err := d.FindElementByTag(tag.PhotometricInterpretation)
			if err != nil {
				t.Fatal(err)
			}
			inverse := dicom.MustGetStrings(photometric.Value)[0] == "MONOCHROME1"
			native := dicom.MustGetPixelDataInfo(pixels.Value).Frames[0].NativeData
			values, ok := native.RawDataSlice().([]uint16)
			if !ok || got.Width != native.Cols() || got.Height != native.Rows() {
				t.Fatalf("%d x %d pixels, the library finds %d x %d", got.Width, got.Height, native.Cols(), native.Rows())
			}
			different := 0
			for i := range got.Pix[1:] {
				a, b := got.Pix[i], got.Pix[i+1]
				if a == b {
					continue
				}
				different++
				if rises := int16(values[i]) < int16(values[i+1]); (a < b) != (rises != inverse) {
					t.Fatalf("pixels %d and %d are in another order", i, i+1)
				}
			}
			if different == 0 {
				t.Error("all pixels are the same")
			}
		})
	}
}
