package checkpoint_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/fusemoe/fusemoe/core/checkpoint"
)

// trained is the history of a training after some epochs, each with weights of its number.
func trained(t *testing.T, keep, epochs int) checkpoint.History {
	t.Helper()
	h := checkpoint.History{Dir: filepath.Join(t.TempDir(), "snapshots"), Keep: keep}
	for epoch := 1; epoch <= epochs; epoch++ {
		m := manifest()
		m.Epoch = epoch
		if err := h.Save(m, tensors(float32(epoch))); err != nil {
			t.Fatal(err)
		}
	}
	return h
}

func folders(t *testing.T, h checkpoint.History) (names []string) {
	t.Helper()
	entries, err := os.ReadDir(h.Dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

func TestHistoryKeepsTheLast(t *testing.T) {
	for keep, want := range map[int][]string{
		0: {"epoch-11"}, 1: {"epoch-11"}, 3: {"epoch-10", "epoch-11", "epoch-9"},
	} {
		h := trained(t, keep, 11)
		if diff := cmp.Diff(want, folders(t, h)); diff != "" {
			t.Errorf("keep %d: %s", keep, diff)
		}
		m, weights, damaged, err := h.Load()
		if err != nil || damaged != nil || m.Epoch != 11 || cmp.Diff(tensors(11), weights) != "" {
			t.Errorf("keep %d: epoch %d, damaged %v, error %v", keep, m.Epoch, damaged, err)
		}
	}
}

func TestNewHistoryHasNone(t *testing.T) {
	if _, _, _, err := trained(t, 2, 0).Load(); !errors.Is(err, checkpoint.ErrNone) {
		t.Errorf("error %v", err)
	}
}

// What a process that was killed leaves of a save, or of removing an old checkpoint, has no
// manifest: it is not taken for a damaged one, and goes.
func TestHistoryForgetsWhatIsHalfDone(t *testing.T) {
	h := trained(t, 2, 3)
	for _, name := range []string{"epoch-1", "epoch-4"} {
		if err := os.MkdirAll(filepath.Join(h.Dir, name), 0o777); err != nil {
			t.Fatal(err)
		}
		write(t, filepath.Join(h.Dir, name), ".checkpoint-weights.tmp", "half")
	}
	m, _, damaged, err := h.Load()
	if err != nil || damaged != nil || m.Epoch != 3 {
		t.Errorf("epoch %d, damaged %v, error %v", m.Epoch, damaged, err)
	}
	if diff := cmp.Diff([]string{"epoch-2", "epoch-3"}, folders(t, h)); diff != "" {
		t.Error(diff)
	}
}

func TestHistoryNamesTheDamagedAndUsesTheOneBefore(t *testing.T) {
	for _, glob := range []string{"manifest.json", "weights-*", "state-*"} {
		h := trained(t, 3, 3)
		path := damage(t, h, "epoch-3", glob)
		m, weights, damaged, err := h.Load()
		if err != nil || m.Epoch != 2 || cmp.Diff(tensors(2), weights) != "" {
			t.Fatalf("%s: epoch %d, error %v", glob, m.Epoch, err)
		}
		if len(damaged) != 1 || !strings.HasPrefix(damaged[0].Error(), path+": changed") {
			t.Errorf("%s: damaged %v", glob, damaged)
		}
	}
}

func TestHistoryOfNothingWholeIsAnError(t *testing.T) {
	h := trained(t, 2, 2)
	paths := []string{damage(t, h, "epoch-1", "weights-*"), damage(t, h, "epoch-2", "manifest.json")}
	_, _, _, err := h.Load()
	if err == nil {
		t.Fatal("no error")
	}
	for _, want := range append(paths, h.Dir+": none of its checkpoints is whole; remove the folder") {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %q", err, want)
		}
	}
}

// A checkpoint of a later version is no damage: to go back behind it would lose what it holds.
func TestHistoryStopsAtAnotherFormat(t *testing.T) {
	h := trained(t, 2, 2)
	dir := filepath.Join(h.Dir, "epoch-2")
	write(t, dir, "manifest.json", newer(contents(t, dir)["manifest.json"]))
	if _, _, _, err := h.Load(); err == nil || !strings.Contains(err.Error(), "use the version of fusemoe that wrote it") {
		t.Errorf("error %v", err)
	}
}

// damage flips one bit in the middle of a file and returns its path.
func damage(t *testing.T, h checkpoint.History, folder, glob string) string {
	t.Helper()
	dir := filepath.Join(h.Dir, folder)
	paths, _ := filepath.Glob(filepath.Join(dir, glob))
	if len(paths) != 1 {
		t.Fatalf("files %v", paths)
	}
	text := []byte(contents(t, dir)[filepath.Base(paths[0])])
	at := len(text) / 2
	if glob == "manifest.json" {
		at = strings.Index(string(text), `"step": 120`) + len(`"step": 12`)
	}
	text[at] ^= 1
	write(t, dir, filepath.Base(paths[0]), string(text))
	return paths[0]
}
