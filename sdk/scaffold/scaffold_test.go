package scaffold_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/fusemoe/fusemoe/sdk/scaffold"
)

func TestAGoPluginBuildsAndPassesItsOwnTest(t *testing.T) {
	if testing.Short() {
		t.Skip("it builds plugins")
	}
	checkout, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	for _, kind := range []scaffold.Kind{scaffold.Measurements, scaffold.Embeddings} {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			dir := filepath.Join(t.TempDir(), "text") // a package of Go has that name too
			_, err := scaffold.Write(dir, scaffold.Options{
				Name: "text", Lang: scaffold.Go, Kind: kind, Version: "v0.0.0", SDK: checkout,
			})
			if err != nil {
				t.Fatal(err)
			}
			if out := run(t, dir, "gofmt", "-l", "."); out != "" {
				t.Errorf("not formatted: %s", out)
			}
			run(t, dir, "go", "get", "-t", ".")
			run(t, dir, "go", "vet", ".")
			run(t, dir, "go", "test", ".")
		})
	}
}

// run runs a command in dir, with the modules that the checkout has and no network.
func run(t *testing.T, dir string, argv ...string) string {
	t.Helper()
	cmd := exec.Command(argv[0], argv[1:]...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOPROXY=off", "GOSUMDB=off", "GOFLAGS=")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v\n%s", strings.Join(argv, " "), err, out)
	}
	return string(out)
}

func TestWhatCannotBeWrittenIsRefused(t *testing.T) {
	full := t.TempDir()
	if err := os.WriteFile(filepath.Join(full, "mine"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	good := scaffold.Options{Name: "gait", Lang: scaffold.Go, Kind: scaffold.Measurements}
	tests := []struct {
		dir    string
		change func(*scaffold.Options)
		want   string
	}{
		{"new", func(o *scaffold.Options) { o.Name = "Heart-Rate" }, `"Heart-Rate" is no name for a plugin`},
		{"new", func(o *scaffold.Options) { o.Name = "main" }, `"main" means something else`},
		{"new", func(o *scaffold.Options) { o.Name = "gait_test" }, `"gait_test" means something else`},
		{"new", func(o *scaffold.Options) { o.Kind = "words" }, `unknown kind "words"`},
		{"new", func(o *scaffold.Options) { o.Lang = "fortran" }, `no templates for the language "fortran"`},
		{"new", func(o *scaffold.Options) { o.SDK = full }, "is not the source of fusemoe"},
		{full, func(*scaffold.Options) {}, "exists and is not empty"},
	}
	for _, test := range tests {
		o := good
		test.change(&o)
		dir := test.dir
		if !filepath.IsAbs(dir) {
			dir = filepath.Join(t.TempDir(), dir)
		}
		if _, err := scaffold.Write(dir, o); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%+v: got %v, want %s", o, err, test.want)
		}
	}
}

func ExampleWrite() {
	dir, err := os.MkdirTemp("", "scaffold")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = os.RemoveAll(dir) }()
	files, err := scaffold.Write(filepath.Join(dir, "gait"), scaffold.Options{
		Name: "gait", Lang: scaffold.Go, Kind: scaffold.Measurements, Version: "v0.1.0",
	})
	slices.Sort(files)
	fmt.Println(strings.Join(files, "\n"), err)
	// Output:
	// gait.go
	// gait_test.go
	// go.mod
	// main.go
	// modality.yaml
	// testdata/samples.json <nil>
}
