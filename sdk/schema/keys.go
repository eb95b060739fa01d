package schema

import (
	"strings"
)

// Key is one key of a config, for a table that documents it.
type Key struct {
	// Path leads to the key: notes.max_tokens; of a list's elements channels[].name.
	Path string
	// Type says what it holds in a word or two, such as "list of string".
	Type string
	// Default is JSON, or empty.
	Default string
	// Description is what the author says about it.
	Description string
}

// Keys lists the keys of an object and of all that is in it, in the author's order.
func (s *Schema) Keys() []Key { return s.keys("") }

func (s *Schema) keys(prefix string) []Key {
	var all []Key
	for _, p := range s.Properties {
		path := p.Name
		if prefix != "" {
			path = prefix + "." + p.Name
		}
		all = append(all, Key{
			Path: path, Type: p.Schema.words(), Default: string(p.Schema.Default), Description: p.Schema.Description,
		})
		all = append(all, p.Schema.keys(path)...)
	}
	if s.Items != nil {
		all = append(all, s.Items.keys(prefix+"[]")...)
	}
	if s.Additional != nil {
		all = append(all, s.Additional.keys(prefix+".*")...)
	}
	for _, a := range s.AnyOf {
		all = append(all, a.keys(prefix)...)
	}
	return all
}

// words says what a schema allows.
func (s *Schema) words() string {
	var ways []string
	switch {
	case len(s.Enum) > 0:
		for _, e := range s.Enum {
			ways = append(ways, string(e))
		}
	case len(s.AnyOf) > 0:
		for _, a := range s.AnyOf {
			ways = append(ways, a.words())
		}
	case len(s.Types) == 0:
		return "any"
	}
	for _, t := range s.Types {
		switch {
		case len(s.Enum) > 0:
		case t == "array" && s.Items != nil:
			ways = append(ways, "list of "+s.Items.words())
		case t == "array":
			ways = append(ways, "list")
		default:
			ways = append(ways, t)
		}
	}
	return strings.Join(ways, " or ")
}
