package config

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/fusemoe/fusemoe/core/kernel"
	"github.com/fusemoe/fusemoe/sdk"
)

// Assignment is a setting given on the command line.
type Assignment struct {
	// Flag is what the user typed before the value, such as "--set" or "--data".
	Flag string
	// Key is a dotted path, such as "model.router.top_k" or
	// "modalities.0.config.scale".
	Key string
	// Value is read as the key's type demands; a plugin's settings are read as YAML.
	Value string
}

// ParseSet reads the key=value of a --set flag.
func ParseSet(text string) (Assignment, error) {
	key, value, ok := strings.Cut(text, "=")
	if !ok || key == "" {
		return Assignment{}, fmt.Errorf("--set %s: want key=value, such as --set train.epochs=4", text)
	}
	return Assignment{Flag: "--set", Key: strings.TrimSpace(key), Value: value}, nil
}

// assign reads the value of a dotted key.
func (l *layer) assign(root *schema, key, value string) {
	s, parent, name := root, map[string]any{"": l.values}, ""
	parts, path := strings.Split(key, "."), ""
	for i, part := range parts {
		if s.kind == free {
			l.assignFree(path, parts[i:], value, child(parent, name))
			return
		}
		next, complaint := s.step(path, part)
		if complaint != "" {
			l.problems = append(l.problems, Problem{
				Key: join(path, part), Origin: Origin{Name: l.source}, Message: complaint,
			})
			return
		}
		s, parent, name, path = next, child(parent, name), part, join(path, part)
	}
	n, err := s.parseText(value)
	if err != nil {
		l.problems = append(l.problems, Problem{
			Key: path, Origin: Origin{Name: l.source}, Message: complainYAML(err, false),
		})
		return
	}
	l.read(s, path, name, n, parent)
}

// step is the schema of one key beneath another, or a complaint.
func (s *schema) step(path, part string) (next *schema, complaint string) {
	switch s.kind {
	case section:
		if f := s.field(part); f != nil {
			return f, ""
		}
		return nil, "unknown key" + suggestKey(path, part, s)
	case list:
		if i, err := strconv.Atoi(part); err == nil && i >= 0 && strconv.Itoa(i) == part {
			return s.elem, ""
		}
		return nil, fmt.Sprintf("%s is a list; give a position from 0, such as %s.0", path, path)
	}
	return nil, fmt.Sprintf("%s holds %s and has no keys of its own", path, s.kind.wants())
}

// assignFree sets one value deep in a plugin's config.
func (l *layer) assignFree(path string, parts []string, value string, into map[string]any) {
	last := len(parts) - 1
	for _, part := range parts[:last] {
		into, path = child(into, part), join(path, part)
	}
	path = join(path, parts[last])
	n, err := parseYAML([]byte(value))
	if err != nil {
		l.problems = append(l.problems, Problem{
			Key: path, Origin: Origin{Name: l.source}, Message: complainYAML(err, false),
		})
		return
	}
	l.replaces = append(l.replaces, path)
	into[parts[last]] = l.anything(path, n, true)
}

// envPrefix begins the names of the environment variables that are settings, but for
// noSettings.
const envPrefix = "FUSEMOE_"

// noSettings are the variables that name plugins which somebody debugs, the library that
// plugins read networks with, and the instructions that kernels take: they say how a
// machine computes, not what.
var noSettings = []string{sdk.ReattachEnv, sdk.ONNXRuntimeEnv, kernel.PathVariable}

// fromEnviron makes one layer of each FUSEMOE_* variable, in the order of names. A
// variable is named like its key: FUSEMOE_MODEL_ROUTER_TOP_K. An empty one counts as
// not set, as in most programs.
func fromEnviron(root *schema, environ []string) []*layer {
	var layers []*layer
	environ = slices.Clone(environ)
	slices.Sort(environ)
	for _, entry := range environ {
		name, value, _ := strings.Cut(entry, "=")
		if !strings.HasPrefix(name, envPrefix) || value == "" || slices.Contains(noSettings, name) {
			continue
		}
		l := newLayer("env " + name)
		if key := root.envKey(strings.TrimPrefix(name, envPrefix), ""); key != "" {
			l.assign(root, key, value)
		} else {
			l.problems = []Problem{{
				Origin: Origin{Name: l.source}, Message: "unknown variable" + suggestVariable(root, name),
			}}
		}
		layers = append(layers, l)
	}
	return layers
}

// envKey is the dotted key that a variable's name stands for, or "". Underscores
// part keys and also stand in them: the schema tells which. What follows the name of
// a plugin's config is one key, in lower case.
func (s *schema) envKey(name, path string) string {
	if name == "" {
		return path
	}
	switch s.kind {
	case section:
		for _, f := range s.fields {
			rest, ok := strings.CutPrefix(name, strings.ToUpper(f.name))
			if !ok || rest != "" && rest[0] != '_' {
				continue
			}
			if key := f.envKey(strings.TrimPrefix(rest, "_"), join(path, f.name)); key != "" {
				return key
			}
		}
	case list:
		index, rest, _ := strings.Cut(name, "_")
		if _, complaint := s.step(path, index); complaint == "" {
			return s.elem.envKey(rest, join(path, index))
		}
	case free:
		return join(path, strings.ToLower(name))
	}
	return ""
}

func suggestVariable(root *schema, name string) string {
	var known []string
	for _, key := range root.keys("") {
		known = append(known, envPrefix+strings.ToUpper(strings.ReplaceAll(key, ".", "_")))
	}
	if near := Nearest(name, known); near != "" {
		return "; did you mean " + near + "?"
	}
	return "; variables are named like keys, such as FUSEMOE_TRAIN_EPOCHS for train.epochs"
}
