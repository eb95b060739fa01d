package wfdb

import (
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path"
	"path/filepath"
	"strings"
)

// MaxSamples is the most samples, of all signals together, that a record may have: 1 GiB as Record keeps
// them, or three days of twelve leads at 80 Hz.
const MaxSamples = 1 << 28

// Record is a header and the samples of its signals.
//
// Signals that are not in every segment of a record have invalid samples in the others. The header of a
// record of several segments has each signal as the first segment with it describes it.
type Record struct {
	Header
	pieces [][]piece // of each signal, by start
}

// piece is a part of a signal, as a segment has it.
type piece struct {
	start   int // in samples
	samples []int32
	signal  Signal
}

// Read reads a record from the folder that it lies in. The name is a path with or without the ending .hea.
// Symbolic links are followed: it is headers that may not point outside their folder, not users.
func Read(name string) (*Record, error) {
	dir, base := filepath.Split(name)
	if dir == "" {
		dir = "."
	}
	return ReadFS(os.DirFS(dir), base)
}

// ReadFS reads a record from a file system. The name is a slash-separated path with or without the ending
// .hea. All errors are of type *Error.
func ReadFS(fsys fs.FS, name string) (*Record, error) {
	h, err := readHeader(fsys, name)
	if err != nil {
		return nil, err
	}
	if len(h.Segments) > 0 {
		return readSegments(fsys, name, h)
	}
	return readSignals(fsys, name, h)
}

func headerFile(name string) string { return strings.TrimSuffix(name, ".hea") + ".hea" }

func readHeader(fsys fs.FS, name string) (*Header, error) {
	file := headerFile(name)
	f, err := fsys.Open(file)
	if err != nil {
		return nil, fileError(file, err)
	}
	defer func() { _ = f.Close() }() // only read
	h, err := ParseHeader(f)
	if e, ok := errors.AsType[*Error](err); ok {
		e.File = file
		return nil, e
	}
	if err != nil {
		return nil, fileError(file, err)
	}
	return h, nil
}

// fileError names the file as the header does, without the folders before it.
func fileError(file string, err error) *Error {
	if e, ok := errors.AsType[*fs.PathError](err); ok {
		err = e.Err
	}
	return &Error{File: file, Err: err}
}

// beside is the path of a file that the header of a record names.
func beside(name, file string) (string, error) {
	if !fs.ValidPath(file) || file == "." || strings.ContainsRune(file, '\\') {
		return "", &Error{File: headerFile(name), Err: ErrOutside}
	}
	return path.Join(path.Dir(name), file), nil
}

// readSignals reads a record without segments. Where the header does not say how long it is, the size of
// the first file does.
func readSignals(fsys fs.FS, name string, h *Header) (*Record, error) {
	r := &Record{Header: *h, pieces: make([][]piece, len(h.Signals))}
	for n, g := range groups(h.Signals) {
		if r.Signals[g[0]].Format == 0 {
			if err := r.checkSize(name); err != nil {
				return nil, err
			}
			continue // no samples: all are invalid
		}
		samples, err := readGroup(fsys, name, r, g, n == 0 && h.Frames == 0)
		if err != nil {
			return nil, err
		}
		for k, i := range g {
			s := r.Signals[i]
			if s.HasChecksum && checksum(samples[k]) != s.Checksum {
				return nil, failure(ErrChecksum, path.Join(path.Dir(name), s.File), "signal %d", i)
			}
			s.align(samples[k])
			r.pieces[i] = []piece{{samples: samples[k], signal: s}}
		}
	}
	return r, nil
}

// groups are the signals of each file.
func groups(signals []Signal) [][]int {
	var out [][]int
	of := make(map[string]int)
	for i, s := range signals {
		g, ok := of[s.File]
		if !ok {
			g = len(out)
			of[s.File] = g
			out = append(out, nil)
		}
		out[g] = append(out[g], i)
	}
	return out
}

func checksum(samples []int32) uint16 {
	var sum uint16
	for _, x := range samples {
		sum += uint16(x)
	}
	return sum
}

// align undoes the skew. What the file does not have becomes invalid.
func (s *Signal) align(samples []int32) {
	if s.Skew == 0 {
		return
	}
	skew := min(s.Skew, len(samples)/s.PerFrame) * s.PerFrame
	kept := copy(samples, samples[skew:])
	for i := kept; i < len(samples); i++ {
		samples[i] = s.Format.Invalid()
	}
}

// Digital returns the samples of signal i as the converter gave them, Signal.Format.Invalid() where there
// are none. It is an error if segments differ in format or calibration; Physical works then too. The
// samples may be the record's own: do not change them.
func (r *Record) Digital(i int) ([]int32, error) {
	s, pieces := r.Signals[i], r.pieces[i]
	if len(pieces) == 1 && len(pieces[0].samples) == r.Frames*s.PerFrame {
		return pieces[0].samples, nil
	}
	out := make([]int32, r.Frames*s.PerFrame)
	for k := range out {
		out[k] = s.Format.Invalid()
	}
	for _, p := range pieces {
		if p.signal.Format != s.Format || p.signal.Gain != s.Gain || p.signal.Baseline != s.Baseline {
			return nil, fmt.Errorf("segments of %s store signal %d differently", r.Name, i)
		}
		copy(out[p.start:], p.samples)
	}
	return out, nil
}

// Physical returns the samples of signal i in its units, NaN where there are none.
func (r *Record) Physical(i int) []float64 {
	out := make([]float64, r.Frames*r.Signals[i].PerFrame)
	at := 0
	for _, p := range r.pieces[i] {
		for ; at < p.start; at++ {
			out[at] = math.NaN()
		}
		invalid := p.signal.Format.Invalid()
		for _, x := range p.samples {
			out[at] = (float64(x) - float64(p.signal.Baseline)) / p.signal.Gain
			if x == invalid {
				out[at] = math.NaN()
			}
			at++
		}
	}
	for ; at < len(out); at++ {
		out[at] = math.NaN()
	}
	return out
}
