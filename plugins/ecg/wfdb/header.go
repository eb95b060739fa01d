package wfdb

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"
)

// Header describes a record. Fields that a header leaves out have the defaults of the specification.
type Header struct {
	// Name is that of the record.
	Name string
	// Frequency is that of the frames, in Hz; 250 if the header does not say. A signal has
	// Signal.PerFrame samples a frame.
	Frequency float64
	// CounterFrequency, in Hz, and BaseCounter, the counter's value at sample 0, describe a counter that
	// numbers the record's time on paper or tape. CounterFrequency is Frequency if the header does not say.
	CounterFrequency float64
	BaseCounter      float64
	// Frames is the length of the record; 0: the header does not say.
	Frames int
	// BaseTime is the time of day of the first sample, since midnight.
	BaseTime time.Duration
	// BaseDate is the date of the first sample; zero: the header does not say.
	BaseDate time.Time
	// Signals are in the order of the header. The header of a record of several segments has none;
	// Read fills them in from the segments.
	Signals []Signal
	// Segments follow each other in time. A record that has none is a segment itself.
	Segments []Segment
	// Comments are the lines that begin with #, without it.
	Comments []string

	signals, segments int // as many as the record line announces
	total             int // frames of the segments
}

// Signal describes a signal of a record.
type Signal struct {
	// Name is what the header calls the signal, such as MLII; it may hold spaces.
	Name string
	// Units of the physical values; mV if the header does not say.
	Units string
	// Gain is the number of digital steps per physical unit; 200 if the header says nothing or 0.
	Gain float64
	// Baseline is the digital value of the physical 0; Zero if the header does not say.
	Baseline int
	// File holds the samples, together with those of all signals of the same File. It is ~ in the
	// header that describes the layout of a record of several segments.
	File string
	// Format is that of the file.
	Format Format
	// PerFrame is the number of samples in a frame.
	PerFrame int
	// Skew is the number of frames by which the signal lags behind the others in the file. Read undoes it.
	Skew int
	// Offset is where the samples begin: a byte of the file, or in compressed formats a sample.
	Offset int64
	// Resolution is that of the converter, in bits; 0: the header does not say.
	Resolution int
	// Zero is the digital value in the middle of the converter's range.
	Zero int
	// Initial is the digital value before (format 8) or at (other formats) sample 0.
	Initial int
	// Checksum is the sum of all samples, modulo 65536, if HasChecksum.
	Checksum    uint16
	HasChecksum bool
	// BlockSize is that of the device that the file was written for, or 0.
	BlockSize int
}

// Segment is a part of a record: a record of its own in the same folder.
type Segment struct {
	// Name of the record; ~ is a gap in which no signal was recorded.
	Name string
	// Frames is the length of the segment. A first segment of no frames describes the layout: the
	// signals that the segments may have.
	Frames int
}

const gap = "~" // the name of a segment, or of a file, that is not there

// maxHeader is the most that is read of a header, in bytes: room for a million segments.
const maxHeader = 32 << 20

// ParseHeader reads a header. Its errors are of type *Error, or from r.
func ParseHeader(r io.Reader) (*Header, error) {
	lines := bufio.NewScanner(io.LimitReader(r, maxHeader))
	h := &Header{}
	fields := 0 // lines that are not comments
	number := 0
	for lines.Scan() {
		number++
		line := strings.TrimSpace(strings.ToValidUTF8(lines.Text(), "\uFFFD"))
		comment, ok := strings.CutPrefix(line, "#")
		switch {
		case line == "":
			continue
		case ok:
			h.Comments = append(h.Comments, strings.Trim(comment, "# \t"))
			continue
		}
		fields++
		if err := h.parseLine(line, fields); err != nil {
			return nil, &Error{Line: number, Err: ErrHeader, Detail: err.Error()}
		}
	}
	if err := lines.Err(); errors.Is(err, bufio.ErrTooLong) {
		return nil, &Error{Line: number + 1, Err: ErrHeader, Detail: "this is no line of text"}
	} else if err != nil {
		return nil, err
	}
	if err := h.complete(fields); err != nil {
		return nil, err
	}
	return h, nil
}

// parseLine parses the nth line that is no comment, n from 1.
func (h *Header) parseLine(line string, n int) error {
	switch {
	case n == 1:
		return h.parseRecord(line)
	case h.segments > 0 && len(h.Segments) < h.segments:
		return h.parseSegment(line)
	case h.segments == 0 && len(h.Signals) < h.signals:
		return h.parseSignal(line)
	}
	return fmt.Errorf("a line more than the %d signals or %d segments", h.signals, h.segments)
}

// complete checks what only the end of a header of so many lines can tell.
func (h *Header) complete(lines int) error {
	problem := ""
	switch {
	case lines == 0:
		problem = "it is empty"
	case len(h.Segments) < h.segments:
		problem = fmt.Sprintf("%d segments of %d", len(h.Segments), h.segments)
	case h.segments == 0 && len(h.Signals) < h.signals:
		problem = fmt.Sprintf("%d signals of %d", len(h.Signals), h.signals)
	case h.segments > 0 && h.Frames > 0 && h.Frames != h.total:
		problem = fmt.Sprintf("%d frames, but the segments have %d", h.Frames, h.total)
	case h.segments > 0:
		h.Frames = h.total
	}
	if problem != "" {
		return &Error{Err: ErrHeader, Detail: problem}
	}
	return nil
}

// Start is the date and time of the first sample, in UTC for lack of a time zone, and whether the header
// has them.
func (h *Header) Start() (start time.Time, ok bool) {
	return h.BaseDate.Add(h.BaseTime), !h.BaseDate.IsZero()
}

// Rate is the number of samples of signal i in a second.
func (h *Header) Rate(i int) float64 { return h.Frequency * float64(h.Signals[i].PerFrame) }
