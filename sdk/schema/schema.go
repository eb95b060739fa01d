// Package schema describes what a plugin's config may hold, as JSON Schema: derived from
// the Go struct that the author reads the config into, or read from a plugin in another
// language.
//
//	s := schema.Of(config{Max: 250})
//	text, err := json.Marshal(s)
//
// It knows the part of JSON Schema that configs need (draft 2020-12: type, properties,
// additionalProperties, items, enum, anyOf, default, description) and passes over the rest.
package schema

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
)

// Schema is one JSON Schema. The zero value allows everything.
type Schema struct {
	// Never is the schema that allows nothing, false in JSON.
	Never bool
	// Types are the JSON types that are allowed, such as "string"; none: all.
	Types       []string
	Description string
	// Default is what counts if the value is left out, as JSON; nil: nothing.
	Default json.RawMessage
	// Enum are the values that are allowed, as JSON; none: all.
	Enum []json.RawMessage
	// Properties are the keys of an object, in the author's order.
	Properties []Property
	// Additional is what other keys may hold; nil: anything.
	Additional *Schema
	// Items is what the elements of a list may be; nil: anything.
	Items *Schema
	// AnyOf are schemas of which one must allow the value; none: no such rule.
	AnyOf []*Schema
}

// Property is one key of an object.
type Property struct {
	Name   string
	Schema *Schema
}

// Property returns the schema of a key of an object, and whether there is such a key.
func (s *Schema) Property(name string) (*Schema, bool) {
	for _, p := range s.Properties {
		if p.Name == name {
			return p.Schema, true
		}
	}
	return nil, false
}

// Parse reads a JSON Schema. Rules that this package does not know are passed over.
func Parse(text []byte) (*Schema, error) {
	s := &Schema{}
	if err := json.Unmarshal(text, s); err != nil {
		return nil, fmt.Errorf("not a JSON Schema: %w", err)
	}
	return s, nil
}

// wire is a Schema as it stands in JSON.
type wire struct {
	Types       json.RawMessage   `json:"type,omitempty"`
	Description string            `json:"description,omitempty"`
	Default     json.RawMessage   `json:"default,omitempty"`
	Enum        []json.RawMessage `json:"enum,omitempty"`
	Properties  *properties       `json:"properties,omitempty"`
	Additional  *Schema           `json:"additionalProperties,omitempty"`
	Items       *Schema           `json:"items,omitempty"`
	AnyOf       []*Schema         `json:"anyOf,omitempty"`
}

// MarshalJSON writes the schema.
func (s *Schema) MarshalJSON() ([]byte, error) {
	if s.Never {
		return []byte("false"), nil
	}
	w := wire{
		Description: s.Description, Default: s.Default, Enum: s.Enum,
		Additional: s.Additional, Items: s.Items, AnyOf: s.AnyOf,
	}
	if len(s.Properties) > 0 {
		w.Properties = (*properties)(&s.Properties)
	}
	var err error
	switch len(s.Types) {
	case 0:
	case 1:
		w.Types, err = json.Marshal(s.Types[0])
	default:
		w.Types, err = json.Marshal(s.Types)
	}
	if err != nil {
		return nil, err
	}
	return json.Marshal(w)
}

// UnmarshalJSON reads a schema.
func (s *Schema) UnmarshalJSON(text []byte) error {
	var allows bool
	if json.Unmarshal(text, &allows) == nil {
		*s = Schema{Never: !allows}
		return nil
	}
	var w wire
	if err := json.Unmarshal(text, &w); err != nil {
		return err
	}
	*s = Schema{
		Description: w.Description, Default: w.Default, Enum: w.Enum,
		Additional: w.Additional, Items: w.Items, AnyOf: w.AnyOf,
	}
	if w.Properties != nil {
		s.Properties = *w.Properties
	}
	var one string
	if json.Unmarshal(w.Types, &one) == nil {
		s.Types = []string{one}
	} else if len(w.Types) > 0 {
		return json.Unmarshal(w.Types, &s.Types)
	}
	return nil
}

// properties is a JSON object that keeps the order of its keys.
type properties []Property

func (p *properties) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	b.WriteByte('{')
	for i, property := range *p {
		if i > 0 {
			b.WriteByte(',')
		}
		name, err := json.Marshal(property.Name)
		if err != nil {
			return nil, err
		}
		value, err := json.Marshal(property.Schema)
		if err != nil {
			return nil, err
		}
		b.Write(append(append(name, ':'), value...))
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

func (p *properties) UnmarshalJSON(text []byte) error {
	var members map[string]*Schema
	if err := json.Unmarshal(text, &members); err != nil {
		return err
	}
	order, err := keys(text)
	if err != nil {
		return err
	}
	for _, name := range order {
		if s := members[name]; s != nil {
			*p = append(*p, Property{name, s})
		}
	}
	return nil
}

// keys are the keys of a JSON object in the order in which they stand, once each.
func keys(object []byte) ([]string, error) {
	d := json.NewDecoder(bytes.NewReader(object))
	if _, err := d.Token(); err != nil {
		return nil, err
	}
	var names []string
	for d.More() {
		key, err := d.Token()
		if err != nil {
			return nil, err
		}
		var skip json.RawMessage
		if err := d.Decode(&skip); err != nil {
			return nil, err
		}
		if name, ok := key.(string); ok && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names, nil
}
