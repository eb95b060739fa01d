package notes

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/fusemoe/fusemoe/sdk"
)

// longestNote is the size of the largest note, in bytes: hundreds of pages. What is
// larger is another kind of file.
const longestNote = 4 << 20

// content is the text of an item as it was written. Its error names no file: names of
// files may tell who the patient is.
func content(it sdk.Item) ([]byte, error) {
	raw := it.Data
	if it.Path != "" {
		info, err := os.Stat(it.Path)
		if err == nil {
			err = checkSize(info.Size())
		}
		if err == nil {
			raw, err = os.ReadFile(it.Path)
		}
		if err != nil {
			return nil, withoutPath(err)
		}
	}
	if err := checkSize(int64(len(raw))); err != nil {
		return nil, err
	}
	return raw, checkKind(raw)
}

func checkSize(size int64) error {
	if size > longestNote {
		return fmt.Errorf("it has %d bytes; at most %d are allowed", size, longestNote)
	}
	return nil
}

// otherKinds are the beginnings of files that are taken for notes by mistake.
var otherKinds = []struct{ magic, name string }{
	{"%PDF-", "PDF"},
	{"{\\rtf", "RTF"},
	{"PK\x03\x04", "a zip archive or an office document"},
	{"\x1f\x8b", "compressed by gzip"},
	{"\xff\xfe", "UTF-16"},
	{"\xfe\xff", "UTF-16"},
	{"\x89PNG", "a PNG image"},
	{"\xff\xd8\xff", "a JPEG image"},
}

// checkKind refuses what is no text in UTF-8 or another encoding of one byte per letter.
func checkKind(raw []byte) error {
	for _, kind := range otherKinds {
		if bytes.HasPrefix(raw, []byte(kind.magic)) {
			return errors.New("it is " + kind.name)
		}
	}
	// Text has no zero bytes; a few of them are damage that clean repairs.
	if bytes.Count(raw, []byte{0}) > len(raw)/10 {
		return errors.New("it is binary")
	}
	return nil
}

// withoutPath is the reason of an error of the file system alone.
func withoutPath(err error) error {
	if e, ok := errors.AsType[*fs.PathError](err); ok {
		return e.Err
	}
	return err
}
