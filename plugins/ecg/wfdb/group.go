package wfdb

import (
	"errors"
	"io"
	"io/fs"
)

// readGroup reads the samples of the signals that share a file, as they are in it. If it is to
// measure, it sets r.Frames to what the file has.
func readGroup(fsys fs.FS, name string, r *Record, group []int, measure bool) ([][]int32, error) {
	perFrame := 0
	first := r.Signals[group[0]]
	format, ok := formats[first.Format]
	if !ok {
		return nil, failure(ErrUnsupported, headerFile(name), "format %d of signal %d", first.Format, group[0])
	}
	for _, i := range group {
		s := r.Signals[i]
		if s.Format != first.Format {
			return nil, failure(ErrHeader, headerFile(name), "signal %d is in the same file as %d in another format",
				i, group[0])
		}
		perFrame += s.PerFrame
	}
	if r.Frames > MaxSamples/perFrame {
		return nil, failure(ErrTooLarge, headerFile(name), "%d frames of %d samples", r.Frames, perFrame)
	}
	file, err := beside(name, first.File)
	if err != nil {
		return nil, err
	}
	f, err := fsys.Open(file)
	if err != nil {
		return nil, fileError(file, err)
	}
	defer func() { _ = f.Close() }() // only read
	if format.bits > 0 {
		return readCompressed(f, file, r, group, measure)
	}
	data, err := readBytes(f, file, r, &format, perFrame, first.Offset, measure)
	if err != nil {
		return nil, err
	}
	flat := make([]int32, r.Frames*perFrame)
	format.decode(flat, data)
	out := split(flat, r, group, perFrame)
	if first.Format == 8 {
		for k, i := range group {
			accumulate(out[k], int32(r.Signals[i].Initial))
		}
	}
	return out, nil
}

// readBytes reads the bytes of all frames from offset on, once it is certain that the file has them.
func readBytes(
	f fs.File, file string, r *Record, format *layout, perFrame int, offset int64, measure bool,
) ([]byte, error) {
	info, err := f.Stat()
	if err != nil {
		return nil, fileError(file, err)
	}
	if !info.Mode().IsRegular() {
		return nil, failure(ErrUnsupported, file, "not a regular file")
	}
	there := max(info.Size()-offset, 0)
	if measure {
		frames := format.capacity(there) / int64(perFrame)
		if frames > MaxSamples/int64(perFrame) {
			return nil, failure(ErrTooLarge, file, "%d frames of %d samples", frames, perFrame)
		}
		r.Frames = int(frames)
	}
	size := format.size(r.Frames * perFrame)
	if there < int64(size) {
		return nil, failure(ErrTruncated, file, "%d bytes of samples, %d needed", there, size)
	}
	if _, err := io.CopyN(io.Discard, f, offset); err != nil {
		return nil, fileError(file, err)
	}
	data := make([]byte, size)
	if n, err := io.ReadFull(f, data); errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return nil, failure(ErrTruncated, file, "%d bytes of samples, %d needed", n, size)
	} else if err != nil {
		return nil, fileError(file, err)
	}
	return data, nil
}

// split takes the frames apart.
func split(flat []int32, r *Record, group []int, perFrame int) [][]int32 {
	out := make([][]int32, len(group))
	begin := 0
	for k, i := range group {
		n := r.Signals[i].PerFrame
		out[k] = make([]int32, r.Frames*n)
		for frame := range r.Frames {
			for j := range n {
				out[k][frame*n+j] = flat[frame*perFrame+begin+j]
			}
		}
		begin += n
	}
	return out
}

// accumulate turns differences into samples.
func accumulate(differences []int32, initial int32) {
	for i, d := range differences {
		initial += d
		differences[i] = initial
	}
}

func readCompressed(f fs.File, file string, r *Record, group []int, measure bool) ([][]int32, error) {
	first := r.Signals[group[0]]
	for _, i := range group {
		if r.Signals[i].PerFrame != first.PerFrame {
			return nil, failure(ErrHeader, file, "signals of different rates in a compressed file")
		}
	}
	limit := int64(-1)
	if !measure {
		limit = int64(r.Frames * first.PerFrame)
	}
	info, err := f.Stat()
	if err != nil {
		return nil, fileError(file, err)
	}
	out, err := decodeFLAC(f, info.Size(), formats[first.Format].bits, len(group), first.Offset, limit)
	if err != nil {
		return nil, &Error{File: file, Err: err}
	}
	there := len(out[0])
	if measure {
		r.Frames = there / first.PerFrame
	}
	need := r.Frames * first.PerFrame
	if there < need {
		return nil, failure(ErrTruncated, file, "%d samples, %d needed", there, need)
	}
	for k := range out {
		out[k] = out[k][:need]
	}
	return out, nil
}
