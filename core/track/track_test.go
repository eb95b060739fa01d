package track_test

import (
	"encoding/binary"
	"encoding/json"
	"hash/crc32"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/fusemoe/fusemoe/core/track"
)

// write tells of two epochs.
func write(t *testing.T, w track.Writer, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	for step, loss := range []float64{0.5, 0.25} {
		if err := w.Write(step+1, map[string]float64{"loss/total": loss, "val/died, early/auroc": 0.75, "val/none": math.NaN()}); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(true); err != nil {
		t.Fatal(err)
	}
}

// TestEventFile checks the frames of an event file, of which the second attempt at a
// training leaves one.
func TestEventFile(t *testing.T) {
	dir := t.TempDir()
	for range 2 {
		w, err := track.TensorBoard(dir)
		write(t, w, err)
	}
	found, err := filepath.Glob(filepath.Join(dir, "*tfevents*"))
	if err != nil || len(found) != 1 {
		t.Fatalf("%v (%v)", found, err)
	}
	text, err := os.ReadFile(found[0])
	if err != nil {
		t.Fatal(err)
	}
	masked := func(data []byte) uint32 {
		c := crc32.Checksum(data, crc32.MakeTable(crc32.Castagnoli))
		return (c>>15 | c<<17) + 0xa282ead8
	}
	records := 0
	for ; len(text) > 0; records++ {
		n := binary.LittleEndian.Uint64(text)
		data := text[12 : 12+n]
		if binary.LittleEndian.Uint32(text[8:]) != masked(text[:8]) || binary.LittleEndian.Uint32(text[12+n:]) != masked(data) {
			t.Fatalf("record %d: wrong checksum", records)
		}
		text = text[16+n:]
	}
	if records != 3 { // the version, and two epochs
		t.Errorf("%d records", records)
	}
	if err := track.DiscardTensorBoard(dir); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(found[0]); !os.IsNotExist(err) {
		t.Errorf("the event file is still there (%v)", err)
	}
}

// python is one that has the trackers.
func python(t *testing.T) string {
	t.Helper()
	path := os.Getenv("TRACKERS_PYTHON")
	if path == "" {
		t.Skip("TRACKERS_PYTHON names no Python with tensorboard and mlflow: .ci/trackers installs one")
	}
	return path
}

func runPython(t *testing.T, code string, args ...string) map[string]any {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), python(t), append([]string{"-c", code}, args...)...)
	cmd.Stderr = os.Stderr
	cmd.Env = append(os.Environ(), "MLFLOW_ALLOW_FILE_STORE=true") // MLflow 3 opens no folder without
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	var read map[string]any
	if err := json.Unmarshal(out, &read); err != nil {
		t.Fatalf("%v in %s", err, out)
	}
	return read
}

// TestTensorBoardReads has TensorBoard's own reader read an event file.
func TestTensorBoardReads(t *testing.T) {
	python(t)
	dir := t.TempDir()
	w, err := track.TensorBoard(dir)
	write(t, w, err)
	got := runPython(t, `
import json, sys
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
events = EventAccumulator(sys.argv[1])
events.Reload()
print(json.dumps({tag: [[e.step, e.value] for e in events.Scalars(tag)] for tag in events.Tags()["scalars"]}))
`, dir)
	want := map[string]any{
		"loss/total":            []any{[]any{1.0, 0.5}, []any{2.0, 0.25}},
		"val/died, early/auroc": []any{[]any{1.0, 0.75}, []any{2.0, 0.75}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// TestMLflowReads has MLflow's client find runs in the store, each once.
func TestMLflowReads(t *testing.T) {
	python(t)
	store := t.TempDir()
	for _, key := range []string{"a", "b", "a"} {
		w, err := track.MLflow(store, track.Run{
			Experiment: "ward: 2", Name: "runs/" + key, Key: key, Params: map[string]string{"model.width": "32", "data.tasks": "[a, b]"}, Note: "first\nsecond",
		})
		write(t, w, err)
	}
	got := runPython(t, `
import json, sys
from mlflow.tracking import MlflowClient
client = MlflowClient("file://" + sys.argv[1])
experiment = client.get_experiment_by_name("ward: 2")
runs = client.search_runs([experiment.experiment_id], order_by=["attributes.run_name"])
run = runs[0]
print(json.dumps({
    "names": [r.info.run_name for r in runs], "status": run.info.status, "params": run.data.params,
    "loss": [[m.step, m.value] for m in client.get_metric_history(run.info.run_id, "loss/total")],
    "metrics": sorted(run.data.metrics), "note": run.data.tags["mlflow.note.content"]}))
`, store)
	want := map[string]any{
		"names": []any{"runs/a", "runs/b"}, "status": "FINISHED", "params": map[string]any{"model.width": "32", "data.tasks": "[a, b]"},
		"loss": []any{[]any{1.0, 0.5}, []any{2.0, 0.25}}, "metrics": []any{"loss/total", "val/died_ early/auroc"}, "note": "first\nsecond",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
