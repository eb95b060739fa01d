// Package cache keeps what a plugin made of a dataset in one file a modality, so that
// every sample is encoded once. docs/format/cache.md describes the file byte by byte.
//
//	w, err := cache.Create(path, header)
//	defer w.Abort()
//	for … { err = w.Append(result) }
//	err = w.Commit()
//
//	file, err := cache.Read(path)
//
// WriteState and ReadState keep what a plugin fitted in the same way. A file is there whole or not at all, and Read notices when it was damaged since.
package cache

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"hash/crc32"

	"github.com/fusemoe/fusemoe/core/data"
	"github.com/fusemoe/fusemoe/sdk/modalitypb"
)

// ErrUnusable is in the chain of errors about a file that is damaged or of another
// version: deleting it and encoding again is all that can be done.
var ErrUnusable = errors.New("not a usable cache file")

// Header says what a file holds.
type Header struct {
	Name         string   // of the modality
	Fingerprint  string   // of all that the content depends on; see Key
	Dim          int      // width of every vector
	Features     []string // names of the Dim numbers, if they have names
	Measurements bool     // as in data.Encoded
	Count        int      // of samples
}

// File is the content of a cache file.
type File struct {
	Header
	Encoded data.Encoded
	// Errors holds what the plugin said about samples that it could not encode. They
	// count as missing.
	Errors map[int]*modalitypb.Diagnostic
}

// Key is a hash of parts, in hexadecimal, that can name a file: of the dataset's
// fingerprint, the plugin's fingerprint, its config and its fitted state, say.
func Key(parts ...[]byte) string {
	h := sha256.New()
	for _, p := range parts {
		// Each after its length, so that no two lists of parts give the same bytes.
		_, _ = h.Write(binary.LittleEndian.AppendUint64(nil, uint64(len(p))))
		_, _ = h.Write(p)
	}
	return hex.EncodeToString(h.Sum(nil))
}

// The parts of the format. A file begins with magic and version.
const (
	magic      = "fusemoe\x00"
	stateMagic = "fusestt\x00"
	version    = 1
	// maxDim keeps sizes of damaged files from overflowing; it is far above the width
	// of any encoder.
	maxDim = 1 << 24
	// maxRecord is above the largest message between core and plugin (64 MiB).
	maxRecord = 128 << 20
)

// castagnoli is the polynomial of the checksum, which processors compute in hardware.
func castagnoli() *crc32.Table { return crc32.MakeTable(crc32.Castagnoli) }
