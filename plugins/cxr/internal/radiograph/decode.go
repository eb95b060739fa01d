// Package radiograph reads radiographs from JPEG, PNG and DICOM files as gray images.
//
//	m, err := radiograph.Read(ctx, "chest.dcm", radiograph.DICOM)
//	m = m.Resize(224, 224)
//
// Files are not trusted: what a header claims is checked before memory is taken for it,
// and an error is a *sdk.Diagnostic that never quotes a file's content or name.
package radiograph

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"github.com/fusemoe/fusemoe/sdk"
)

// The media types that are read.
const (
	JPEG  = "image/jpeg"
	PNG   = "image/png"
	DICOM = "application/dicom"
)

const (
	// MaxFile is the largest file, in bytes: four times the largest radiograph of
	// MaxPixels that is likely, which DICOM stores in 2 bytes a pixel.
	MaxFile = 256 << 20
	// MaxPixels is the largest image. Detectors for the chest have 4280 x 3520 pixels at
	// most, half of it. It bounds what a small file can blow up to.
	MaxPixels = 1 << 25
)

// format is a kind of file.
type format struct {
	name   string
	at     int // where magic stands
	magic  string
	decode func(ctx context.Context, data []byte) (*Image, error)
}

func formats() map[string]format {
	return map[string]format{
		JPEG:  {"JPEG", 0, "\xff\xd8\xff", decodeJPEG},
		PNG:   {"PNG", 0, "\x89PNG\r\n\x1a\n", decodePNG},
		DICOM: {"DICOM", 128, "DICM", decodeDICOM},
	}
}

func (f format) matches(data []byte) bool {
	return len(data) >= f.at && bytes.HasPrefix(data[f.at:], []byte(f.magic))
}

// Read decodes a file of that media type.
func Read(ctx context.Context, path, mediaType string) (*Image, error) {
	data, err := readFile(path)
	if err != nil {
		return nil, err
	}
	return Decode(ctx, data, mediaType)
}

// readFile returns the content of a file that is not too large.
func readFile(path string) ([]byte, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, unreadable(err)
	}
	defer func() { _ = file.Close() }()
	info, err := file.Stat()
	switch {
	case err != nil:
		return nil, unreadable(err)
	case !info.Mode().IsRegular():
		return nil, &sdk.Diagnostic{Summary: "the path is of a folder or a device, not a file", Detail: "correct its path in the dataset"}
	case info.Size() > MaxFile:
		return nil, tooLarge(info.Size())
	}
	data := make([]byte, info.Size())
	if _, err := io.ReadFull(file, data); err != nil {
		return nil, unreadable(err)
	}
	return data, nil
}

// unreadable leaves out the path, which may identify a patient.
func unreadable(err error) error {
	if p, ok := errors.AsType[*fs.PathError](err); ok {
		err = p.Err
	}
	return &sdk.Diagnostic{Summary: "the file cannot be read: " + err.Error(), Detail: "correct its path in the dataset"}
}

func tooLarge(size int64) error {
	return &sdk.Diagnostic{
		Summary: fmt.Sprintf("the file has %d MiB; at most %d MiB are read", size>>20, MaxFile>>20),
		Detail:  "store one radiograph in a file",
	}
}

// Decode decodes the content of a file of that media type.
func Decode(ctx context.Context, data []byte, mediaType string) (*Image, error) {
	all := formats()
	f, ok := all[mediaType]
	switch {
	case !ok:
		return nil, &sdk.Diagnostic{Summary: "the item is of a media type that is not read", Detail: "use " + JPEG + ", " + PNG + " or " + DICOM}
	case len(data) == 0:
		return nil, &sdk.Diagnostic{Summary: "the file is empty", Detail: "copy it again from where it came from"}
	case len(data) > MaxFile:
		return nil, tooLarge(int64(len(data)))
	case !f.matches(data):
		return nil, f.mismatch(all, data)
	}
	return f.decode(ctx, data)
}

// mismatch says what data is in place of the format.
func (f format) mismatch(all map[string]format, data []byte) error {
	for media, other := range all {
		if other.matches(data) {
			return &sdk.Diagnostic{
				Summary: fmt.Sprintf("the file is no %s file but a %s file", f.name, other.name),
				Detail:  "the modality's media_type in dataset.yaml should be " + media,
			}
		}
	}
	return &sdk.Diagnostic{
		Summary: fmt.Sprintf("the file is no %s file", f.name),
		Detail:  "look at what it is; the plugin reads JPEG, PNG and DICOM",
	}
}

// damaged says that a file breaks off or contradicts itself. The reason is of the
// decoder's own words.
func damaged(format, reason string) error {
	return &sdk.Diagnostic{
		Summary: fmt.Sprintf("the %s file is cut short or damaged: %s", format, reason),
		Detail:  "copy it again from where it came from",
	}
}

// checkSize refuses sizes that no radiograph has.
func checkSize(width, height int) error {
	if width <= 0 || height <= 0 {
		return &sdk.Diagnostic{Summary: "the image has no pixels"}
	}
	if width > MaxPixels/height {
		return &sdk.Diagnostic{
			Summary: fmt.Sprintf("the image has %d x %d pixels; at most %d million are read", width, height, MaxPixels>>20),
			Detail:  "shrink it: few pixels are left of it in any case",
		}
	}
	return nil
}
