package radiograph_test

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"image"
	"image/jpeg"
	"image/png"
	"maps"
	"slices"
	"testing"

	"github.com/suyashkumar/dicom"
	"github.com/suyashkumar/dicom/pkg/frame"
	"github.com/suyashkumar/dicom/pkg/tag"
)

// The files of the tests.

func pngFile(t testing.TB, m image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, m); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func jpegFile(t testing.TB, m image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := jpeg.Encode(&b, m, &jpeg.Options{Quality: 100}); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// pngChunk is one chunk of a PNG file.
func pngChunk(kind string, content []byte) []byte {
	b := binary.BigEndian.AppendUint32(nil, uint32(len(content)))
	b = append(append(b, kind...), content...)
	return binary.BigEndian.AppendUint32(b, crc32.ChecksumIEEE(b[4:]))
}

// pngHeader is a PNG file that claims a size and has nothing else.
func pngHeader(width, height uint32) []byte {
	size := binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(nil, width), height)
	return append([]byte("\x89PNG\r\n\x1a\n"), pngChunk("IHDR", append(size, 8, 0, 0, 0, 0))...)
}

// jpegHeader is a gray JPEG file that claims a size and has a scan of nothing.
func jpegHeader(width, height uint16) []byte {
	b := []byte{0xff, 0xd8, 0xff, 0xc0, 0, 11, 8}
	b = binary.BigEndian.AppendUint16(binary.BigEndian.AppendUint16(b, height), width)
	return append(b, 1, 1, 0x11, 0, 0xff, 0xda, 0, 8, 1, 1, 0, 0, 63, 0)
}

const (
	explicit = "1.2.840.10008.1.2.1"
	implicit = "1.2.840.10008.1.2"
	baseline = "1.2.840.10008.1.2.4.50"
)

// attributes are the elements of a DICOM file besides the pixels.
type attributes map[tag.Tag]any

// monochrome are those of a gray image.
func monochrome(rows, columns, bits int, more attributes) attributes {
	a := attributes{
		tag.Rows:                      []int{rows},
		tag.Columns:                   []int{columns},
		tag.SamplesPerPixel:           []int{1},
		tag.BitsAllocated:             []int{bits},
		tag.BitsStored:                []int{bits},
		tag.HighBit:                   []int{bits - 1},
		tag.PixelRepresentation:       []int{0},
		tag.PhotometricInterpretation: []string{"MONOCHROME2"},
		tag.PatientName:               []string{"Secret^Name"},
	}
	for t, v := range more {
		a[t] = v
	}
	return a
}

// raw are pixels as a frame that is not coded.
func raw[I uint8 | uint16](rows, columns, samples, bits int, pixels ...I) dicom.PixelDataInfo {
	return dicom.PixelDataInfo{Frames: []*frame.Frame{{NativeData: &frame.NativeFrame[I]{
		RawData: pixels, InternalRows: rows, InternalCols: columns, InternalSamplesPerPixel: samples, InternalBitsPerSample: bits,
	}}}}
}

// coded are pixels as a frame of that JPEG file.
func coded(file []byte) dicom.PixelDataInfo {
	if len(file)%2 == 1 {
		file = append(bytes.Clone(file), 0)
	}
	return dicom.PixelDataInfo{IsEncapsulated: true, Frames: []*frame.Frame{
		{Encapsulated: true, EncapsulatedData: frame.EncapsulatedFrame{Data: file}},
	}}
}

// dicomFile is written by the library.
func dicomFile(t testing.TB, syntax string, a attributes, pixels dicom.PixelDataInfo) []byte {
	t.Helper()
	element := func(at tag.Tag, value any) *dicom.Element {
		e, err := dicom.NewElement(at, value)
		if err != nil {
			t.Fatal(at, err)
		}
		return e
	}
	d := dicom.Dataset{Elements: []*dicom.Element{
		element(tag.MediaStorageSOPClassUID, []string{"1.2.840.10008.5.1.4.1.1.1"}),
		element(tag.MediaStorageSOPInstanceUID, []string{"1.2.3"}),
		element(tag.TransferSyntaxUID, []string{syntax}),
	}}
	for _, at := range slices.SortedFunc(maps.Keys(a), func(a, b tag.Tag) int { return a.Compare(b) }) {
		d.Elements = append(d.Elements, element(at, a[at]))
	}
	last := element(tag.PixelData, pixels)
	if pixels.IsEncapsulated {
		last.ValueLength = tag.VLUndefinedLength
	}
	d.Elements = append(d.Elements, last)
	var b bytes.Buffer
	if err := dicom.Write(&b, d, dicom.SkipVRVerification()); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// preamble is a DICOM file up to its second group, of which rest is the beginning.
func preamble(syntax string, rest ...byte) []byte {
	if len(syntax)%2 == 1 {
		syntax += "\x00"
	}
	meta := append([]byte{2, 0, 0x10, 0, 'U', 'I', byte(len(syntax)), 0}, syntax...)
	b := append(make([]byte, 128), "DICM\x02\x00\x00\x00UL\x04\x00"...)
	b = binary.LittleEndian.AppendUint32(b, uint32(len(meta)))
	return append(append(b, meta...), rest...)
}
