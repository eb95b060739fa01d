package core

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/fusemoe/fusemoe/sdk/command"
)

// put makes a file in a folder, and the folder.
func put(t *testing.T, path, text string, mode os.FileMode) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), mode); err != nil {
		t.Fatal(err)
	}
}

func TestPluginsAreFoundByPathOrInThePluginFolderAlone(t *testing.T) {
	dir := t.TempDir()
	in := func(name string) string { return filepath.Join(dir, name) }
	put(t, in("fusemoe-gait"), "", 0o700)
	put(t, in("posture/plugin.json"), `{"command": ["./start", "model.bin"]}`, 0o600)
	put(t, in("posture/start"), "", 0o700)
	put(t, in("posture/model.bin"), "", 0o600)
	put(t, in("empty/readme.txt"), "", 0o600)
	put(t, in("fusemoe-empty"), "", 0o700)
	t.Setenv("PATH", dir)

	posture := []string{in("posture/start"), in("posture/model.bin")}
	tests := []struct {
		plugin string
		want   []string
		err    string
	}{
		{"gait", []string{in("fusemoe-gait")}, ""},
		{"fusemoe-gait", []string{in("fusemoe-gait")}, ""},
		{in("fusemoe-gait"), []string{in("fusemoe-gait")}, ""},
		{"posture", posture, ""},
		{in("posture"), posture, ""},
		{"empty", []string{in("fusemoe-empty")}, ""}, // a folder without plugin.json is none
		{in("empty"), nil, "the folder has no plugin.json"},
		{in("missing"), nil, in("missing") + ": no such file or directory"},
		{"sh", nil, `there is no plugin "sh" in ` + dir}, // $PATH is no place for plugins
	}
	for _, test := range tests {
		var got []string
		path, err := FindPlugin(test.plugin, dir)
		if err == nil {
			got, err = command.Of(path)
		}
		if !slices.Equal(got, test.want) || (err == nil) != (test.err == "") {
			t.Errorf("%s: got %q, %v, want %q", test.plugin, got, err, test.want)
		}
		if err != nil && !strings.Contains(err.Error(), test.err) {
			t.Errorf("%s: got %v, want %q in it", test.plugin, err, test.err)
		}
	}
}
