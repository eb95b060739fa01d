// Package variables maps what hospitals chart to the channels of a dataset: which items
// of which table are one quantity, in what unit, and what of it is plausible.
//
// A map is a YAML file that users edit; docs/import.md describes it.
//
//	m, err := variables.Parse("mimic-iv.yaml", text)
//	chart := m.Table("chart")
//	channel, value, ok := chart.Read(chart.Find("223761"), 98.6, "°F") // 37 °C
package variables

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Map is a file of channels.
type Map struct {
	Channels []Channel `yaml:"channels"`
}

// Channel is one quantity in one unit.
type Channel struct {
	Name string   `yaml:"name"`
	Unit string   `yaml:"unit"`
	Min  *float64 `yaml:"min"` // the least plausible value
	Max  *float64 `yaml:"max"` // the largest plausible value
	Log  bool     `yaml:"log"` // a few very large values: models see its logarithm
	// Units are other units that the table may name for a row. If there are any, values
	// in a unit that is neither among them nor the channel's own are left out.
	Units []Conversion `yaml:"units"`
	// Items are, by table, the codes under which the quantity is charted.
	Items map[string][]Item `yaml:"items"`
}

// Conversion makes a value of the channel's unit: factor·x + offset.
type Conversion struct {
	Unit   string  `yaml:"unit"`
	Factor float64 `yaml:"factor"` // 0: 1
	Offset float64 `yaml:"offset"`
	// Fraction says that values up to 1 are fractions of what else is in percent, as
	// charted oxygen concentrations are.
	Fraction bool `yaml:"fraction"`
}

// Item is a code and, if it is charted in another unit, the conversion.
type Item struct {
	Code       string
	Conversion `yaml:",inline"`
}

// UnmarshalYAML reads 220045 or {code: 223761, factor: 0.5556}.
func (i *Item) UnmarshalYAML(n *yaml.Node) error {
	if n.Kind == yaml.ScalarNode {
		i.Code = n.Value
		return nil
	}
	var m struct {
		Code       string `yaml:"code"`
		Conversion `yaml:",inline"`
	}
	for k := 0; k+1 < len(n.Content); k += 2 {
		if key := n.Content[k]; !slices.Contains([]string{"code", "unit", "factor", "offset", "fraction"}, key.Value) {
			return fmt.Errorf("line %d: %s is no key of an item; it has code, unit, factor, offset, fraction", key.Line, key.Value)
		}
	}
	if err := n.Decode(&m); err != nil {
		return err
	}
	i.Code, i.Conversion = m.Code, m.Conversion
	return nil
}

// Parse reads a map. The name is for errors.
func Parse(name string, text []byte) (*Map, error) {
	var m Map
	d := yaml.NewDecoder(bytes.NewReader(text))
	d.KnownFields(true)
	if err := d.Decode(&m); err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("%s: %s", name, strings.TrimPrefix(err.Error(), "yaml: "))
	}
	if len(m.Channels) == 0 {
		return nil, fmt.Errorf("%s: there is no channel in it; it needs channels, a list of name, unit, items", name)
	}
	return &m, m.check(name)
}

func (m *Map) check(name string) error {
	seen := map[string]bool{}
	for i, c := range m.Channels {
		at := fmt.Sprintf("%s, channels.%d", name, i)
		switch {
		case c.Name == "" || c.Name == "sample" || c.Name == "time":
			return fmt.Errorf("%s.name: %q cannot be the name of a channel", at, c.Name)
		case seen[c.Name]:
			return fmt.Errorf("%s.name: %s is there twice; one channel has one unit, so rename one", at, c.Name)
		case len(c.Items) == 0:
			return fmt.Errorf("%s.items: is missing; say of each table which codes are %s", at, c.Name)
		case c.Min != nil && c.Max != nil && *c.Min > *c.Max:
			return fmt.Errorf("%s: nothing is plausible, for min is above max", at)
		}
		seen[c.Name] = true
	}
	return nil
}

// Table is what a map says of one table, and counts what becomes of its values.
type Table struct {
	Channels []Counted
	byCode   map[string]int
	rules    []rule
}

// Counted is a channel with the values that were read of it.
type Counted struct {
	Channel
	Kept, Implausible, OtherUnit int64
}

// rule is what to do with a code.
type rule struct {
	channel int
	Conversion
}

// Table is what the map says of a table. A code that several channels claim is the first's.
func (m *Map) Table(name string) *Table {
	t := &Table{byCode: map[string]int{}}
	for _, c := range m.Channels {
		if len(c.Items[name]) == 0 {
			continue
		}
		t.Channels = append(t.Channels, Counted{Channel: c})
		for _, item := range c.Items[name] {
			if _, taken := t.byCode[item.Code]; !taken {
				t.byCode[item.Code] = len(t.rules)
				t.rules = append(t.rules, rule{channel: len(t.Channels) - 1, Conversion: item.Conversion})
			}
		}
	}
	return t
}

// Names are the channels of the table.
func (t *Table) Names() []string {
	names := make([]string, len(t.Channels))
	for i, c := range t.Channels {
		names[i] = c.Name
	}
	return names
}

// Codes lists what the table may hold of the map, each with the number that Read takes.
func (t *Table) Codes() map[string]int { return t.byCode }

// Find returns the number of a code for Read, or -1.
func (t *Table) Find(code string) int {
	if i, ok := t.byCode[code]; ok {
		return i
	}
	return -1
}

// Read converts a value that a code has, in the unit that its row names, which may be
// empty. It is false for one that is implausible or in a unit that is not known, and
// counts it.
func (t *Table) Read(code int, v float64, unit []byte) (channel uint16, value float64, ok bool) {
	r := &t.rules[code]
	c := &t.Channels[r.channel]
	by := &r.Conversion
	if len(c.Units) > 0 && len(unit) > 0 && !same(unit, c.Unit) && !same(unit, by.Unit) {
		i := slices.IndexFunc(c.Units, func(u Conversion) bool { return same(unit, u.Unit) })
		if i < 0 {
			c.OtherUnit++
			return 0, 0, false
		}
		by = &c.Units[i]
	}
	v = by.apply(v)
	if c.Min != nil && v < *c.Min || c.Max != nil && v > *c.Max || math.IsNaN(v) || math.Abs(v) > math.MaxFloat32 {
		c.Implausible++
		return 0, 0, false
	}
	return uint16(r.channel), v, true
}

// Keep counts a value of a channel that went into the dataset.
func (t *Table) Keep(channel uint16) { t.Channels[channel].Kept++ }

func same(unit []byte, name string) bool { return bytes.EqualFold(bytes.TrimSpace(unit), []byte(name)) }

func (c *Conversion) apply(v float64) float64 {
	if c.Fraction && v <= 1 {
		v *= 100
	}
	if c.Factor != 0 {
		v *= c.Factor
	}
	return v + c.Offset
}
