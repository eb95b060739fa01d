package physionet2012

import (
	"bytes"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/fusemoe/fusemoe/core/data"
)

// stay is one file of the challenge.
type stay struct {
	record string
	split  data.Split
	rows   []row
	static row
	empty  bool // nothing was measured after admission
}

// row is what was measured in one minute, each parameter at most once.
type row struct {
	hours  float64
	names  []string
	values []float32
}

// missing is how the challenge writes what is not known.
const missing = -1

// parameterNames finds a parameter's name without a new string for each line.
var parameterNames = func() map[string]string {
	names := make(map[string]string, len(parameters))
	for _, p := range parameters {
		names[p] = p
	}
	return names
}()

// parseStay reads lines of "HH:MM,parameter,value" under a header.
func parseStay(file string, text []byte) (stay, error) {
	s := stay{empty: true}
	line := 0
	var minute minutes
	for len(text) > 0 {
		var content []byte
		content, text, _ = bytes.Cut(text, []byte("\n"))
		content = bytes.TrimSuffix(content, []byte("\r"))
		line++
		if line == 1 {
			if string(content) != "Time,Parameter,Value" {
				return s, fmt.Errorf("%s, line 1: the header is not Time,Parameter,Value: is this a file of the challenge?", file)
			}
			continue
		}
		if len(content) == 0 {
			continue
		}
		if err := s.parseLine(content, &minute); err != nil {
			return s, fmt.Errorf("%s, line %d: %w", file, line, err)
		}
	}
	if s.record == "" {
		return s, fmt.Errorf("%s: it has no RecordID, perhaps it was cut short", file)
	}
	s.rows = minute.rows
	return s, nil
}

func (s *stay) parseLine(content []byte, minute *minutes) error {
	clock, rest, _ := bytes.Cut(content, []byte(","))
	name, cell, ok := bytes.Cut(rest, []byte(","))
	if !ok {
		return fmt.Errorf("it has not the three cells time, parameter and value")
	}
	at, err := parseClock(clock)
	if err != nil {
		return err
	}
	if string(name) == "RecordID" {
		s.record = string(cell)
		return nil
	}
	v, err := strconv.ParseFloat(string(cell), 32)
	if err != nil || math.IsNaN(v) || math.IsInf(v, 0) {
		return fmt.Errorf("the value of %s is no finite number", name)
	}
	if known, ok := parameterNames[string(name)]; ok {
		// The weight among the descriptors at 00:00 is of the admission: a stay with
		// nothing else has no time series (as in Horn et al. 2020, who left them out).
		if known != "Weight" || at > 0 {
			s.empty = false
		}
		if v != missing {
			minute.add(at, known, float32(v))
		}
		return nil
	}
	return s.describe(string(name), v)
}

// describe adds a descriptor.
func (s *stay) describe(name string, v float64) error {
	add := func(name string, v float64) {
		if slices.Contains(s.static.names, name) {
			return // the first counts
		}
		s.static.names, s.static.values = append(s.static.names, name), append(s.static.values, float32(v))
	}
	switch name {
	case "Age", "Gender", "Height":
		if v != missing {
			add(name, v)
		}
	case "ICUType":
		if v != 1 && v != 2 && v != 3 && v != 4 {
			return fmt.Errorf("ICUType is none of 1, 2, 3 and 4")
		}
		for unit := 1.0; unit <= 4; unit++ {
			is := 0.0
			if v == unit {
				is = 1
			}
			add("ICUType"+strconv.Itoa(int(unit)), is)
		}
	default:
		return fmt.Errorf("%q is no parameter of the challenge; it has RecordID, Age, Gender, Height, ICUType, %s",
			name, strings.Join(parameters, ", "))
	}
	return nil
}

// parseClock reads HH:MM as minutes. Hours may pass 24.
func parseClock(clock []byte) (int, error) {
	h, m, ok := bytes.Cut(clock, []byte(":"))
	hours, errH := strconv.ParseUint(string(h), 10, 16)
	mins, errM := strconv.ParseUint(string(m), 10, 16)
	if !ok || errH != nil || errM != nil || mins > 59 {
		return 0, fmt.Errorf("the time is not HH:MM")
	}
	return int(hours)*60 + int(mins), nil
}

// minutes gathers measurements into rows. Where a parameter was measured several
// times in a minute, the minute has further rows.
type minutes struct {
	rows   []row
	minute int // of the rows from first on
	first  int
}

func (m *minutes) add(minute int, name string, value float32) {
	if minute != m.minute {
		m.minute, m.first = minute, len(m.rows)
	}
	i := m.first
	for i < len(m.rows) && slices.Contains(m.rows[i].names, name) {
		i++
	}
	if i == len(m.rows) {
		m.rows = append(m.rows, row{hours: float64(minute) / 60})
	}
	r := &m.rows[i]
	r.names, r.values = append(r.names, name), append(r.values, value)
}
