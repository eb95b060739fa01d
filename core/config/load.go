package config

import (
	"fmt"
	"regexp"
	"slices"

	"github.com/knadh/koanf/providers/structs"
	"github.com/knadh/koanf/v2"
)

// Sources says where settings come from; later fields win.
type Sources struct {
	// File is the path of a YAML file; empty means none.
	File string
	// Text, where it is not nil, is the contents of File, which then is only a name.
	Text []byte
	// Environ is a list of NAME=value, such as os.Environ(), of which the FUSEMOE_*
	// variables count that are not empty.
	Environ []string
	// Flags are read in their order.
	Flags []Assignment
}

// Load reads all sources and checks the whole. What is wrong is in an *Error, all of
// it; a file that cannot be read is an error that wraps the cause.
func Load(src Sources) (*Config, error) {
	root := configSchema()
	layers, err := src.layers(root)
	if err != nil {
		return nil, err
	}
	st := store{koanf: koanf.New("."), origins: map[string]Origin{}}
	if err := st.koanf.Load(structs.Provider(Default(), "yaml"), nil); err != nil {
		return nil, fmt.Errorf("config: defaults: %w", err)
	}
	preset := chosenPreset(layers)
	if text := presetText(preset); text != nil {
		l := newLayer("preset " + string(preset))
		if err := l.readFile(root, text); err != nil {
			return nil, err
		}
		layers = slices.Insert(layers, 0, l)
	}
	for _, l := range layers {
		if err := st.merge(l); err != nil {
			return nil, err
		}
	}
	cfg, err := st.config()
	if err != nil {
		return nil, err
	}
	// A typed mistake often causes others: of what only follows from defaults,
	// nothing is said beside it.
	typed := len(st.problems)
	for _, p := range cfg.problems() {
		if typed == 0 || p.Origin != defaultOrigin {
			st.problems = append(st.problems, p)
		}
	}
	if err := errorOf(st.problems); err != nil {
		return nil, err
	}
	return cfg, nil
}

// layers reads the file with those that it extends, the environment and the flags.
func (src Sources) layers(root *schema) ([]*layer, error) {
	var layers []*layer
	if src.File != "" {
		var err error
		if layers, err = fileLayers(root, src.File, src.Text); err != nil {
			return nil, err
		}
	}
	layers = append(layers, fromEnviron(root, src.Environ)...)
	for _, a := range src.Flags {
		l := newLayer(a.Flag)
		l.assign(root, a.Key, a.Value)
		layers = append(layers, l)
	}
	return layers, nil
}

// readFile reads a whole YAML document, which extends no other.
func (l *layer) readFile(root *schema, text []byte) error {
	n, err := parseYAML(text)
	if err != nil {
		return errorOf([]Problem{{Origin: Origin{Name: l.source}, Message: complainYAML(err, true)}})
	}
	l.readSection(root, "", n, l.values)
	return nil
}

var yamlError = regexp.MustCompile(`^yaml: (?:line (\d+): )?(.*)`)

// complainYAML words the parser's error. The parser knows lines but roughly.
func complainYAML(err error, lined bool) string {
	m := yamlError.FindStringSubmatch(err.Error())
	switch {
	case m == nil:
		return err.Error()
	case lined && m[1] != "":
		return "not valid YAML near line " + m[1] + ": " + m[2]
	}
	return "not valid YAML: " + m[2]
}

// chosenPreset is the last preset that a layer names.
func chosenPreset(layers []*layer) Preset {
	for _, l := range slices.Backward(layers) {
		if p, ok := l.values["preset"].(string); ok {
			return Preset(p)
		}
	}
	return PresetDefault
}
