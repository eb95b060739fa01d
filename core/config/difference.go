package config

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Setting is one value of a Config, as it stands in a file.
type Setting struct {
	Key   string `json:"key"`
	Value string `json:"value"`
}

// Changed lists the settings that differ from those of Default, modalities apart: what
// makes this run different from any other.
func (c *Config) Changed() ([]Setting, error) {
	mine, err := c.settings()
	if err != nil {
		return nil, err
	}
	usual, err := Default().settings()
	if err != nil {
		return nil, err
	}
	same := map[Setting]bool{}
	for _, s := range usual {
		same[s] = true
	}
	var changed []Setting
	for _, s := range mine {
		if !same[s] {
			changed = append(changed, s)
		}
	}
	return changed, nil
}

// Training lists the settings that a trained model depends on, modalities apart: every one
// of model, pretrain and train but those that it does not show, and the seeds, which have a
// training each.
func (c *Config) Training() ([]Setting, error) {
	all, err := c.settings()
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(all, func(s Setting) bool {
		switch s.Key {
		case "train.keep", "train.threads":
			return true
		}
		section, _, _ := strings.Cut(s.Key, ".")
		return !slices.Contains([]string{"model", "pretrain", "train"}, section) || strings.HasPrefix(s.Key, "train.seeds")
	}), nil
}

// settings are all, in the order of a file.
func (c *Config) settings() ([]Setting, error) {
	var n yaml.Node
	if err := n.Encode(c); err != nil {
		return nil, fmt.Errorf("config: encode: %w", err)
	}
	var all []Setting
	flatten(configSchema(), "", &n, &all)
	return all, nil
}

func flatten(s *schema, path string, n *yaml.Node, all *[]Setting) {
	switch {
	case path == "modalities":
	case s.kind == section:
		for i, f := range s.fields {
			flatten(f.schema, join(path, f.name), n.Content[2*i+1], all)
		}
	case s.kind == list:
		for i, e := range n.Content {
			flatten(s.elem, join(path, strconv.Itoa(i)), e, all)
		}
	default:
		n.Style = yaml.FlowStyle
		if text, err := yaml.Marshal(n); err == nil {
			*all = append(*all, Setting{path, string(text[:len(text)-1])})
		}
	}
}
