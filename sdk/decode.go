package sdk

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/fusemoe/fusemoe/sdk/schema"
)

// Decode reads JSON strictly into what v points to, as Config.Decode does. It is for the
// UnmarshalJSON methods of config types: the path in its diagnostics continues that of
// the surrounding config.
func Decode(data []byte, v any) error {
	return decode(data, reflect.ValueOf(v).Elem(), "")
}

func decode(data []byte, v reflect.Value, path string) error {
	if _, ok := v.Addr().Interface().(json.Unmarshaler); ok {
		return decodeLeaf(data, v, path)
	}
	switch v.Kind() {
	case reflect.Pointer:
		if string(data) == "null" {
			v.SetZero()
			return nil
		}
		v.Set(reflect.New(v.Type().Elem()))
		return decode(data, v.Elem(), path)
	case reflect.Struct:
		return decodeStruct(data, v, path)
	case reflect.Slice:
		return decodeSlice(data, v, path)
	case reflect.Map:
		return decodeMap(data, v, path)
	default:
		return decodeLeaf(data, v, path)
	}
}

func decodeStruct(data []byte, v reflect.Value, path string) error {
	var members map[string]json.RawMessage
	if err := json.Unmarshal(data, &members); err != nil {
		return wrongType(err, v.Type(), path)
	}
	fields := make(map[string]schema.Field)
	for _, f := range schema.Fields(v.Type()) {
		fields[f.Name] = f
	}
	for _, key := range slices.Sorted(maps.Keys(members)) {
		f, ok := fields[key]
		if !ok {
			return unknownKey(key, slices.Sorted(maps.Keys(fields)), path)
		}
		at, field := join(path, key), v.FieldByIndex(f.Index)
		if err := decode(members[key], field, at); err != nil {
			return err
		}
		if len(f.Enum) > 0 && field.Kind() == reflect.String && !slices.Contains(f.Enum, field.String()) {
			return noChoice(field.String(), f.Enum, at)
		}
	}
	return nil
}

// noChoice says that a text is none of those that its key allows.
func noChoice(text string, valid []string, path string) *Diagnostic {
	d := &Diagnostic{Path: path, Summary: fmt.Sprintf("unknown value %q", text), Detail: "valid: " + strings.Join(valid, ", ")}
	if near := nearest(text, valid); near != "" {
		d.Summary += fmt.Sprintf(", did you mean %s?", near)
	}
	return d
}

func decodeSlice(data []byte, v reflect.Value, path string) error {
	var elements []json.RawMessage
	if err := json.Unmarshal(data, &elements); err != nil {
		return wrongType(err, v.Type(), path)
	}
	out := reflect.MakeSlice(v.Type(), len(elements), len(elements))
	for i, e := range elements {
		if err := decode(e, out.Index(i), fmt.Sprintf("%s[%d]", path, i)); err != nil {
			return err
		}
	}
	v.Set(out)
	return nil
}

func decodeMap(data []byte, v reflect.Value, path string) error {
	var members map[string]json.RawMessage
	if err := json.Unmarshal(data, &members); err != nil || v.Type().Key().Kind() != reflect.String {
		return wrongType(err, v.Type(), path)
	}
	out := reflect.MakeMapWithSize(v.Type(), len(members))
	for _, key := range slices.Sorted(maps.Keys(members)) {
		e := reflect.New(v.Type().Elem()).Elem()
		if err := decode(members[key], e, join(path, key)); err != nil {
			return err
		}
		out.SetMapIndex(reflect.ValueOf(key).Convert(v.Type().Key()), e)
	}
	v.Set(out)
	return nil
}

func decodeLeaf(data []byte, v reflect.Value, path string) error {
	err := json.Unmarshal(data, v.Addr().Interface())
	if err == nil {
		return nil
	}
	if d, ok := errors.AsType[*Diagnostic](err); ok {
		return &Diagnostic{Path: join(path, d.Path), Summary: d.Summary, Detail: d.Detail}
	}
	return wrongType(err, v.Type(), path)
}

// wrongType says that the value at path is not what the config type wants.
func wrongType(err error, want reflect.Type, path string) *Diagnostic {
	if e, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		return &Diagnostic{Path: path, Summary: fmt.Sprintf("%s is not %s", e.Value, article(want))}
	}
	return &Diagnostic{Path: path, Summary: err.Error()}
}

// article names a Go type in the words of JSON.
func article(t reflect.Type) string {
	switch t.Kind() {
	case reflect.Struct, reflect.Map:
		return "an object"
	case reflect.Slice:
		return "a list"
	case reflect.String:
		return "a text"
	case reflect.Bool:
		return "true or false"
	case reflect.Float32, reflect.Float64:
		return "a number"
	default:
		return "a whole number that fits " + t.String()
	}
}

func unknownKey(key string, valid []string, path string) *Diagnostic {
	d := &Diagnostic{Path: join(path, key), Summary: "unknown key", Detail: "valid: " + strings.Join(valid, ", ")}
	if near := nearest(key, valid); near != "" {
		d.Summary += fmt.Sprintf(", did you mean %s?", near)
	}
	return d
}

// join appends a key, or a path that begins with one, to a path.
func join(path, key string) string {
	if path == "" || key == "" || key[0] == '[' {
		return path + key
	}
	return path + "." + key
}

// nearest is the valid name that is the fewest edits away from key, or "" if none is
// near enough to be what was meant.
func nearest(key string, valid []string) string {
	best, least := "", 1+len(key)/3
	for _, name := range valid {
		if d := edits(key, name); d <= least && (best == "" || d < least) {
			best, least = name, d
		}
	}
	return best
}

// edits is the number of bytes to insert, delete, change, or swap with their neighbour to
// get from a to b (the optimal string alignment distance).
func edits(a, b string) int {
	d := make([][]int, len(a)+1)
	for i := range d {
		d[i] = make([]int, len(b)+1)
		for j := range d[i] {
			if i == 0 || j == 0 {
				d[i][j] = i + j
				continue
			}
			change := d[i-1][j-1]
			if a[i-1] != b[j-1] {
				change++
			}
			d[i][j] = min(change, d[i-1][j]+1, d[i][j-1]+1)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				d[i][j] = min(d[i][j], d[i-2][j-2]+1)
			}
		}
	}
	return d[len(a)][len(b)]
}
