package command_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/fusemoe/fusemoe/sdk/command"
)

// folder is a plugin's folder with a plugin.json, a script and an environment of its own.
func folder(t *testing.T, file string) string {
	t.Helper()
	dir := t.TempDir()
	write(t, filepath.Join(dir, "main.py"), "", 0o600)
	write(t, filepath.Join(dir, ".venv", "bin", "python"), "", 0o700)
	if file != "" {
		write(t, filepath.Join(dir, command.File), file, 0o600)
	}
	return dir
}

func write(t *testing.T, path, text string, mode os.FileMode) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), mode); err != nil {
		t.Fatal(err)
	}
}

func TestWordsThatNameFilesOfTheFolderGetTheirFullPath(t *testing.T) {
	bin := t.TempDir()
	write(t, filepath.Join(bin, "python3"), "", 0o700)
	t.Setenv("PATH", bin)
	for text, want := range map[string][]string{
		`{"command": ["python3", "main.py", "-v"]}`:       {bin + "/python3", "DIR/main.py", "-v"},
		`{"command": [".venv/bin/python", "./main.py"]}`:  {"DIR/.venv/bin/python", "DIR/main.py"},
		`{"command": ["` + bin + `/python3", "-m", "x"]}`: {bin + "/python3", "-m", "x"},
	} {
		dir := folder(t, text)
		for i := range want {
			want[i] = strings.Replace(want[i], "DIR", dir, 1)
		}
		if got, err := command.Of(dir); err != nil || !slices.Equal(got, want) {
			t.Errorf("%s: got %q, %v, want %q", text, got, err, want)
		}
	}
}

func TestWhatCannotBeStartedIsSaidWithAWayOut(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	for text, want := range map[string]string{
		"":                                    `has no plugin.json; it says how to start the plugin, such as {"command"`,
		"{}":                                  "plugin.json: command: must be given",
		`{"comand": ["x"]}`:                   "plugin.json: comand: unknown key, did you mean command?",
		`{"command": "main.py"}`:              "plugin.json: command: string is not a list",
		`{"command": ["python3", "main.py"]}`: "command[0]: exec: \"python3\": executable file not found in $PATH; install it",
		`{"command": ["bin/run"]}`:            "command[0]: there is no bin/run in the plugin's folder",
		`{"command": ["../run"]}`:             "command[0]: ../run lies outside of the plugin's folder",
		`{"command": ["main.py"]}`:            "permission denied",
	} {
		if _, err := command.Of(folder(t, text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %q in it", text, err, want)
		}
	}
}

func TestAFolderOfSourceIsNoPluginButTheProgramInIt(t *testing.T) {
	dir := folder(t, "")
	program := filepath.Join(dir, filepath.Base(dir))
	write(t, program, "", 0o700)
	if _, err := command.Of(dir); err == nil || !strings.HasSuffix(err.Error(), "name that: "+program) {
		t.Errorf("got %v", err)
	}
}

func TestAnExecutableIsItsOwnCommand(t *testing.T) {
	dir := folder(t, "")
	program, script := filepath.Join(dir, ".venv", "bin", "python"), filepath.Join(dir, "main.py")
	if got, err := command.Of(program); err != nil || !slices.Equal(got, []string{program}) {
		t.Errorf("got %q, %v", got, err)
	}
	if _, err := command.Of(script); err == nil || !strings.Contains(err.Error(), "make it one with chmod +x") {
		t.Errorf("got %v", err)
	}
	if _, err := command.Of(filepath.Join(dir, "missing")); err == nil || !strings.Contains(err.Error(), "no such file") {
		t.Errorf("got %v", err)
	}
}

func ExampleOf() {
	dir, err := os.MkdirTemp("", "plugin")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = os.RemoveAll(dir) }()
	_, err = command.Of(dir)
	fmt.Println(strings.ReplaceAll(err.Error(), dir, "./mine"))
	// Output:
	// plugin ./mine: the folder has no plugin.json; it says how to start the plugin, such as {"command": ["python3", "main.py"]}
}
