package sandbox

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestAKernelThatIsTooOldIsToldInOneLine(t *testing.T) {
	for abi, want := range map[int]string{
		0: "this kernel has no Landlock, or it is switched off",
		3: "this kernel is too old: it has version 3 of Landlock, and a sandbox needs version 4, that of Linux 6.7",
	} {
		if err := enough(abi); err == nil || !strings.HasPrefix(err.Error(), want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("version %d: %v", abi, err)
		}
	}
	if err := enough(leastABI); err != nil {
		t.Error(err)
	}
}

func TestHomeAndTemporaryFilesLieInTheSandbox(t *testing.T) {
	t.Setenv(socketDirEnv, "/sockets")
	given := []string{"HOME=/home/doctor", "LANG=C", "TMPDIR=/tmp"}
	got := Rules{Write: []string{"/work"}}.environment(given)
	if want := []string{"LANG=C", "HOME=/work", "TMPDIR=/sockets"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	given = []string{"HOME=/home/doctor"}
	if got := (Rules{}).environment(given); !slices.Equal(got, []string{"HOME=/sockets", "TMPDIR=/sockets"}) {
		t.Errorf("got %q", got)
	}
}

// A virtual environment and a Python that the user has built are readable, and no other
// folder beside a program.
func TestAPythonMayReadItsLibraries(t *testing.T) {
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range []string{
		"python/bin/python3.11", "python/lib/python3.11/os.py", "venv/pyvenv.cfg", "venv/bin/pip", "home/bin/tool", "home/lib/patients",
	} {
		path := filepath.Join(dir, file)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, nil, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink(filepath.Join(dir, "python/bin/python3.11"), filepath.Join(dir, "venv/bin/python")); err != nil {
		t.Fatal(err)
	}
	for program, want := range map[string][]string{
		"venv/bin/python": {"python/bin/python3.11", "venv", "python/lib"},
		"home/bin/tool":   {"home/bin/tool"},
	} {
		got, err := interpreter(filepath.Join(dir, program))
		for i := range want {
			want[i] = filepath.Join(dir, want[i])
		}
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("%s: got %q, %v, want %q", program, got, err, want)
		}
	}
}

func TestExecWantsRulesAndACommand(t *testing.T) {
	for want, args := range map[string][]string{
		"sandbox: want rules and a command": {"{}"},
		"sandbox: rules: ":                  {"rules", "/bin/true"},
	} {
		if err := Exec(args); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}
