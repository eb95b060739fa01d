package config

import (
	"reflect"
	"strings"
	"time"
)

// kind is what a key holds.
type kind uint8

const (
	section  kind = iota // named keys
	list                 // sections, by position
	free                 // anything, checked by a plugin
	text                 // a string
	choice               // one of a few strings
	integer              // an int
	number               // a finite float64
	flag                 // a bool
	duration             // a time.Duration
	texts                // strings
	naturals             // uint64s
	numbers              // finite float64s
)

// wants says in words what a kind holds.
func (k kind) wants() string {
	return [...]string{
		section: "keys of its own", list: "a list of sections", free: "keys of its own", text: "text",
		choice: "one of its names", integer: "a whole number", number: "a number", flag: "true or false",
		duration: "a duration such as 90s or 2m", texts: "a list of texts",
		naturals: "a list of whole numbers from 0", numbers: "a list of numbers",
	}[k]
}

// schema is what a key may hold, derived from Config's types.
type schema struct {
	kind    kind
	fields  []field  // of a section, in the order of the struct
	elem    *schema  // of a list
	choices []string // of a choice
}

type field struct {
	name string
	*schema
}

// field finds a section's key.
func (s *schema) field(name string) *schema {
	for _, f := range s.fields {
		if f.name == name {
			return f.schema
		}
	}
	return nil
}

// keys lists the dotted paths of a section and all that is in it; the elements of a
// list have the index 0.
func (s *schema) keys(prefix string) []string {
	var out []string
	switch s.kind {
	case section:
		for _, f := range s.fields {
			key := join(prefix, f.name)
			out = append(append(out, key), f.keys(key)...)
		}
	case list:
		out = s.elem.keys(join(prefix, "0"))
	}
	return out
}

// schemaOf derives the schema of a type of Config. A type that it cannot map is a
// mistake in this package.
func schemaOf(t reflect.Type) *schema {
	if c, ok := reflect.Zero(t).Interface().(interface{ Values() []string }); ok {
		return &schema{kind: choice, choices: c.Values()}
	}
	switch t {
	case reflect.TypeFor[time.Duration]():
		return &schema{kind: duration}
	case reflect.TypeFor[map[string]any]():
		return &schema{kind: free}
	case reflect.TypeFor[[]string]():
		return &schema{kind: texts}
	case reflect.TypeFor[[]uint64]():
		return &schema{kind: naturals}
	case reflect.TypeFor[[]float64]():
		return &schema{kind: numbers}
	}
	switch t.Kind() {
	case reflect.Struct:
		s := &schema{kind: section}
		for i := range t.NumField() {
			if f := t.Field(i); f.IsExported() {
				s.fields = append(s.fields, field{name: f.Tag.Get("yaml"), schema: schemaOf(f.Type)})
			}
		}
		return s
	case reflect.Slice:
		return &schema{kind: list, elem: schemaOf(t.Elem())}
	case reflect.String:
		return &schema{kind: text}
	case reflect.Int:
		return &schema{kind: integer}
	case reflect.Float64:
		return &schema{kind: number}
	case reflect.Bool:
		return &schema{kind: flag}
	}
	panic("config: no schema for " + t.String())
}

// configSchema is the schema of the whole Config.
func configSchema() *schema { return schemaOf(reflect.TypeFor[Config]()) }

// join makes a dotted path. A key of a plugin's config may have dots: it is quoted.
func join(path, key string) string {
	if strings.Contains(key, ".") {
		key = `"` + key + `"`
	}
	if path == "" {
		return key
	}
	return path + "." + key
}
