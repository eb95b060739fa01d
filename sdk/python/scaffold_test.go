package python_test

import (
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"text/template"

	"github.com/fusemoe/fusemoe/sdk/python"
)

// TestANewPluginPassesItsOwnTests writes what the templates of the scaffold give, with a
// copy of the SDK beside it, and runs its tests with nothing else to import from.
func TestANewPluginPassesItsOwnTests(t *testing.T) {
	program := pytest(t)
	for _, kind := range []string{"measurements", "embeddings"} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			render(t, "../scaffold/python", dir, kind)
			if err := os.CopyFS(dir, python.Package); err != nil {
				t.Fatal(err)
			}
			for _, args := range [][]string{{"-m", "pytest", "-q", "-p", "no:cacheprovider"}, {"main.py", "-describe"}} {
				cmd := exec.Command(program, args...)
				cmd.Dir, cmd.Env = dir, []string{"PATH=" + os.Getenv("PATH")}
				if out, err := cmd.CombinedOutput(); err != nil {
					t.Errorf("%q: %v\n%s", args, err, out)
				}
			}
		})
	}
}

// render renders the templates of one kind into dir.
func render(t *testing.T, root, dir, kind string) {
	t.Helper()
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		name := strings.TrimPrefix(filepath.ToSlash(path), root+"/")
		if folder, rest, ok := strings.Cut(name, "/"); ok {
			if folder != kind {
				return nil
			}
			name = rest
		}
		to := filepath.Join(dir, strings.NewReplacer("NAME", "gait", ".tmpl", "").Replace(name))
		if err := os.MkdirAll(filepath.Dir(to), 0o700); err != nil {
			return err
		}
		file, err := os.Create(to)
		if err != nil {
			return err
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if err := template.Must(template.New(name).Parse(string(text))).Execute(file, map[string]string{
			"Name": "gait", "Type": "Gait", "Kind": kind,
		}); err != nil {
			return err
		}
		return file.Close()
	})
	if err != nil {
		t.Fatal(err)
	}
}

// pytest is a Python that has what the SDK and its tests need.
func pytest(t *testing.T) string {
	t.Helper()
	for _, program := range []string{"python3", "/usr/bin/python3"} {
		if exec.Command(program, "-c", "import google.protobuf, grpc, numpy, pytest").Run() == nil {
			return program
		}
	}
	t.Skip("no Python with grpcio, protobuf, numpy and pytest: " +
		"apt-get install python3-grpcio python3-protobuf python3-numpy python3-pytest")
	return ""
}
