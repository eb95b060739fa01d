package config

import (
	"strings"
	"testing"
)

// No two keys may be one environment variable.
func TestVariablesAreUnambiguous(t *testing.T) {
	root := configSchema()
	for _, key := range root.keys("") {
		name := strings.ToUpper(strings.ReplaceAll(key, ".", "_"))
		if got := root.envKey(name, ""); got != key {
			t.Errorf("%s stands for %q, want %q", name, got, key)
		}
	}
}

func TestPresetsLoad(t *testing.T) {
	for _, p := range Preset("").Values() {
		l := newLayer("preset " + p)
		if err := l.readFile(configSchema(), presetText(Preset(p))); err != nil {
			t.Errorf("preset %s: %v", p, err)
		}
		for _, problem := range l.problems {
			t.Errorf("preset %s: %v", p, problem)
		}
	}
}

func TestNearest(t *testing.T) {
	for _, c := range []struct{ name, want string }{
		{"widht", "width"}, {"Width", "width"}, {"wid", "width"}, {"depth", ""}, {"heads", "heads"}, {"hdden", "hidden"}, {"", ""},
	} {
		if got := Nearest(c.name, []string{"width", "heads", "hidden"}); got != c.want {
			t.Errorf("Nearest(%q) = %q, want %q", c.name, got, c.want)
		}
	}
}
