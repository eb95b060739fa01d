package scaffold_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/fusemoe/fusemoe/sdk/scaffold"
	"github.com/fusemoe/fusemoe/sdk/sdktest"
)

// A new Python plugin passes its own tests and the conformance check with nothing to
// import from but its own folder.
func TestAPythonPluginPassesItsOwnTestAndTheCheck(t *testing.T) {
	usePython(t)
	for _, kind := range []scaffold.Kind{scaffold.Measurements, scaffold.Embeddings} {
		t.Run(string(kind), func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "sleep")
			if _, err := scaffold.Write(dir, scaffold.Options{Name: "sleep", Lang: scaffold.Python, Kind: kind}); err != nil {
				t.Fatal(err)
			}
			run(t, dir, "python3", "-m", "pytest", "-q", "-p", "no:cacheprovider")
			samples, err := sdktest.ReadSamples(filepath.Join(dir, "testdata", "samples.json"))
			if err != nil {
				t.Fatal(err)
			}
			sdktest.Binary(t, dir, sdktest.Case{Samples: samples})
		})
	}
}

// usePython makes python3 one that has what the SDK and its tests need.
func usePython(t *testing.T) {
	t.Helper()
	t.Setenv("PYTHONPATH", "")
	for _, program := range []string{"python3", "/usr/bin/python3"} {
		if exec.Command(program, "-c", "import google.protobuf, grpc, numpy, pytest").Run() != nil {
			continue
		}
		if program == "python3" {
			return
		}
		bin := t.TempDir()
		if err := os.Symlink(program, filepath.Join(bin, "python3")); err != nil {
			t.Fatal(err)
		}
		t.Setenv("PATH", bin+string(os.PathListSeparator)+os.Getenv("PATH"))
		return
	}
	t.Skip("no Python with grpcio, protobuf, numpy and pytest: " +
		"apt-get install python3-grpcio python3-protobuf python3-numpy python3-pytest")
}
