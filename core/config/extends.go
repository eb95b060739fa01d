package config

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"go.yaml.in/yaml/v3"
)

// extendsKey names, at the top of a file, the file whose settings this one changes. It is
// resolved while files are read and is no setting itself.
const extendsKey = "extends"

// fileLayers reads a file and those that it extends, the farthest first. text, where it is
// not nil, is the contents of the file at path. from are the paths of the files on the way
// here.
func fileLayers(root *schema, path string, text []byte, from ...string) ([]*layer, error) {
	if text == nil {
		var err error
		if text, err = os.ReadFile(path); err != nil {
			return nil, fmt.Errorf("%s: cannot read the config: %w", path, errors.Unwrap(err))
		}
	}
	l := newLayer(path)
	l.lined = true
	n, err := parseYAML(text)
	if err != nil {
		return nil, errorOf([]Problem{{Origin: Origin{Name: path}, Message: complainYAML(err, true)}})
	}
	base := l.takeExtends(n)
	l.readSection(root, "", n, l.values)
	if base == nil {
		return []*layer{l}, nil
	}
	extended := base.Value
	if !filepath.IsAbs(extended) {
		extended = filepath.Join(filepath.Dir(path), extended)
	}
	from = append(from, filepath.Clean(path))
	problem := Problem{Key: extendsKey, Origin: l.origin(base)}
	if slices.Contains(from, extended) {
		problem.Message = fmt.Sprintf("%s extends this file itself; a config cannot stand on itself", base.Value)
		return nil, errorOf([]Problem{problem})
	}
	if _, err := os.Stat(extended); err != nil {
		problem.Message = fmt.Sprintf("there is no file %s; paths are relative to the file that they stand in", extended)
		return nil, errorOf([]Problem{problem})
	}
	layers, err := fileLayers(root, extended, nil, from...)
	return append(layers, l), err
}

// takeExtends removes the key from the top of a document and returns its value, nil where
// it has none.
func (l *layer) takeExtends(n *yaml.Node) *yaml.Node {
	if n.Kind != yaml.MappingNode {
		return nil
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value != extendsKey {
			continue
		}
		value := resolve(n.Content[i+1])
		n.Content = slices.Delete(n.Content, i, i+2)
		if value.Kind != yaml.ScalarNode || value.ShortTag() != "!!str" || value.Value == "" {
			l.refuse(value, extendsKey, "want the path of another config file")
			return nil
		}
		return value
	}
	return nil
}
