package data

import (
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// yamlFile reports what is wrong with dataset.yaml, with lines and key paths.
type yamlFile struct{ r *report }

func (y yamlFile) add(n *yaml.Node, path, what, fix string) {
	p := Problem{File: manifestFile, Column: path, What: what, Fix: fix}
	if n != nil {
		p.Line = n.Line
	}
	y.r.add(p)
}

// mapping returns the values of a mapping by key and reports unknown keys.
func (y yamlFile) mapping(n *yaml.Node, path string, keys []string) map[string]*yaml.Node {
	if n.Kind != yaml.MappingNode {
		y.add(n, path, "is no mapping of keys to values", "it may have "+strings.Join(keys, ", "))
		return nil
	}
	values := map[string]*yaml.Node{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key := n.Content[i]
		if !slices.Contains(keys, key.Value) {
			y.add(key, join(path, key.Value), "is an unknown key", suggest(key.Value, keys))
			continue
		}
		if values[key.Value] != nil {
			y.add(key, join(path, key.Value), "is there twice", "remove one")
		}
		values[key.Value] = n.Content[i+1]
	}
	return values
}

func (y yamlFile) list(n *yaml.Node, path string, each func(n *yaml.Node, path string)) {
	if n == nil {
		return
	}
	if n.Kind != yaml.SequenceNode || len(n.Content) == 0 {
		y.add(n, path, "is no list with at least one entry", "see docs/dataset.md")
		return
	}
	for i, entry := range n.Content {
		each(entry, fmt.Sprintf("%s.%d", path, i))
	}
}

func (y yamlFile) decode(n *yaml.Node, path, want string, into any) {
	if n == nil || n.Kind == yaml.MappingNode && len(n.Content) == 0 {
		return
	}
	if err := n.Decode(into); err != nil {
		y.add(n, path, "is not "+want, "see docs/dataset.md")
	}
}

func (y yamlFile) require(n *yaml.Node, path string, values map[string]*yaml.Node, keys ...string) {
	for _, key := range keys {
		if v := values[key]; values != nil && (v == nil || v.Kind == yaml.ScalarNode && v.Value == "") {
			y.add(n, join(path, key), "is missing", "see docs/dataset.md")
		}
	}
}

func (y yamlFile) unique(n *yaml.Node, path string, names []string) {
	for i, name := range names {
		if name != "" && slices.Index(names, name) < i {
			y.add(n, path, fmt.Sprintf("names %s twice", name), "rename one")
		}
	}
}

func join(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}
