package schema

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"
)

// Mismatch is a value that its schema does not allow.
type Mismatch struct {
	// Path is where the value stands, such as channels[2].min; empty: the whole.
	Path string
	// Why says what is wrong.
	Why string
}

// Error is path and reason in one line.
func (m *Mismatch) Error() string {
	if m.Path == "" {
		return m.Why
	}
	return m.Path + ": " + m.Why
}

// Validate tells whether the schema allows the JSON value; if not it is a *Mismatch.
func (s *Schema) Validate(value []byte) error {
	d := json.NewDecoder(bytes.NewReader(value))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		return fmt.Errorf("not JSON: %w", err)
	}
	if m := s.mismatch(v, ""); m != nil {
		return m
	}
	return nil
}

func (s *Schema) mismatch(v any, path string) *Mismatch {
	if s.Never {
		return &Mismatch{path, "not allowed"}
	}
	if len(s.Types) > 0 && !slices.ContainsFunc(s.Types, func(t string) bool { return is(v, t) }) {
		return &Mismatch{path, fmt.Sprintf("%s, want %s", typeOf(v), strings.Join(s.Types, " or "))}
	}
	if len(s.Enum) > 0 && !slices.ContainsFunc(s.Enum, func(e json.RawMessage) bool { return same(e, v) }) {
		return &Mismatch{path, "not one of its values"}
	}
	if len(s.AnyOf) > 0 && !slices.ContainsFunc(s.AnyOf, func(a *Schema) bool { return a.mismatch(v, path) == nil }) {
		return &Mismatch{path, "none of the ways to write it"}
	}
	switch v := v.(type) {
	case map[string]any:
		return s.object(v, path)
	case []any:
		for i, element := range v {
			if s.Items == nil {
				break
			}
			if m := s.Items.mismatch(element, fmt.Sprintf("%s[%d]", path, i)); m != nil {
				return m
			}
		}
	}
	return nil
}

func (s *Schema) object(members map[string]any, path string) *Mismatch {
	for key, v := range members {
		inner, ok := s.Property(key)
		if !ok {
			inner = s.Additional
		}
		if inner == nil {
			continue
		}
		at := key
		if path != "" {
			at = path + "." + key
		}
		if m := inner.mismatch(v, at); m != nil {
			return m
		}
	}
	return nil
}

func is(v any, want string) bool {
	got := typeOf(v)
	return got == want || got == "integer" && want == "number"
}

// typeOf names the type of a decoded value in JSON Schema's words. A number without a
// fraction is an integer, however it is written.
func typeOf(v any) string {
	switch v := v.(type) {
	case nil:
		return "null"
	case bool:
		return "boolean"
	case string:
		return "string"
	case []any:
		return "array"
	case map[string]any:
		return "object"
	case json.Number:
		if f, err := v.Float64(); err == nil && f == math.Trunc(f) {
			return "integer"
		}
	}
	return "number"
}

// same tells whether a value is the one that the JSON text says.
func same(text json.RawMessage, v any) bool {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	var w any
	if d.Decode(&w) != nil {
		return false
	}
	a, errA := json.Marshal(v)
	b, errB := json.Marshal(w)
	return errA == nil && errB == nil && bytes.Equal(a, b)
}
