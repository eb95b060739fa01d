package core

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/fusemoe/fusemoe/core/track"
)

// TestTrackingFollowsTheLog has a tracker know every epoch of a training, and of what
// preceded it, once, whether it was resumed or not.
func TestTrackingFollowsTheLog(t *testing.T) {
	dir, store := t.TempDir(), t.TempDir()
	pretraining := filepath.Join(dir, pretrainingFolder)
	if err := os.Mkdir(pretraining, 0o700); err != nil {
		t.Fatal(err)
	}
	write := func(dir string, lines ...string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, trainingLog), []byte(strings.Join(lines, "\n")+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	grow := func(lines ...string) { write(dir, lines...) }
	write(pretraining, `{"epoch":1,"losses":{"reconstruction":0.9},"score":-0.8,"best":true}`)
	begin := func() *tracking {
		t.Helper()
		w, err := track.MLflow(store, track.Run{Experiment: "ward", Name: "first", Key: dir})
		if err != nil {
			t.Fatal(err)
		}
		return &tracking{writer: w, dir: dir}
	}
	const one, two, three = `{"epoch":1,"losses":{"total":0.5},"score":0.6,"best":true}`,
		`{"epoch":2,"losses":{"total":0.4},"score":null}`, `{"epoch":3,"losses":{"total":0.3},"score":0.7,"best":true}`
	killed := begin()
	for _, lines := range [][]string{{one}, {one, two}} {
		grow(lines...)
		if err := killed.follow(); err != nil {
			t.Fatal(err)
		}
	}
	if err := killed.end(nil, false); err != nil {
		t.Fatal(err)
	}
	resumed := begin()
	grow(one, two, three)
	if err := resumed.follow(); err != nil {
		t.Fatal(err)
	}
	if err := resumed.end(nil, true); err != nil {
		t.Fatal(err)
	}
	if resumed.best != 3 {
		t.Errorf("the best epoch is %d", resumed.best)
	}
	for name, want := range map[string]int{
		"loss/total": 3, "val/score": 2, "pretrain/loss/reconstruction": 1, "pretrain/val/reconstruction": 1,
	} {
		found, err := filepath.Glob(filepath.Join(store, "*", "*", "metrics", filepath.FromSlash(name)))
		if err != nil || len(found) != 1 {
			t.Fatalf("%s: %v (%v)", name, found, err)
		}
		text, err := os.ReadFile(found[0])
		if err != nil {
			t.Fatal(err)
		}
		if n := strings.Count(string(text), "\n"); n != want {
			t.Errorf("%s has %d lines, want %d:\n%s", name, n, want, text)
		}
	}
}
