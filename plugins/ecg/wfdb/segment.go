package wfdb

import (
	"fmt"
	"io/fs"
	"slices"
)

// readSegments reads a record of several segments.
func readSegments(fsys fs.FS, name string, h *Header) (*Record, error) {
	r := &Record{Header: *h}
	segments := h.Segments
	variable := segments[0].Frames == 0
	if variable {
		layout, err := readSegmentHeader(fsys, name, segments[0].Name)
		if err != nil {
			return nil, err
		}
		r.Signals, segments = slices.Clone(layout.Signals), segments[1:]
		r.pieces = make([][]piece, len(r.Signals))
		if err := r.checkSize(name); err != nil {
			return nil, err
		}
	}
	frames := 0
	for i, s := range segments {
		if s.Name != gap {
			part, err := readSegment(fsys, name, s)
			if err != nil {
				return nil, err
			}
			if i == 0 && !variable {
				r.Signals = slices.Clone(part.Signals)
				r.pieces = make([][]piece, len(r.Signals))
				if err := r.checkSize(name); err != nil {
					return nil, err
				}
			}
			if err := r.add(part, frames, variable); err != nil {
				return nil, failure(ErrHeader, headerFile(name), "segment %s: %v", s.Name, err)
			}
		} else if !variable {
			return nil, failure(ErrHeader, headerFile(name), "a gap in a fixed layout")
		}
		frames += s.Frames
	}
	if len(r.Signals) != r.signals {
		return nil, failure(ErrHeader, headerFile(name), "%d signals; the segments have %d", r.signals, len(r.Signals))
	}
	return r, nil
}

// checkSize refuses what Physical would have to allocate for gaps.
func (r *Record) checkSize(name string) error {
	perFrame := 1
	for _, s := range r.Signals {
		perFrame += s.PerFrame
	}
	if r.Frames > MaxSamples/perFrame {
		return failure(ErrTooLarge, headerFile(name), "%d frames of %d samples", r.Frames, perFrame-1)
	}
	return nil
}

// readSegmentHeader reads the header of a segment, which is no record of segments itself.
func readSegmentHeader(fsys fs.FS, name, segment string) (*Header, error) {
	path, err := beside(name, segment)
	if err != nil {
		return nil, err
	}
	h, err := readHeader(fsys, path)
	if err != nil {
		return nil, err
	}
	if len(h.Segments) > 0 {
		return nil, failure(ErrHeader, headerFile(path), "a segment that has segments")
	}
	return h, nil
}

func readSegment(fsys fs.FS, name string, s Segment) (*Record, error) {
	h, err := readSegmentHeader(fsys, name, s.Name)
	if err != nil {
		return nil, err
	}
	path, err := beside(name, s.Name)
	if err != nil {
		return nil, err
	}
	if h.Frames == 0 {
		h.Frames = s.Frames
	}
	if h.Frames != s.Frames {
		return nil, failure(ErrHeader, headerFile(path), "%d frames; the record says %d", h.Frames, s.Frames)
	}
	return readSignals(fsys, path, h)
}

// add puts the signals of a segment behind those before it: one after the other in a fixed layout, by name
// in a variable one.
func (r *Record) add(part *Record, frames int, variable bool) error {
	if part.Frequency != r.Frequency {
		return fmt.Errorf("%g Hz in a record of %g Hz", part.Frequency, r.Frequency)
	}
	if !variable && len(part.Signals) != len(r.Signals) {
		return fmt.Errorf("%d signals; the first segment has %d", len(part.Signals), len(r.Signals))
	}
	for k, s := range part.Signals {
		i := k
		if variable {
			i = slices.IndexFunc(r.Signals, func(t Signal) bool { return t.Name == s.Name })
		}
		if i < 0 {
			return fmt.Errorf("signal %d is not in the layout", k)
		}
		if s.PerFrame != r.Signals[i].PerFrame {
			return fmt.Errorf("%d samples a frame of signal %d, not %d", s.PerFrame, k, r.Signals[i].PerFrame)
		}
		if n := len(r.pieces[i]); n > 0 && r.pieces[i][n-1].start == frames*s.PerFrame {
			return fmt.Errorf("signal %d is there twice", k)
		}
		if len(r.pieces[i]) == 0 {
			r.Signals[i] = s
		}
		for _, p := range part.pieces[k] {
			r.pieces[i] = append(r.pieces[i], piece{frames * s.PerFrame, p.samples, s})
		}
	}
	return nil
}
