package cache

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"hash"
	"hash/crc32"
	"io"
	"math"
	"os"
	"path/filepath"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/fusemoe/fusemoe/sdk/modalitypb"
)

// Writer writes a file beside its place and moves it there in the end.
type Writer struct {
	path   string
	header Header
	file   *os.File // nil after Commit or Abort
	out    *bufio.Writer
	sum    hash.Hash32
	offset uint64
	index  []uint64 // offset of each record
	record []byte
}

// Create starts a file. Its folder must be there.
func Create(path string, h Header) (*Writer, error) {
	if h.Dim < 1 || h.Dim > maxDim || h.Count < 0 {
		return nil, fmt.Errorf("cache %s: %d samples of width %d", path, h.Count, h.Dim)
	}
	f, err := beside(path)
	if err != nil {
		return nil, err
	}
	w := &Writer{path: path, header: h, file: f, sum: crc32.New(castagnoli())}
	w.out = bufio.NewWriterSize(io.MultiWriter(f, w.sum), 1<<18)
	head := append([]byte(magic), binary.LittleEndian.AppendUint32(nil, version)...)
	if err := w.write(append(head, h.marshal()...)); err != nil {
		return nil, errors.Join(err, w.discard())
	}
	return w, nil
}

// beside makes the file in which a file is written until it is whole. It removes those
// that killed processes have left, of this file or of others.
func beside(path string) (*os.File, error) {
	old, err := filepath.Glob(filepath.Join(filepath.Dir(path), ".*.partial-*"))
	if err != nil {
		return nil, fmt.Errorf("cache %s: %w", path, err)
	}
	for _, name := range old {
		if info, err := os.Stat(name); err == nil && time.Since(info.ModTime()) > abandoned {
			_ = os.Remove(name) // another process may have been quicker
		}
	}
	return os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".partial-")
}

// abandoned is the age of a file that nobody writes any more: whoever did would have
// filled its buffer many times in a day.
const abandoned = 24 * time.Hour

// marshal is the header after magic and version.
func (h *Header) marshal() []byte {
	var b []byte
	b = appendText(b, h.Name)
	b = appendText(b, h.Fingerprint)
	b = binary.LittleEndian.AppendUint32(b, uint32(h.Dim))
	b = append(b, byte(h.kind()))
	b = binary.LittleEndian.AppendUint64(b, uint64(h.Count))
	b = binary.LittleEndian.AppendUint32(b, uint32(len(h.Features)))
	for _, f := range h.Features {
		b = appendText(b, f)
	}
	return append(binary.LittleEndian.AppendUint32(nil, uint32(len(b))), b...)
}

func (h *Header) kind() modalitypb.Kind {
	if h.Measurements {
		return modalitypb.Kind_KIND_MEASUREMENTS
	}
	return modalitypb.Kind_KIND_EMBEDDINGS
}

func appendText(b []byte, s string) []byte {
	return append(binary.LittleEndian.AppendUint32(b, uint32(len(s))), s...)
}

// Append adds what the plugin made of the next sample: a valid sequence, or an error
// of that sample.
func (w *Writer) Append(r *modalitypb.Result) error {
	if w.file == nil {
		return fmt.Errorf("cache %s: append after the end", w.path)
	}
	if r.GetError() == nil {
		if err := r.GetSequence().Check(w.header.Dim); err != nil {
			return fmt.Errorf("cache %s: sample %d: %w", w.path, len(w.index), err)
		}
	}
	var err error
	w.record, err = proto.MarshalOptions{Deterministic: true}.MarshalAppend(w.record[:0], r)
	if err == nil && len(w.record) > min(maxRecord, math.MaxUint32) {
		err = fmt.Errorf("%d bytes for one sample", len(w.record))
	}
	if err != nil {
		return fmt.Errorf("cache %s: sample %d: %w", w.path, len(w.index), err)
	}
	w.index = append(w.index, w.offset)
	if err := w.write(binary.LittleEndian.AppendUint32(nil, uint32(len(w.record)))); err != nil {
		return err
	}
	return w.write(w.record)
}

func (w *Writer) write(b []byte) error {
	n, err := w.out.Write(b)
	w.offset += uint64(n)
	return err
}

// Commit ends the file, once it has all samples, and puts it in its place.
func (w *Writer) Commit() (err error) {
	if w.file == nil {
		return fmt.Errorf("cache %s: commit after the end", w.path)
	}
	defer func() {
		if err != nil {
			err = errors.Join(fmt.Errorf("cache %s: %w", w.path, err), w.discard())
		}
	}()
	if len(w.index) != w.header.Count {
		return fmt.Errorf("%d samples instead of %d", len(w.index), w.header.Count)
	}
	start := w.offset
	for _, offset := range append(w.index, start) {
		if err := w.write(binary.LittleEndian.AppendUint64(nil, offset)); err != nil {
			return err
		}
	}
	if err := w.out.Flush(); err != nil {
		return err
	}
	if _, err := w.file.Write(binary.LittleEndian.AppendUint32(nil, w.sum.Sum32())); err != nil {
		return err
	}
	if err := place(w.file, w.path); err != nil {
		return err
	}
	w.file = nil
	return nil
}

// place moves a finished file to its place, once it is on the disk.
func place(f *os.File, path string) error {
	if err := f.Sync(); err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}

// Abort removes what was written, unless it was committed.
func (w *Writer) Abort() { _ = w.discard() }

func (w *Writer) discard() error {
	if w.file == nil {
		return nil
	}
	name := w.file.Name()
	_ = w.file.Close() // it may be closed already, and is removed anyway
	w.file = nil
	return os.Remove(name)
}
