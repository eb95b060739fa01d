package sdk_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/fusemoe/fusemoe/sdk"
)

type chart struct {
	Title    string              `json:"title"`
	Channels []channel           `json:"channels"`
	Limits   map[string]limit    `json:"limits"`
	Scale    *float64            `json:"scale"`
	Colours  map[string][]string `json:"colours"`
	Rows     int8                `json:"rows"`
	Shape    string              `json:"shape" enum:"bars,lines"`
	shared
}

type shared struct {
	Debug bool `json:"debug"`
}

type limit struct {
	Min float64 `json:"min"`
}

// channel may be written as its name alone.
type channel struct {
	Name string  `json:"name"`
	Max  float64 `json:"max"`
}

func (c *channel) UnmarshalJSON(data []byte) error {
	if json.Unmarshal(data, &c.Name) == nil {
		return nil
	}
	type plain channel
	return sdk.Decode(data, (*plain)(c))
}

func TestDecodeReadsWhatIsThereAndKeepsDefaults(t *testing.T) {
	got := chart{Title: "default", Rows: 7}
	err := sdk.Config{JSON: []byte(`{
		"channels": ["hr", {"name": "temp", "max": 45}],
		"limits": {"hr": {"min": 20}},
		"scale": 2.5,
		"colours": {"hr": ["red"]},
		"debug": true
	}`)}.Decode(&got)
	if err != nil {
		t.Fatal(err)
	}
	scale := 2.5
	want := chart{
		Title:    "default",
		Rows:     7,
		Channels: []channel{{Name: "hr"}, {Name: "temp", Max: 45}},
		Limits:   map[string]limit{"hr": {Min: 20}},
		Scale:    &scale,
		Colours:  map[string][]string{"hr": {"red"}},
		shared:   shared{Debug: true},
	}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(chart{})); diff != "" {
		t.Error(diff)
	}
}

func TestDecodeOfNothingKeepsEverything(t *testing.T) {
	got := chart{Title: "default"}
	if err := (sdk.Config{JSON: []byte("  ")}).Decode(&got); err != nil || got.Title != "default" {
		t.Errorf("got %+v, %v", got, err)
	}
}

func TestDecodeSaysWhereAndWhat(t *testing.T) {
	tests := []struct{ json, path, summary string }{
		{`{"titel": ""}`, "titel", "unknown key, did you mean title?"},
		{`{"tilte": ""}`, "tilte", "unknown key, did you mean title?"},
		{`{"weather": ""}`, "weather", "unknown key"},
		{`{"Title": ""}`, "Title", "unknown key, did you mean title?"},
		{`{"title": 3}`, "title", "number is not a text"},
		{`{"rows": 300}`, "rows", "number 300 is not a whole number that fits int8"},
		{`{"rows": 1.5}`, "rows", "number 1.5 is not a whole number that fits int8"},
		{`{"channels": {}}`, "channels", "object is not a list"},
		{`{"channels": ["hr", {"mx": 1}]}`, "channels[1].mx", "unknown key, did you mean max?"},
		{`{"channels": ["hr", {"max": "x"}]}`, "channels[1].max", "string is not a number"},
		{`{"channels": ["hr", 7]}`, "channels[1]", "number is not an object"},
		{`{"limits": {"hr": {"min": true}}}`, "limits.hr.min", "bool is not a number"},
		{`{"colours": {"hr": [1]}}`, "colours.hr[0]", "number is not a text"},
		{`{"shape": "line"}`, "shape", `unknown value "line", did you mean lines?`},
		{`{"shape": "pie"}`, "shape", `unknown value "pie"`},
		{`{"debug": "yes"}`, "debug", "string is not true or false"},
		{`[]`, "", "array is not an object"},
		{`{"title": `, "", "unexpected end of JSON input"},
	}
	for _, test := range tests {
		t.Run(test.json, func(t *testing.T) {
			err := sdk.Config{JSON: []byte(test.json)}.Decode(&chart{})
			d, ok := errors.AsType[*sdk.Diagnostic](err)
			if !ok {
				t.Fatalf("got %v, want a diagnostic", err)
			}
			if d.Path != test.path || d.Summary != test.summary {
				t.Errorf("got %q: %q, want %q: %q", d.Path, d.Summary, test.path, test.summary)
			}
		})
	}
}

// FuzzDecode checks that no config makes the decoder panic, and that it accepts only
// what encoding/json accepts too.
func FuzzDecode(f *testing.F) {
	f.Add(`{"title": "a", "channels": ["b", {"name": "c"}], "scale": null}`)
	f.Add(`{"limits": {"": {"min": 1e400}}}`)
	f.Fuzz(func(t *testing.T, text string) {
		if strings.TrimSpace(text) == "" {
			return
		}
		if sdk.Decode([]byte(text), &chart{}) == nil && json.Unmarshal([]byte(text), &chart{}) != nil {
			t.Errorf("accepted %q", text)
		}
	})
}
