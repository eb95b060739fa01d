// Package ingesttest helps the tests of imports: it writes small tables to import and lists
// what became of them.
package ingesttest

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/fusemoe/fusemoe/core/data"
)

// Tables are the text of each table, by its path.
type Tables map[string]string

// Write writes the tables into a new folder.
func (tables Tables) Write(t testing.TB) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range tables {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// Items lists what a source has of a sample.
func Items(t testing.TB, d *data.Dataset, source, id string) []string {
	t.Helper()
	i := slices.Index(d.IDs, id)
	if i < 0 {
		t.Fatalf("no sample %s", id)
	}
	var out []string
	for s, err := range d.Requests(source, []int{i}) {
		if err != nil {
			t.Fatal(err)
		}
		for _, item := range s.Items {
			switch {
			case item.GetRow() != nil:
				out = append(out, fmt.Sprintf("%g %v %v", item.Time, item.GetRow().Names, item.GetRow().Values))
			case item.GetPath() != "":
				out = append(out, fmt.Sprintf("%g %s", item.Time, filepath.Base(item.GetPath())))
			default:
				out = append(out, fmt.Sprintf("%g %s", item.Time, item.GetData()))
			}
		}
	}
	return out
}

// NoNames looks in the descriptions of an imported dataset for names of what is known at
// the end alone.
func NoNames(t testing.TB, dir string, names ...string) {
	t.Helper()
	for _, file := range []string{"dataset.yaml", "variables.yaml", "config.yaml"} {
		text, err := os.ReadFile(filepath.Join(dir, file))
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range names {
			if strings.Contains(string(text), name) {
				t.Errorf("%s mentions %s", file, name)
			}
		}
	}
}

// Shared is a folder of real tables beside the checkout; the test is skipped where it is not.
func Shared(t testing.TB, name string) string {
	t.Helper()
	dir, err := filepath.Abs(filepath.Join("..", "..", "..", "..", "shared", "data", name))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(dir); err != nil {
		t.Skipf("no %s beside the checkout", filepath.Join("shared", "data", name))
	}
	return dir
}
