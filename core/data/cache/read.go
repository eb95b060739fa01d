package cache

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"hash"
	"hash/crc32"
	"io"
	"os"

	"google.golang.org/protobuf/proto"

	"github.com/fusemoe/fusemoe/core/data"
	"github.com/fusemoe/fusemoe/sdk/modalitypb"
)

// Read reads a file and checks it. The error of a file that is not there is
// fs.ErrNotExist, of a damaged one ErrUnusable.
func Read(path string) (*File, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	file, err := read(f, info.Size())
	if err != nil {
		return nil, fmt.Errorf("cache %s: %w", path, err)
	}
	return file, nil
}

// read reads a file of the given size.
func read(from io.Reader, size int64) (*File, error) {
	r := reader{in: bufio.NewReaderSize(from, 1<<18), sum: crc32.New(castagnoli()), left: size}
	file, err := r.file()
	if err == nil {
		err = r.err
	}
	if err != nil {
		return nil, err
	}
	return file, nil
}

// reader reads a file from its begin to its end. After an error it gives zeros.
type reader struct {
	in     *bufio.Reader
	sum    hash.Hash32
	left   int64 // bytes of the file
	offset uint64
	err    error
	buffer []byte
}

func unusable(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrUnusable, fmt.Sprintf(format, args...))
}

// bytes returns the next n bytes, valid until the next call.
func (r *reader) bytes(n int64) []byte {
	if r.err == nil && (n < 0 || n > r.left || n > maxRecord) {
		r.err = unusable("it was cut short or overwritten")
	}
	if r.err != nil {
		return nil
	}
	if int64(cap(r.buffer)) < n {
		r.buffer = make([]byte, n)
	}
	b := r.buffer[:n]
	if _, err := io.ReadFull(r.in, b); err != nil {
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			err = unusable("it was cut short")
		}
		r.err = err
		return nil
	}
	_, _ = r.sum.Write(b) // a hash never fails
	r.left -= n
	r.offset += uint64(n)
	return b
}

func (r *reader) byte() byte {
	if b := r.bytes(1); b != nil {
		return b[0]
	}
	return 0
}

func (r *reader) uint32() uint32 {
	if b := r.bytes(4); b != nil {
		return binary.LittleEndian.Uint32(b)
	}
	return 0
}

func (r *reader) uint64() uint64 {
	if b := r.bytes(8); b != nil {
		return binary.LittleEndian.Uint64(b)
	}
	return 0
}

func (r *reader) text() string { return string(r.bytes(int64(r.uint32()))) }

func (r *reader) file() (*File, error) {
	if b := r.bytes(int64(len(magic))); string(b) != magic {
		return nil, unusable("it does not begin as one")
	}
	if v := r.uint32(); v != version {
		return nil, unusable("version %d, not %d", v, version)
	}
	f := &File{}
	if err := r.header(&f.Header); err != nil {
		return nil, err
	}
	f.Encoded = data.Encoded{Name: f.Name, Dim: f.Dim, Features: f.Features, Measurements: f.Measurements}
	f.Encoded.Sequences = make([]data.Sequence, f.Count)
	index := make([]uint64, f.Count, f.Count+1)
	for i := range index {
		index[i] = r.offset
		if err := r.record(f, i); err != nil {
			return nil, err
		}
	}
	for _, want := range append(index, r.offset) {
		if got := r.uint64(); r.err == nil && got != want {
			return nil, unusable("its index is wrong")
		}
	}
	sum := r.sum.Sum32()
	if got := r.uint32(); r.err == nil && got != sum {
		return nil, unusable("its checksum is wrong")
	}
	if r.err == nil && r.left > 0 {
		return nil, unusable("%d bytes after its end", r.left)
	}
	return f, r.err
}

func (r *reader) header(h *Header) error {
	length := uint64(r.uint32())
	start := r.offset
	h.Name, h.Fingerprint = r.text(), r.text()
	dim := r.uint32()
	kind := r.byte()
	samples, features := r.uint64(), r.uint32()
	if r.err != nil {
		return r.err
	}
	h.Measurements = modalitypb.Kind(kind) == modalitypb.Kind_KIND_MEASUREMENTS
	switch {
	case dim < 1 || dim > maxDim:
		return unusable("vectors of width %d", dim)
	case samples > uint64(r.left)/(4+8): // a record's length and its place in the index
		return unusable("it is too short for %d samples", samples)
	case int64(features) > r.left/4:
		return unusable("it is too short for %d names", features)
	}
	h.Dim, h.Count = int(dim), int(samples)
	for range features {
		h.Features = append(h.Features, r.text())
	}
	if r.err == nil && r.offset-start != length {
		return unusable("its header is wrong")
	}
	return r.err
}

// record reads what the plugin made of sample i.
func (r *reader) record(f *File, i int) error {
	var result modalitypb.Result
	b := r.bytes(int64(r.uint32()))
	if r.err != nil {
		return r.err
	}
	if err := proto.Unmarshal(b, &result); err != nil {
		return unusable("sample %d: %v", i, err)
	}
	if d := result.GetError(); d != nil {
		if f.Errors == nil {
			f.Errors = map[int]*modalitypb.Diagnostic{}
		}
		f.Errors[i] = d
		return nil
	}
	var err error
	if f.Encoded.Sequences[i], err = data.DecodeSequence(result.GetSequence(), f.Dim); err != nil {
		return unusable("sample %d: %v", i, err)
	}
	return nil
}
