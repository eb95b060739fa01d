package checkpoint_test

import (
	"encoding/json"
	"math"
	"os"
	"os/exec"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestPythonReadsACheckpoint has the Python package safetensors, and PyTorch where it is
// installed, read a checkpoint: every number arrives with its bits, and every checksum is
// what the documentation says. SAFETENSORS_PYTHON names a Python that has the package; CI
// does (.ci/safetensors).
func TestPythonReadsACheckpoint(t *testing.T) {
	python := os.Getenv("SAFETENSORS_PYTHON")
	if python == "" {
		t.Skip("SAFETENSORS_PYTHON names no Python with safetensors: . .ci/safetensors FOLDER")
	}
	dir := t.TempDir()
	save(t, dir, manifest(), tensors(7))
	cmd := exec.Command(python, "-B", "testdata/read.py", dir)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	type tensor struct {
		Shape []int
		Bits  []uint32
	}
	var got struct {
		Reader  string
		Epoch   int
		Tensors map[string]tensor
	}
	if err := json.Unmarshal(out, &got); err != nil {
		t.Fatal(err)
	}
	want := map[string]tensor{}
	for _, w := range tensors(7) {
		one := tensor{Shape: append([]int{}, w.Shape...), Bits: []uint32{}}
		for _, v := range w.Data {
			one.Bits = append(one.Bits, math.Float32bits(v))
		}
		want[w.Name] = one
	}
	if diff := cmp.Diff(want, got.Tensors); diff != "" {
		t.Error(diff)
	}
	if got.Epoch != manifest().Epoch {
		t.Errorf("epoch %d", got.Epoch)
	}
	t.Log("read with " + got.Reader)
}
