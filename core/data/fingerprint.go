package data

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"hash"
	"io"
	"math"
	"os"
	"path/filepath"
)

// Fingerprint is a hash of all that a plugin can get to see of a source: what is
// encoded under one fingerprint stays valid as long as it is the same. It covers the
// time unit, the window, the identifiers, and every item, of a file its content.
func (d *Dataset) Fingerprint(source string) (string, error) {
	s, err := d.sourceIndex(source)
	if err != nil {
		return "", err
	}
	src, it := &d.Sources[s], &d.items[s]
	h := digest{Hash: sha256.New()}
	h.text("fusemoe dataset 1", d.TimeUnit, src.Kind.String(), src.MediaType)
	h.number(math.Float64bits(d.Window))
	h.texts(src.Columns)
	h.texts(d.IDs)
	h.numbers(it.start)
	h.number(uint64(len(it.times)))
	for _, t := range it.times {
		h.number(math.Float64bits(t))
	}
	h.numbers(it.cell)
	for i, c := range it.column {
		h.number(uint64(c)<<32 | uint64(math.Float32bits(it.value[i])))
	}
	if src.Kind == Path {
		for _, word := range it.words {
			if err := h.file(d.path(word)); err != nil {
				return "", err
			}
		}
	} else {
		h.texts(it.words)
	}
	h.flush()
	return hex.EncodeToString(h.Sum(nil)), nil
}

// digest hashes numbers and texts, each text and list after its length, so that no
// two contents give the same bytes.
type digest struct {
	hash.Hash
	buffer []byte
}

func (h *digest) flush() {
	_, _ = h.Write(h.buffer) // a hash never fails
	h.buffer = h.buffer[:0]
}

func (h *digest) number(v uint64) {
	h.buffer = binary.LittleEndian.AppendUint64(h.buffer, v)
	if len(h.buffer) >= 1<<15 {
		h.flush()
	}
}

func (h *digest) numbers(v []int) {
	h.number(uint64(len(v)))
	for _, x := range v {
		h.number(uint64(x))
	}
}

func (h *digest) text(texts ...string) {
	for _, t := range texts {
		h.number(uint64(len(t)))
		h.buffer = append(h.buffer, t...)
	}
}

func (h *digest) texts(texts []string) {
	h.number(uint64(len(texts)))
	h.text(texts...)
}

// file hashes a file's extension, which a plugin may go by, and its content.
func (h *digest) file(path string) error {
	h.text(filepath.Ext(path))
	h.flush()
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	n, err := io.Copy(h.Hash, f)
	h.number(uint64(n))
	return err
}
