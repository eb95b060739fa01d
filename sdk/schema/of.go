package schema

import (
	"cmp"
	"encoding"
	"encoding/json"
	"reflect"
	"slices"
	"strings"
)

// Source is a config type that reads JSON in its own way and says what it reads.
type Source interface {
	// ConfigSchema is called on a zero value.
	ConfigSchema() *Schema
}

// Of derives the schema of the JSON that sdk.Decode reads into a value of v's type. What
// v holds are the defaults. The tags of a struct's fields add to it:
//
//	Max float64 `json:"max" doc:"beats a minute; more is a mistake"`
//	Scale string `json:"scale" enum:"standard,none"`
//
// A type with an UnmarshalJSON method allows anything unless it is a Source.
func Of(v any) *Schema {
	value := reflect.ValueOf(v)
	if !value.IsValid() {
		return &Schema{}
	}
	return of(value, nil)
}

// of describes v; around are the types that v is part of.
func of(v reflect.Value, around []reflect.Type) *Schema {
	t := v.Type()
	if t.Kind() == reflect.Pointer {
		if v.IsNil() {
			v = reflect.New(t.Elem())
		}
		return of(v.Elem(), around)
	}
	if source, ok := reflect.New(t).Interface().(Source); ok {
		return source.ConfigSchema()
	}
	switch reflect.New(t).Interface().(type) {
	case json.Unmarshaler:
		return &Schema{}
	case encoding.TextUnmarshaler:
		return &Schema{Types: []string{"string"}}
	}
	if slices.Contains(around, t) { // a type that holds itself has no end
		return &Schema{}
	}
	around = append(slices.Clip(around), t)
	switch t.Kind() {
	case reflect.Struct:
		return ofStruct(v, around)
	case reflect.Slice, reflect.Array:
		return &Schema{Types: []string{"array"}, Items: of(reflect.Zero(t.Elem()), around)}
	case reflect.Map:
		return &Schema{Types: []string{"object"}, Additional: of(reflect.Zero(t.Elem()), around)}
	case reflect.String:
		return &Schema{Types: []string{"string"}}
	case reflect.Bool:
		return &Schema{Types: []string{"boolean"}}
	case reflect.Float32, reflect.Float64:
		return &Schema{Types: []string{"number"}}
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64,
		reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr:
		return &Schema{Types: []string{"integer"}}
	default:
		return &Schema{}
	}
}

func ofStruct(v reflect.Value, around []reflect.Type) *Schema {
	s := &Schema{Types: []string{"object"}, Additional: &Schema{Never: true}}
	for _, f := range Fields(v.Type()) {
		value, err := v.FieldByIndexErr(f.Index)
		if err != nil { // inside an embedded pointer that is nil
			value = reflect.Zero(f.Type)
		}
		p := of(value, around)
		p.Description = cmp.Or(f.Doc, p.Description)
		p.Default = byDefault(value)
		for _, choice := range f.Enum {
			text, _ := json.Marshal(choice) // a string always has JSON
			p.Enum = append(p.Enum, text)
		}
		s.Properties = append(s.Properties, Property{f.Name, p})
	}
	return s
}

// byDefault is the JSON of a default, or nil if it says no more than that nothing is set.
func byDefault(v reflect.Value) json.RawMessage {
	switch v.Kind() {
	case reflect.Struct: // its own keys have their defaults
		return nil
	case reflect.Pointer, reflect.Slice, reflect.Map, reflect.Interface, reflect.String:
		if v.IsZero() {
			return nil
		}
	}
	text, err := json.Marshal(v.Interface())
	if err != nil { // such as for NaN, which JSON cannot say
		return nil
	}
	return text
}

// Field is a key of a config and the field of the struct that it is read into.
type Field struct {
	Name  string
	Index []int // as reflect's FieldByIndex takes it
	Type  reflect.Type
	// Doc and Enum are what the field's tags say.
	Doc  string
	Enum []string
}

// Fields are the keys of the config struct of type t, those of embedded structs among
// them.
func Fields(t reflect.Type) []Field {
	var all []Field
	for _, f := range reflect.VisibleFields(t) {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if !f.IsExported() || f.Anonymous || name == "-" {
			continue
		}
		field := Field{Name: cmp.Or(name, f.Name), Index: f.Index, Type: f.Type, Doc: f.Tag.Get("doc")}
		if enum, ok := f.Tag.Lookup("enum"); ok {
			field.Enum = strings.Split(enum, ",")
		}
		all = append(all, field)
	}
	return all
}
