// Package mapped imports a user's own tables: a mapping, a YAML file, says which table has
// the stays, which have what was recorded of them, and what their columns are called.
//
//	report, err := mapped.Import(ctx, mapped.Options{Mapping: "mapping.yaml", Options: extract.Options{To: "cohort"}})
package mapped

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/fusemoe/fusemoe/core/ingest/table"
	"github.com/fusemoe/fusemoe/core/ingest/variables"
)

// Mapping is the file. Paths in it are relative to it.
type Mapping struct {
	Name string `yaml:"name"`
	// TimeUnit is that of times that are numbers, counted from the begin of the stay: hours
	// or minutes. Without it times are dates.
	TimeUnit   string              `yaml:"time_unit"`
	Window     float64             `yaml:"window"` // hours
	Stays      Stays               `yaml:"stays"`
	Modalities []Modality          `yaml:"modalities"`
	Channels   []variables.Channel `yaml:"channels"`

	file string
	unit int64 // seconds
}

// Stays says what the columns of the table of stays are called.
type Stays struct {
	Table   string `yaml:"table"`
	ID      string `yaml:"id"`
	Patient string `yaml:"patient"` // the stay itself, if left out
	Begin   string `yaml:"begin"`   // of dates
	End     string `yaml:"end"`
	Outcome string `yaml:"outcome"` // 0, 1 or empty; its name is that of the task
	Age     string `yaml:"age"`
}

// Modality says the same of a table of what was recorded: with code and value a number a
// row; with text or path a note or a file; with none of them a column a channel.
type Modality struct {
	Name      string `yaml:"name"`
	Table     string `yaml:"table"`
	Stay      string `yaml:"stay"`
	Time      string `yaml:"time"`
	Known     string `yaml:"known"` // when it was stored, if that is not when it was recorded
	Code      string `yaml:"code"`
	Value     string `yaml:"value"`
	Unit      string `yaml:"unit"`
	Text      string `yaml:"text"`
	Path      string `yaml:"path"`
	MediaType string `yaml:"media_type"`
}

// read reads a mapping.
func read(file string) (*Mapping, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("the mapping cannot be read: %w", err)
	}
	m := Mapping{file: file}
	d := yaml.NewDecoder(bytes.NewReader(text))
	d.KnownFields(true)
	if err := d.Decode(&m); err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("%s: %s", file, strings.TrimPrefix(err.Error(), "yaml: "))
	}
	if m.Name == "" {
		m.Name = strings.TrimSuffix(filepath.Base(file), filepath.Ext(file))
	}
	if err := m.check(); err != nil {
		return nil, fmt.Errorf("%s, %w", file, err)
	}
	return &m, nil
}

// check reports the first key that is missing or cannot be.
func (m *Mapping) check() error {
	units := map[string]int64{"": 1, "hours": 3600, "minutes": 60}
	var known bool
	if m.unit, known = units[m.TimeUnit]; !known {
		return fmt.Errorf("time_unit: %s is neither hours nor minutes; leave it out where times are dates", m.TimeUnit)
	}
	need := []struct{ key, value string }{
		{"stays.table", m.Stays.Table},
		{"stays.id", m.Stays.ID},
		{"stays.end", m.Stays.End},
		{"stays.outcome", m.Stays.Outcome},
	}
	if m.TimeUnit == "" {
		need = append(need, struct{ key, value string }{"stays.begin", m.Stays.Begin})
	}
	for i, one := range m.Modalities {
		at := fmt.Sprintf("modalities.%d.", i)
		need = append(need, []struct{ key, value string }{
			{at + "name", one.Name},
			{at + "table", one.Table},
			{at + "stay", one.Stay},
			{at + "time", one.Time},
		}...)
		switch {
		case (one.Code == "") != (one.Value == ""):
			return fmt.Errorf("%scode and value go together", at)
		case one.Path != "" && one.MediaType == "":
			need = append(need, struct{ key, value string }{at + "media_type", ""})
		}
	}
	for _, n := range need {
		if n.value == "" {
			return fmt.Errorf("%s: is missing", n.key)
		}
	}
	switch {
	case m.Window < 0:
		return fmt.Errorf("window: %g hours cannot be", m.Window)
	case len(m.Modalities) == 0:
		return errors.New("modalities: is missing; list the tables of what was recorded")
	}
	return nil
}

// variables are the channels of the mapping.
func (m *Mapping) variables() (*variables.Map, error) {
	text, err := yaml.Marshal(map[string]any{"channels": m.Channels})
	if err != nil {
		return nil, err
	}
	return variables.Parse(m.file, text)
}

// path is that of a table.
func (m *Mapping) path(name string) string {
	if filepath.IsAbs(name) {
		return name
	}
	return filepath.Join(filepath.Dir(m.file), filepath.FromSlash(name))
}

// seconds reads a time in a cell: a date, or a number from the begin of the stay.
func (m *Mapping) seconds(r *table.Reader, cell int) (int64, bool) {
	if m.TimeUnit == "" {
		return r.Time(cell)
	}
	v, ok := r.Float(cell)
	return int64(v * float64(m.unit)), ok
}
