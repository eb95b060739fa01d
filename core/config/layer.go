package config

import (
	"fmt"
	"math"
	"slices"
	"strconv"

	"go.yaml.in/yaml/v3"
)

// layer is one source of settings on its way into the whole: a file, a variable or
// a flag. Its elements of lists are keyed by position, "0", "1" and so on, so that a
// later layer can change one of them.
type layer struct {
	values  map[string]any
	origins map[string]Origin
	// replaces are the paths whose earlier values this layer does not add to.
	replaces []string
	problems []Problem

	source string
	lined  bool // whether line numbers of the source mean anything
	budget int
}

// maxNodes bounds what aliases may expand to; a config of a hundred modalities with
// a hundred channels each has 50,000.
const maxNodes = 200_000

func newLayer(source string) *layer {
	return &layer{values: map[string]any{}, origins: map[string]Origin{}, source: source, budget: maxNodes}
}

func (l *layer) origin(n *yaml.Node) Origin {
	if !l.lined {
		return Origin{Name: l.source}
	}
	return Origin{Name: l.source, Line: n.Line}
}

func (l *layer) refuse(n *yaml.Node, key, format string, args ...any) {
	l.problems = append(l.problems, Problem{Key: key, Origin: l.origin(n), Message: fmt.Sprintf(format, args...)})
}

// spend counts one node and tells whether there may be more.
func (l *layer) spend(n *yaml.Node, path string) bool {
	l.budget--
	if l.budget == 0 {
		l.refuse(n, path, "aliases make this config larger than %d values; write them out", maxNodes)
	}
	return l.budget > 0
}

// read puts what a node says about the key at path into the parent map.
func (l *layer) read(s *schema, path, name string, n *yaml.Node, parent map[string]any) {
	n = resolve(n)
	if !l.spend(n, path) {
		return
	}
	switch s.kind {
	case section:
		l.readSection(s, path, n, child(parent, name))
	case list:
		l.readList(s, path, name, n, parent)
	case free:
		l.readFree(path, name, n, parent)
	default:
		v, err := s.value(n)
		if err != nil {
			l.refuse(n, path, "%v", err)
			return
		}
		parent[name] = v
		l.origins[path] = l.origin(n)
	}
}

func (l *layer) readSection(s *schema, path string, n *yaml.Node, into map[string]any) {
	if n.ShortTag() == "!!null" {
		return // a heading with nothing beneath it
	}
	if n.Kind != yaml.MappingNode {
		l.refuse(n, path, "%v", wrongType(s.kind.wants(), n))
		return
	}
	for key, v := range l.pairs(path, n) {
		f := s.field(key.Value)
		if f == nil {
			l.refuse(key, join(path, key.Value), "unknown key%s", suggestKey(path, key.Value, s))
			continue
		}
		l.read(f, join(path, key.Value), key.Value, v, into)
	}
}

func (l *layer) readList(s *schema, path, name string, n *yaml.Node, parent map[string]any) {
	if n.Kind != yaml.SequenceNode {
		l.refuse(n, path, "%v", wrongType(s.kind.wants(), n))
		return
	}
	l.replaces = append(l.replaces, path)
	into := child(parent, name)
	for i, c := range n.Content {
		index := strconv.Itoa(i)
		l.origins[join(path, index)] = l.origin(c)
		l.read(s.elem, join(path, index), index, c, into)
	}
	l.origins[path] = l.origin(n)
}

func (l *layer) readFree(path, name string, n *yaml.Node, parent map[string]any) {
	if n.ShortTag() == "!!null" {
		return
	}
	if n.Kind != yaml.MappingNode {
		l.refuse(n, path, "%v", wrongType(free.wants(), n))
		return
	}
	l.replaces = append(l.replaces, path)
	parent[name] = l.anything(path, n, true)
}

// anything is a node's plain Go value: maps, slices, strings, bools, finite numbers.
// Each value has its origin noted, a list as a whole.
func (l *layer) anything(path string, n *yaml.Node, note bool) any {
	n = resolve(n)
	if !l.spend(n, path) {
		return nil
	}
	if n.Kind == yaml.MappingNode {
		out := make(map[string]any, len(n.Content)/2)
		for key, v := range l.pairs(path, n) {
			out[key.Value] = l.anything(join(path, key.Value), v, note)
		}
		return out
	}
	if note {
		l.origins[path] = l.origin(n)
	}
	if n.Kind == yaml.SequenceNode {
		out := make([]any, len(n.Content))
		for i, c := range n.Content {
			out[i] = l.anything(join(path, strconv.Itoa(i)), c, false)
		}
		return out
	}
	return l.scalar(path, n)
}

func (l *layer) scalar(path string, n *yaml.Node) any {
	var v any
	switch n.ShortTag() {
	case "!!timestamp", "!!binary":
		return n.Value
	case "!!str", "!!int", "!!float", "!!bool", "!!null":
		if err := n.Decode(&v); err != nil {
			l.refuse(n, path, "not a value: %s", quoted(n))
		}
	default:
		l.refuse(n, path, "YAML tags such as %s mean nothing here", n.Tag)
	}
	if f, ok := v.(float64); ok && (math.IsNaN(f) || math.IsInf(f, 0)) {
		l.refuse(n, path, "want a finite number, not %s", n.Value)
	}
	return v
}

// pairs yields the keys and values of a mapping, those that "<<" merges in included,
// and refuses keys that are given twice or are no text.
func (l *layer) pairs(path string, n *yaml.Node) func(yield func(key, value *yaml.Node) bool) {
	lines := map[string]int{}
	return func(yield func(key, value *yaml.Node) bool) {
		var merged []*yaml.Node
		for pair := range slices.Chunk(n.Content, 2) {
			key, value := resolve(pair[0]), pair[1]
			switch {
			case key.ShortTag() == "!!merge":
				merged = append(merged, value)
				continue
			case key.Kind != yaml.ScalarNode:
				l.refuse(key, path, "a key must be a name")
				continue
			case lines[key.Value] != 0:
				l.refuse(key, join(path, key.Value), "given twice, first in line %d; remove one", lines[key.Value])
				continue
			}
			lines[key.Value] = max(key.Line, 1)
			if !yield(key, value) {
				return
			}
		}
		for _, m := range merged {
			l.yieldMerged(path, resolve(m), lines, yield)
		}
	}
}

// yieldMerged yields what a "<<" brings and the mapping itself does not say.
func (l *layer) yieldMerged(path string, m *yaml.Node, own map[string]int, yield func(key, value *yaml.Node) bool) {
	maps := []*yaml.Node{m}
	if m.Kind == yaml.SequenceNode {
		maps = m.Content
	}
	for _, m := range maps {
		m = resolve(m)
		if !l.spend(m, path) {
			return
		}
		if m.Kind != yaml.MappingNode {
			l.refuse(m, path, `"<<" must name a mapping`)
			continue
		}
		for key, value := range l.pairs(path, m) {
			if own[key.Value] == 0 {
				own[key.Value] = max(key.Line, 1)
				if !yield(key, value) {
					return
				}
			}
		}
	}
}

// child is the map at name, made where it is not there yet.
func child(parent map[string]any, name string) map[string]any {
	m, ok := parent[name].(map[string]any)
	if !ok {
		m = map[string]any{}
		parent[name] = m
	}
	return m
}
