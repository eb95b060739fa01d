package table

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"strings"
	"sync/atomic"

	"github.com/klauspost/compress/gzip"
)

// A block holds some thousand rows: enough to make passing it on cheap, few enough for
// the processor's second-level cache.
const blockSize = 256 << 10

// maxRow is the longest row. The longest clinical notes have some 100 KB; a quotation
// mark that is never closed would otherwise take in the rest of the file.
const maxRow = 64 << 20

// blocks reads a file in a goroutine of its own, so that unpacking and parsing share two
// processors. Each block ends where a row ends.
type blocks struct {
	size   int64 // of the file
	full   chan block
	free   chan []byte
	ctx    context.Context
	cancel context.CancelFunc
	offset atomic.Int64 // bytes read of the file
	told   int64
}

// block is some rows, and why there are no more, if that is not the end of the file.
type block struct {
	text []byte
	err  *Error
}

func readBlocks(ctx context.Context, path string) (*blocks, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, unreadable(path, err)
	}
	info, err := f.Stat()
	if err == nil && info.IsDir() {
		err = errors.New("it is a folder")
	}
	if err != nil {
		_ = f.Close()
		return nil, unreadable(path, err)
	}
	b := &blocks{size: info.Size(), full: make(chan block, 4), free: make(chan []byte, 6)}
	b.ctx, b.cancel = context.WithCancel(ctx)
	go b.run(f, path)
	return b, nil
}

// run reads until the file ends or the context does.
func (b *blocks) run(f *os.File, path string) {
	defer close(b.full)
	defer func() { _ = f.Close() }()
	var in io.Reader = counting{f, &b.offset}
	if strings.HasSuffix(strings.ToLower(path), ".gz") {
		z, err := gzip.NewReader(in)
		if err != nil {
			b.send(block{err: unreadable(path, err)})
			return
		}
		defer func() { _ = z.Close() }()
		in = z
	}
	var rest []byte
	for {
		buf := b.buffer(len(rest) + max(len(rest), blockSize))
		n, err := fill(in, buf, copy(buf, rest))
		buf = buf[:n]
		switch end := lastRow(buf); {
		case errors.Is(err, io.EOF):
			b.send(block{text: buf})
			return
		case err != nil:
			b.send(block{text: buf[:end], err: unreadable(path, err)})
			return
		case end == 0 && n > maxRow:
			b.send(block{err: &Error{File: path, What: "has a row of more than 64 MB", Fix: "look for a quotation mark that is never closed"}})
			return
		default:
			rest = append(rest[:0], buf[end:]...)
			if end > 0 && !b.send(block{text: buf[:end]}) {
				return
			}
		}
	}
}

// fill reads until buf is full from n on.
func fill(in io.Reader, buf []byte, n int) (int, error) {
	for n < len(buf) {
		m, err := in.Read(buf[n:])
		n += m
		if err != nil {
			return n, err
		}
	}
	return n, nil
}

// unreadable says why a file cannot be read, or not to its end.
func unreadable(path string, err error) *Error {
	var p *os.PathError
	if errors.As(err, &p) {
		err = p.Err
	}
	e := &Error{File: path, What: "cannot be read: " + err.Error(), cause: err}
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		e.What, e.Fix = "was cut short: the compressed file ends in the middle", "copy or download it again, and compare its checksum"
		e.cut = true
	case errors.Is(err, gzip.ErrHeader):
		e.What, e.Fix = "is not compressed with gzip, though its name ends in .gz", "rename it, or download it again"
	case errors.Is(err, gzip.ErrChecksum):
		e.What, e.Fix = "is damaged: its checksum is wrong", "copy or download it again"
	}
	return e
}

func (b *blocks) send(of block) bool {
	select {
	case b.full <- of:
		return true
	case <-b.ctx.Done():
		return false
	}
}

func (b *blocks) buffer(size int) []byte {
	select {
	case buf := <-b.free:
		if cap(buf) >= size {
			return buf[:size]
		}
	default:
	}
	return make([]byte, size)
}

// recycle takes back the text of a block.
func (b *blocks) recycle(text []byte) {
	select {
	case b.free <- text[:cap(text)]:
	default:
	}
}

// advance is how many bytes were read since the last call.
func (b *blocks) advance() int64 {
	n := b.offset.Load() - b.told
	b.told += n
	return n
}

// close stops the goroutine and waits for its end.
func (b *blocks) close() {
	b.cancel()
	for more := true; more; {
		_, more = <-b.full
	}
}

// lastRow is where the last whole row of text ends: after the last line break that is
// not within quotation marks. Before such a one there is an even number of them.
func lastRow(text []byte) int {
	odd := bytes.Count(text, quote)%2 == 1
	for {
		end := bytes.LastIndexByte(text, '\n') + 1
		if bytes.Count(text[end:], quote)%2 == 1 {
			odd = !odd
		}
		if !odd || end == 0 {
			return end
		}
		text = text[:end-1]
	}
}

// counting counts the bytes that are read.
type counting struct {
	io.Reader
	n *atomic.Int64
}

func (c counting) Read(p []byte) (int, error) {
	n, err := c.Reader.Read(p)
	c.n.Add(int64(n))
	return n, err
}
