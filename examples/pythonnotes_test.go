package examples_test

import (
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/fusemoe/fusemoe/core"
	"github.com/fusemoe/fusemoe/core/config"
	"github.com/fusemoe/fusemoe/core/data"
	"github.com/fusemoe/fusemoe/plugins/vitals"
)

// TestAPythonPluginTakesPartInATraining runs examples/python-notes as its README says.
func TestAPythonPluginTakesPartInATraining(t *testing.T) {
	// The plugin starts with the python3 of $PATH; here that is the one with scikit-learn.
	if exec.Command("python3", "-c", "import google.protobuf, grpc, sklearn").Run() != nil {
		bin := t.TempDir()
		const system = "/usr/bin/python3"
		if exec.Command(system, "-c", "import google.protobuf, grpc, sklearn").Run() != nil {
			t.Skip("no Python with grpcio and scikit-learn: apt-get install python3-grpcio python3-protobuf python3-sklearn")
		}
		if err := os.Symlink(system, filepath.Join(bin, "python3")); err != nil {
			t.Fatal(err)
		}
		t.Setenv("PATH", bin+string(os.PathListSeparator)+os.Getenv("PATH"))
	}
	t.Chdir("..")
	sdk, err := filepath.Abs("sdk/python")
	if err != nil {
		t.Fatal(err)
	}
	// What Python reads go test does not see: only so a change is no result from its cache.
	for _, dir := range []string{sdk, "examples/python-notes"} {
		if err := filepath.WalkDir(dir, func(_ string, _ fs.DirEntry, err error) error { return err }); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("PYTHONPATH", sdk)
	t.Setenv("PYTHONDONTWRITEBYTECODE", "1")

	c, err := config.Load(config.Sources{File: "examples/python-notes/config.yaml"})
	if err != nil {
		t.Fatal(err)
	}
	rt, err := core.Open(t.Context(), c, core.WithModality("vitals", vitals.New()), core.WithCacheDir(t.TempDir()), core.WithDev())
	if err != nil {
		t.Fatal(err)
	}
	defer rt.Close()
	if err := rt.Prepare(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := rt.Train(t.Context()); err != nil {
		t.Fatal(err)
	}
	test, err := rt.Evaluate(t.Context(), data.Test)
	if err != nil {
		t.Fatal(err)
	}
	// With the notes it is 0.79, with the heart rate alone 0.60.
	if auroc := test.Metrics[0].Value("auroc"); auroc < 0.7 {
		t.Errorf("test AUROC is %.2f; the notes add nothing", auroc)
	}
}
