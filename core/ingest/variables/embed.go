package variables

import (
	"embed"
	"fmt"
	"os"
)

//go:embed *.yaml
var files embed.FS

// Default is the text of the map that ships for a source, such as mimic-iv.
func Default(source string) []byte {
	text, err := files.ReadFile(source + ".yaml")
	if err != nil {
		panic("variables: no map for " + source)
	}
	return text
}

// Load reads the map in a file or, if its name is empty, the one that ships for the source.
// It also returns its text, which goes with the dataset.
func Load(file, source string) (*Map, []byte, error) {
	name, text := source+".yaml", []byte(nil)
	if file == "" {
		text = Default(source)
	} else {
		var err error
		if text, err = os.ReadFile(file); err != nil {
			return nil, nil, fmt.Errorf("the map of variables cannot be read: %w", err)
		}
		name = file
	}
	m, err := Parse(name, text)
	return m, text, err
}
