package config

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// WriteYAML writes every setting as a file that Load reads, with a comment behind
// each value that says where it came from.
func (c *Config) WriteYAML(w io.Writer) error {
	var n yaml.Node
	if err := n.Encode(c); err != nil {
		return fmt.Errorf("config: encode: %w", err)
	}
	c.annotate(configSchema(), "", &n)
	var b bytes.Buffer
	e := yaml.NewEncoder(&b)
	e.SetIndent(2)
	if err := e.Encode(&n); err != nil {
		return fmt.Errorf("config: encode: %w", err)
	}
	_, err := io.WriteString(w, alignComments(b.String()))
	return err
}

// annotate gives each value the comment with its origin, and lists of single values
// one line.
func (c *Config) annotate(s *schema, path string, n *yaml.Node) {
	switch s.kind {
	case section:
		for i, f := range s.fields {
			c.annotate(f.schema, join(path, f.name), n.Content[2*i+1])
		}
	case list:
		for i, e := range n.Content {
			c.annotate(s.elem, join(path, strconv.Itoa(i)), e)
		}
		if len(n.Content) == 0 {
			c.comment(path, n)
		}
	case free:
		c.annotateFree(path, n)
	default:
		if s.kind == duration {
			n.Value = shortDuration(n.Value)
		}
		if s.kind == choice && n.Value == "" {
			n.Value, n.Style = s.choices[0], 0 // what a Config made in code leaves open
		}
		c.comment(path, n)
	}
}

func (c *Config) annotateFree(path string, n *yaml.Node) {
	switch {
	case n.Kind == yaml.MappingNode && len(n.Content) > 0:
		for i := 0; i < len(n.Content); i += 2 {
			c.annotateFree(join(path, n.Content[i].Value), n.Content[i+1])
		}
	case n.Kind == yaml.SequenceNode && slices.ContainsFunc(n.Content, isMapping):
		// A list of sections has a line each; the first bears the comment.
		for _, e := range n.Content {
			if e.Kind != yaml.ScalarNode {
				e.Style = yaml.FlowStyle
			}
		}
		c.comment(path, n.Content[0])
	default:
		c.comment(path, n)
	}
}

func isMapping(n *yaml.Node) bool { return n.Kind == yaml.MappingNode }

func (c *Config) comment(path string, n *yaml.Node) {
	if n.Kind != yaml.ScalarNode {
		n.Style = yaml.FlowStyle
	}
	n.LineComment = c.Origin(path).String()
}

// shortDuration writes 2m0s as 2m and 1h0m0s as 1h.
func shortDuration(d string) string {
	if strings.HasSuffix(d, "m0s") {
		d = strings.TrimSuffix(d, "0s")
	}
	if strings.HasSuffix(d, "h0m") {
		d = strings.TrimSuffix(d, "0m")
	}
	return d
}

// widest is the length of a line up to which the comments stand in one column.
const widest = 48

// alignComments puts the comments behind values into one column.
func alignComments(text string) string {
	var out strings.Builder
	for line := range strings.Lines(text) {
		if i := strings.LastIndex(line, " # "); i >= 0 {
			line = fmt.Sprintf("%-*s%s", widest, line[:i], line[i:])
		}
		out.WriteString(line)
	}
	return out.String()
}
