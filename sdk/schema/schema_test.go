package schema_test

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/fusemoe/fusemoe/sdk/schema"
)

type settings struct {
	Model    string           `json:"model" doc:"folder with the weights"`
	Scale    string           `json:"scale" enum:"standard,none"`
	Max      *float64         `json:"max"`
	Layers   []int            `json:"layers"`
	Limits   map[string]limit `json:"limits"`
	Channels []channel        `json:"channels"`
	Next     *settings        `json:"next"`
	Hidden   string           `json:"-"`
	Free     any              `json:"free"`
	shared
}

type shared struct {
	Debug bool `json:"debug" doc:"writes more"`
}

type limit struct {
	Low float64 `json:"low"`
}

// channel may be written as its name alone, and says so.
type channel struct {
	Name string `json:"name"`
}

func (*channel) UnmarshalJSON([]byte) error { return nil }

func (channel) ConfigSchema() *schema.Schema {
	type plain channel
	return &schema.Schema{AnyOf: []*schema.Schema{{Types: []string{"string"}}, schema.Of(plain{})}}
}

func TestOfDescribesWhatDecodeReads(t *testing.T) {
	got, err := json.Marshal(schema.Of(settings{Scale: "standard", Layers: []int{1, 2}}))
	if err != nil {
		t.Fatal(err)
	}
	const want = `{"type":"object","properties":{` +
		`"model":{"type":"string","description":"folder with the weights"},` +
		`"scale":{"type":"string","default":"standard","enum":["standard","none"]},` +
		`"max":{"type":"number"},` +
		`"layers":{"type":"array","default":[1,2],"items":{"type":"integer"}},` +
		`"limits":{"type":"object","additionalProperties":{"type":"object","properties":{"low":{"type":"number","default":0}},` +
		`"additionalProperties":false}},` +
		`"channels":{"type":"array","items":{"anyOf":[{"type":"string"},{"type":"object",` +
		`"properties":{"name":{"type":"string"}},"additionalProperties":false}]}},` +
		`"next":{},"free":{},` +
		`"debug":{"type":"boolean","description":"writes more","default":false}},` +
		`"additionalProperties":false}`
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Error(diff)
	}
	again, err := schema.Parse(got)
	if err != nil {
		t.Fatal(err)
	}
	if second, err := json.Marshal(again); err != nil || string(second) != string(got) {
		t.Errorf("reading and writing it gives %s, %v", second, err)
	}
}

func TestValidate(t *testing.T) {
	s := schema.Of(settings{})
	tests := []struct{ json, want string }{
		{`{}`, ""},
		{`{"model": "m", "scale": "none", "max": 2, "layers": [1, 2.0], "free": [null]}`, ""},
		{`{"channels": ["hr", {"name": "temp"}], "limits": {"hr": {"low": 1.5}}}`, ""},
		{`{"mode": "m"}`, "mode: not allowed"},
		{`{"model": 3}`, "model: integer, want string"},
		{`{"scale": "quantile"}`, "scale: not one of its values"},
		{`{"layers": [1, 2.5]}`, "layers[1]: number, want integer"},
		{`{"limits": {"hr": {"low": true}}}`, "limits.hr.low: boolean, want number"},
		{`{"channels": [7]}`, "channels[0]: none of the ways to write it"},
		{`[]`, "array, want object"},
		{`{`, "not JSON: unexpected EOF"},
	}
	for _, test := range tests {
		t.Run(test.json, func(t *testing.T) {
			got := ""
			if err := s.Validate([]byte(test.json)); err != nil {
				got = err.Error()
			}
			if got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

func TestParseKeepsOrderAndPassesOverTheRest(t *testing.T) {
	s, err := schema.Parse([]byte(`{"$schema": "x", "type": ["object", "null"], "minProperties": 1,
		"properties": {"z": true, "a": {"type": "integer", "minimum": 3}}, "additionalProperties": false}`))
	if err != nil {
		t.Fatal(err)
	}
	for value, allowed := range map[string]bool{`null`: true, `{"z": []}`: true, `{"b": 1}`: false, `3`: false} {
		if err := s.Validate([]byte(value)); (err == nil) != allowed {
			t.Errorf("%s: %v", value, err)
		}
	}
	want := []schema.Key{{Path: "z", Type: "any"}, {Path: "a", Type: "integer"}}
	if diff := cmp.Diff(want, s.Keys()); diff != "" {
		t.Error(diff)
	}
}

func FuzzParse(f *testing.F) {
	f.Add(`{"type": "object", "properties": {"a": {"items": {"anyOf": [false]}}}}`, `{"a": [1]}`)
	f.Add(`{"enum": [1, "a"], "type": []}`, `"a"`)
	f.Fuzz(func(t *testing.T, text, value string) {
		s, err := schema.Parse([]byte(text))
		if err != nil {
			return
		}
		s.Keys()
		if out, err := json.Marshal(s); err != nil {
			t.Errorf("read but not written: %v", err)
		} else if _, err := schema.Parse(out); err != nil {
			t.Errorf("wrote %s: %v", out, err)
		}
		_ = s.Validate([]byte(value)) // whatever it says, it returns
	})
}

func ExampleSchema_Keys() {
	type config struct {
		Max     float64  `json:"max" doc:"beats a minute; more is a mistake"`
		Columns []string `json:"columns"`
	}
	for _, k := range schema.Of(config{Max: 250}).Keys() {
		fmt.Printf("%s (%s, default %q): %s\n", k.Path, k.Type, k.Default, k.Description)
	}
	// Output:
	// max (number, default "250"): beats a minute; more is a mistake
	// columns (list of string, default ""):
}
