package config

import (
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

// value is what a YAML node means to a key that holds a single value. The error says
// what is wanted, without the key.
func (s *schema) value(n *yaml.Node) (any, error) {
	switch {
	case n.ShortTag() == "!!null":
		return nil, fmt.Errorf("has no value; give %s or leave the key out", s.kind.wants())
	case s.kind == texts:
		return elements(n, asText)
	case s.kind == naturals:
		return elements(n, func(n *yaml.Node) (uint64, error) {
			return decode[uint64](n, "a whole number from 0", "!!int")
		})
	case s.kind == numbers:
		return elements(n, finite)
	case n.Kind != yaml.ScalarNode:
		return nil, wrongType(s.kind.wants(), n)
	}
	switch s.kind {
	case choice:
		return s.choose(n)
	case integer:
		return decode[int](n, s.kind.wants(), "!!int")
	case number:
		return finite(n)
	case flag:
		return decode[bool](n, s.kind.wants(), "!!bool")
	case duration:
		d, err := time.ParseDuration(n.Value)
		if err != nil {
			return nil, wrongType(s.kind.wants(), n)
		}
		return d, nil
	}
	return asText(n)
}

// choose checks a name against the choices.
func (s *schema) choose(n *yaml.Node) (string, error) {
	for _, c := range s.choices {
		if n.Value == c {
			return c, nil
		}
	}
	hint := ""
	if near := Nearest(n.Value, s.choices); near != "" {
		hint = "; did you mean " + near + "?"
	}
	return "", fmt.Errorf("%s is not one of %s%s", quoted(n), strings.Join(s.choices, ", "), hint)
}

// decode reads a scalar whose tag is among those given.
func decode[T any](n *yaml.Node, wants string, tags ...string) (v T, err error) {
	for _, tag := range tags {
		if n.Kind == yaml.ScalarNode && n.ShortTag() == tag {
			if n.Decode(&v) == nil {
				return v, nil
			}
		}
	}
	return v, wrongType(wants, n)
}

func finite(n *yaml.Node) (float64, error) {
	f, err := decode[float64](n, number.wants(), "!!int", "!!float")
	if err == nil && (math.IsNaN(f) || math.IsInf(f, 0)) {
		return 0, fmt.Errorf("want a finite number, not %s", n.Value)
	}
	return f, err
}

func asText(n *yaml.Node) (string, error) {
	if n.Kind == yaml.ScalarNode && n.ShortTag() == "!!str" {
		return n.Value, nil
	}
	err := wrongType("text", n)
	if n.Kind == yaml.ScalarNode {
		err = fmt.Errorf(`%w; put it in quotes: "%s"`, err, n.Value)
	}
	return "", err
}

// elements reads a list of single values.
func elements[T any](n *yaml.Node, read func(*yaml.Node) (T, error)) ([]T, error) {
	if n.Kind != yaml.SequenceNode {
		return nil, wrongType("a list", n)
	}
	out := make([]T, len(n.Content))
	for i, c := range n.Content {
		v, err := read(resolve(c))
		if err != nil {
			return nil, fmt.Errorf("element %d of the list: %w", i, err)
		}
		out[i] = v
	}
	return out, nil
}

func wrongType(wants string, n *yaml.Node) error {
	return fmt.Errorf("want %s, not %s", wants, found(n))
}

// found says in words what a node is.
func found(n *yaml.Node) string {
	switch {
	case n.Kind == yaml.MappingNode:
		return "keys of its own"
	case n.Kind == yaml.SequenceNode:
		return "a list"
	case n.ShortTag() == "!!str":
		return "text " + quoted(n)
	case n.ShortTag() == "!!null":
		return "nothing"
	}
	return n.Value
}

func quoted(n *yaml.Node) string {
	const longest = 60 // characters of a value worth showing in a message
	if len(n.Value) > longest {
		return strconv.Quote(strings.ToValidUTF8(n.Value[:longest], "")) + "..."
	}
	return strconv.Quote(n.Value)
}

// resolve follows an alias to what it stands for.
func resolve(n *yaml.Node) *yaml.Node {
	if n.Kind == yaml.AliasNode {
		return n.Alias
	}
	return n
}

// parseText reads a value that stands in the environment or behind --set. Texts,
// names and durations are taken as they are; lists may leave their brackets out;
// everything else is YAML.
func (s *schema) parseText(value string) (*yaml.Node, error) {
	switch s.kind {
	case text, choice, duration:
		return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: value}, nil
	case texts, naturals, numbers:
		if !strings.HasPrefix(strings.TrimSpace(value), "[") {
			value = "[" + value + "]"
		}
	}
	return parseYAML([]byte(value))
}

// errDocuments is the answer to a file with several YAML documents.
var errDocuments = errors.New("has more than one YAML document; keep one")

// parseYAML is the one node of a document, a null where it is empty.
func parseYAML(b []byte) (*yaml.Node, error) {
	d := yaml.NewDecoder(strings.NewReader(string(b)))
	var doc, second yaml.Node
	if err := d.Decode(&doc); err != nil {
		if errors.Is(err, io.EOF) {
			return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!null"}, nil
		}
		return nil, err
	}
	if err := d.Decode(&second); err == nil {
		return nil, errDocuments
	}
	return resolve(doc.Content[0]), nil
}
