package variables_test

import (
	"fmt"
	"math"
	"os"
	"strings"
	"testing"

	"github.com/fusemoe/fusemoe/core/ingest/variables"
)

const chart = `channels:
- name: temperature
  unit: °C
  min: 25
  max: 45
  items: {chart: [223762, {code: 223761, unit: °F, factor: 0.55555556, offset: -17.7777778}]}
- name: fio2
  unit: '%'
  min: 20
  max: 100
  items: {chart: [{code: 223835, fraction: true}]}
- name: neutrophils
  unit: K/uL
  units: [{unit: '#/uL', factor: 0.001}]
  items: {labs: [52075], chart: [229355]}
`

func ExampleTable_Read() {
	m, err := variables.Parse("mine.yaml", []byte(chart))
	if err != nil {
		panic(err)
	}
	t := m.Table("chart")
	channel, value, ok := t.Read(t.Find("223761"), 98.6, []byte("°F"))
	fmt.Printf("%s %.1f %v\n", t.Names()[channel], value, ok)
	// Output: temperature 37.0 true
}

func TestRead(t *testing.T) {
	m, err := variables.Parse("mine.yaml", []byte(chart))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		code  string
		value float64
		unit  string
		want  float64 // NaN: left out
	}{
		{"223762", 37, "°C", 37},
		{"223762", 98.6, "°C", math.NaN()}, // implausible
		{"223761", 98.6, "", 37},
		{"223761", 98.6, "?F", 37}, // a map without other units takes any name
		{"223835", 0.5, "", 50},
		{"223835", 50, "", 50},
		{"229355", 4500, "#/uL", 4.5},
		{"229355", 4.5, "k/ul ", 4.5},
		{"229355", 4.5, "", 4.5},
		{"229355", 4.5, "%", math.NaN()}, // another unit
	} {
		table := m.Table("chart")
		_, got, ok := table.Read(table.Find(c.code), c.value, []byte(c.unit))
		if ok == math.IsNaN(c.want) || ok && math.Abs(got-c.want) > 1e-4 {
			t.Errorf("%s %v %q: %v %v, want %v", c.code, c.value, c.unit, got, ok, c.want)
		}
	}
	table := m.Table("chart")
	table.Read(table.Find("223762"), 98.6, nil)
	table.Read(table.Find("229355"), 98.6, []byte("%"))
	if c := table.Channels; c[0].Implausible != 1 || c[2].OtherUnit != 1 || table.Find("1") != -1 {
		t.Errorf("counts %+v", c)
	}
}

func TestWhatIsWrongWithAMapIsNamed(t *testing.T) {
	for name, c := range map[string]struct{ text, want string }{
		"empty":       {"", "mine.yaml: there is no channel in it; it needs channels, a list of name, unit, items"},
		"unknown key": {"channels:\n- name: a\n  mim: 3\n", "mine.yaml: unmarshal errors:\n  line 3: field mim not found in type variables.Channel"},
		"item key":    {"channels:\n- name: a\n  items: {chart: [{itemid: 3}]}\n", "mine.yaml: line 3: itemid is no key of an item; it has code, unit, factor, offset, fraction"},
		"twice":       {"channels:\n- {name: a, items: {chart: [1]}}\n- {name: a, items: {chart: [2]}}\n", "mine.yaml, channels.1.name: a is there twice; one channel has one unit, so rename one"},
		"reserved":    {"channels:\n- {name: time, items: {chart: [1]}}\n", `mine.yaml, channels.0.name: "time" cannot be the name of a channel`},
		"no items":    {"channels:\n- {name: a}\n", "mine.yaml, channels.0.items: is missing; say of each table which codes are a"},
		"limits":      {"channels:\n- {name: a, min: 3, max: 1, items: {chart: [1]}}\n", "mine.yaml, channels.0: nothing is plausible, for min is above max"},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := variables.Parse("mine.yaml", []byte(c.text)); err == nil || err.Error() != c.want {
				t.Errorf("%v\nwant %s", err, c.want)
			}
		})
	}
}

// The maps that ship are valid, and no code has two meanings.
func TestDefaults(t *testing.T) {
	for _, source := range []string{"mimic-iv", "mimic-iii"} {
		m, _, err := variables.Load("", source)
		if err != nil {
			t.Fatal(err)
		}
		seen := map[string]string{}
		for _, c := range m.Channels {
			for table, items := range c.Items {
				for _, item := range items {
					key := table + " " + item.Code
					if seen[key] != "" {
						t.Errorf("%s: %s is both %s and %s", source, key, seen[key], c.Name)
					}
					seen[key] = c.Name
				}
			}
		}
	}
	if _, _, err := variables.Load("nowhere.yaml", "mimic-iv"); err == nil || !strings.Contains(err.Error(), "nowhere.yaml") {
		t.Errorf("%v", err)
	}
}

// The map that docs/import.md shows is one.
func TestDocumentedMap(t *testing.T) {
	page, err := os.ReadFile("../../../docs/import.md")
	if err != nil {
		t.Fatal(err)
	}
	_, block, _ := strings.Cut(string(page), "```yaml\n")
	block, _, _ = strings.Cut(block, "```")
	m, err := variables.Parse("docs/import.md", []byte(block))
	if err != nil {
		t.Fatal(err)
	}
	chart, labs := m.Table("chart"), m.Table("labs")
	if _, v, ok := chart.Read(chart.Find("223761"), 98.6, nil); !ok || math.Abs(v-37) > 0.01 {
		t.Errorf("98.6 °F are %g °C", v)
	}
	if _, v, ok := labs.Read(labs.Find("50889"), 2, []byte("mg/dL")); !ok || v != 20 {
		t.Errorf("2 mg/dL are %g mg/L", v)
	}
}
