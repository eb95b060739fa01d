package wfdb

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// Limits of numbers in headers. They are far above what devices write, and products stay in range.
const (
	maxCount   = 1 << 20 // signals, segments, samples in a frame
	maxInteger = math.MaxInt32
)

// token cuts the first field off a line.
func token(line string) (field, rest string) {
	end := strings.IndexFunc(line, unicode.IsSpace)
	if end < 0 {
		return line, ""
	}
	return line[:end], strings.TrimSpace(line[end:])
}

// parseRecord parses NAME[/SEGMENTS] SIGNALS [FREQUENCY[/COUNTER[(BASE)]] [FRAMES [TIME [DATE]]]].
func (h *Header) parseRecord(line string) error {
	name, line := token(line)
	name, segments, several := strings.Cut(name, "/")
	h.Name = name
	var err error
	if several {
		if h.segments, err = whole("the number of segments", segments, 1, maxCount); err != nil {
			return err
		}
	}
	field, line := token(line)
	if h.signals, err = whole("the number of signals", field, 0, maxCount); err != nil {
		return err
	}
	field, line = token(line)
	if err := h.parseFrequency(field); err != nil {
		return err
	}
	if field, line = token(line); field != "" {
		if h.Frames, err = whole("the length", field, 0, maxInteger); err != nil {
			return err
		}
	}
	if field, line = token(line); field != "" {
		if h.BaseTime, err = timeOfDay(field); err != nil {
			return err
		}
	}
	if field, _ = token(line); field != "" {
		if h.BaseDate, err = time.Parse("2/1/2006", field); err != nil {
			return errors.New("the date is not DD/MM/YYYY")
		}
	}
	return nil
}

// parseFrequency parses FREQUENCY[/COUNTER[(BASE)]].
func (h *Header) parseFrequency(field string) error {
	h.Frequency = 250
	frames, counter, _ := strings.Cut(field, "/")
	var err error
	if frames != "" {
		if h.Frequency, err = number("the sampling frequency", frames); err != nil {
			return err
		}
	}
	if h.Frequency <= 0 {
		return errors.New("the sampling frequency is not positive")
	}
	h.CounterFrequency = h.Frequency
	counter, base, hasBase := strings.Cut(counter, "(")
	if counter != "" {
		if h.CounterFrequency, err = number("the counter frequency", counter); err != nil {
			return err
		}
	}
	if hasBase {
		h.BaseCounter, err = number("the base counter", strings.TrimSuffix(base, ")"))
	}
	return err
}

// timeOfDay parses [[HH:]MM:]SS[.SSS].
func timeOfDay(field string) (time.Duration, error) {
	parts := strings.Split(field, ":")
	seconds, err := number("the time of day", parts[len(parts)-1])
	unit := 60.0
	for i := len(parts) - 2; i >= 0 && err == nil; i-- {
		var n int
		n, err = whole("the time of day", parts[i], 0, 59)
		seconds += unit * float64(n)
		unit *= 60
	}
	if err != nil || len(parts) > 3 || seconds < 0 || seconds >= 24*60*60 {
		return 0, errors.New("the time of day is not HH:MM:SS")
	}
	return time.Duration(math.Round(seconds*1e6)) * time.Microsecond, nil
}

// parseSegment parses NAME FRAMES.
func (h *Header) parseSegment(line string) error {
	name, line := token(line)
	field, _ := token(line)
	frames, err := whole("the length of the segment", field, 0, maxInteger)
	if err != nil {
		return err
	}
	if frames == 0 && len(h.Segments) > 0 {
		return errors.New("a segment of no frames that is not the first")
	}
	if h.total += frames; h.total > maxInteger {
		return errors.New("the segments are too long together")
	}
	h.Segments = append(h.Segments, Segment{Name: name, Frames: frames})
	return nil
}

// parseSignal parses FILE FORMAT [GAIN [RESOLUTION [ZERO [INITIAL [CHECKSUM [BLOCK [NAME]]]]]]].
func (h *Header) parseSignal(line string) error {
	var s Signal
	var field string
	s.File, line = token(line)
	field, line = token(line)
	if err := s.parseFormat(field); err != nil {
		return err
	}
	field, line = token(line)
	hasBaseline, err := s.parseGain(field)
	if err != nil {
		return err
	}
	checksum, initial := 0, 0
	numbers := []struct {
		what string
		to   *int
	}{
		{"the resolution", &s.Resolution},
		{"the ADC zero", &s.Zero},
		{"the initial value", &initial},
		{"the checksum", &checksum},
		{"the block size", &s.BlockSize},
	}
	for i, n := range numbers {
		if field, line = token(line); field == "" {
			break
		}
		if *n.to, err = whole(n.what, field, -maxInteger-1, maxInteger); err != nil {
			return err
		}
		s.HasChecksum = s.HasChecksum || i == 3
		if i == 2 {
			s.Initial = initial
		}
	}
	s.Checksum, s.Name = uint16(checksum), line
	if !hasBaseline {
		s.Baseline = s.Zero
	}
	h.Signals = append(h.Signals, s)
	return nil
}

// parseFormat parses FORMAT[xSAMPLES][:SKEW][+OFFSET].
func (s *Signal) parseFormat(field string) error {
	number, rest := digits(field)
	format, err := whole("the format", number, 0, maxInteger)
	if err != nil {
		return err
	}
	s.Format, s.PerFrame = Format(format), 1
	for rest != "" {
		mark := rest[0]
		number, rest = digits(rest[1:])
		var offset int
		switch mark {
		case 'x':
			s.PerFrame, err = whole("the number of samples in a frame", number, 1, maxCount)
		case ':':
			s.Skew, err = whole("the skew", number, 0, maxInteger)
		case '+':
			offset, err = whole("the byte offset", number, 0, maxInteger)
			s.Offset = int64(offset)
		default:
			err = errors.New("the format is not FORMATxSAMPLES:SKEW+OFFSET")
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// parseGain parses GAIN[(BASELINE)][/UNITS].
func (s *Signal) parseGain(field string) (hasBaseline bool, err error) {
	s.Gain, s.Units = defaultGain, "mV"
	field, units, _ := strings.Cut(field, "/")
	if units != "" {
		s.Units = units
	}
	gain, baseline, hasBaseline := strings.Cut(field, "(")
	if gain != "" {
		if s.Gain, err = number("the gain", gain); err != nil {
			return false, err
		}
	}
	if s.Gain == 0 { // the specification's way to say that the signal is not calibrated
		s.Gain = defaultGain
	}
	if hasBaseline {
		s.Baseline, err = whole("the baseline", strings.TrimSuffix(baseline, ")"), -maxInteger-1, maxInteger)
	}
	return hasBaseline, err
}

const defaultGain = 200 // of the specification

// digits cuts the digits off the front of s.
func digits(s string) (number, rest string) {
	rest = strings.TrimLeft(s, "0123456789")
	return s[:len(s)-len(rest)], rest
}

// whole parses a number in [low, high]. Errors do not quote it: it may be a patient's.
func whole(what, field string, low, high int) (int, error) {
	n, err := strconv.Atoi(field)
	if err != nil {
		return 0, fmt.Errorf("%s is no whole number", what)
	}
	if n < low || n > high {
		return 0, fmt.Errorf("%s is not from %d to %d", what, low, high)
	}
	return n, nil
}

func number(what, field string) (float64, error) {
	x, err := strconv.ParseFloat(field, 64)
	if err != nil || math.IsNaN(x) || math.IsInf(x, 0) {
		return 0, fmt.Errorf("%s is no number", what)
	}
	return x, nil
}
