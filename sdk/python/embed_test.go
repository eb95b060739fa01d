package python_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/fusemoe/fusemoe/sdk/python"
)

func TestThePackageIsComplete(t *testing.T) {
	err := filepath.WalkDir("fusemoe", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || strings.Contains(path, "__pycache__") {
			return err
		}
		want, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		got, err := fs.ReadFile(python.Package, filepath.ToSlash(path))
		if err != nil || string(got) != string(want) {
			t.Errorf("%s is not in the package, or another one: %v", path, err)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
