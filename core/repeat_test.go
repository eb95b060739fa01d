package core_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/fusemoe/fusemoe/core"
	"github.com/fusemoe/fusemoe/core/config"
)

func TestFoldsTestEverySampleOnce(t *testing.T) {
	out, cache := filepath.Join(t.TempDir(), "run"), t.TempDir()
	d := runWard(t, out, cache, func(c *config.Config) {
		c.Data.Folds, c.Run.Ensemble, c.Train.Epochs = 4, true, 2
	})
	pooled := scoresIn(t, filepath.Join(out, "predictions.csv"))
	if len(pooled) != d.Len() {
		t.Errorf("%d of %d samples are tested", len(pooled), d.Len())
	}
	for id, score := range scoresIn(t, filepath.Join(out, "fold-3/predictions.csv")) {
		if pooled[id] != score {
			t.Errorf("a sample of fold 3 has score %v there and %v here", score, pooled[id])
		}
	}
	text, err := os.ReadFile(filepath.Join(out, "metrics.json"))
	if err != nil || !strings.Contains(string(text), `"pooled"`) || strings.Count(string(text), `"log_loss"`) < 8 {
		t.Errorf("metrics.json is %s, %v", text, err)
	}
	// A fold is a run: its own config brings it about again.
	c, err := config.Load(config.Sources{File: filepath.Join(out, "fold-3/config.yaml")})
	if err != nil {
		t.Fatal(err)
	}
	again := filepath.Join(t.TempDir(), "again")
	runWard(t, again, cache, func(own *config.Config) {
		own.Data, own.Run, own.Train.Epochs = c.Data, c.Run, 2
	})
	sameFiles(t, filepath.Join(out, "fold-3"), again, "metrics.json", "predictions.csv")
	if _, err := core.OpenRun(t.Context(), out); err == nil || !strings.Contains(err.Error(), "name one, such as") {
		t.Errorf("predict with all folds: %v", err)
	}
	other := filepath.Join(t.TempDir(), "other")
	runWard(t, other, cache, func(c *config.Config) {
		c.Data.Folds, c.Train.Seeds, c.Train.Epochs = 4, []uint64{7}, 2
	})
	compared, err := core.Compare(t.Context(), []string{out, other}, 10)
	if err != nil || len(compared) != 1 || compared[0].Samples != d.Len() {
		t.Errorf("compare two runs over folds: %v, %v", compared, err)
	}
}

// sameFiles compares files of two folders.
func sameFiles(t *testing.T, wantDir, gotDir string, names ...string) {
	t.Helper()
	for _, name := range names {
		want, err := os.ReadFile(filepath.Join(wantDir, name))
		if err != nil {
			t.Fatal(err)
		}
		if got, err := os.ReadFile(filepath.Join(gotDir, name)); err != nil || string(got) != string(want) {
			t.Errorf("%s differs (%v)", name, err)
		}
	}
}

// runFolds runs the ward over three folds and cancels after some epochs; 0 lets it end.
func runFolds(t *testing.T, out, cache string, epochs int, more ...core.Option) error {
	t.Helper()
	d, c := ward(t, out)
	c.Data.Folds = 3
	return runConfig(t, d, c, cache, epochs, more...)
}

// TestRepetitionsResume cuts a run over folds short in the second one.
func TestRepetitionsResume(t *testing.T) {
	cache, top := t.TempDir(), t.TempDir()
	whole, cut := filepath.Join(top, "whole"), filepath.Join(top, "cut")
	if err := runFolds(t, whole, cache, 0); err != nil {
		t.Fatal(err)
	}
	var unfinished *core.UnfinishedError
	if err := runFolds(t, cut, cache, 15); !errors.As(err, &unfinished) || !strings.Contains(unfinished.Kept(), "the finished fold-1 and") {
		t.Fatalf("cut short: %v", err)
	}
	if err := runFolds(t, cut, cache, 0, core.WithResume()); err != nil {
		t.Fatal(err)
	}
	sameFiles(t, whole, cut, "metrics.json", "fold-1/metrics.json", "fold-2/seed-2/training.jsonl", "fold-3/seed-2/predictions.csv")
}

func TestSplitsOfTheUser(t *testing.T) {
	top, cache := t.TempDir(), t.TempDir()
	first, second := filepath.Join(top, "first.csv"), filepath.Join(top, "second.csv")
	// The ward's samples take turns in being fast.
	rows := []string{"sample,split"}
	for i, id := range []string{"stay 0", "stay 1", "stay 2", "stay 3", "stay 4", "stay 5"} {
		rows = append(rows, id+","+[]string{"train", "val", "test"}[i/2])
	}
	for _, path := range []string{first, second} {
		if err := os.WriteFile(path, []byte(strings.Join(rows, "\n")+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	change := func(splits ...string) func(*config.Config) {
		return func(c *config.Config) { c.Data.Splits, c.Train.Seeds, c.Train.Epochs = splits, []uint64{1}, 1 }
	}
	runWard(t, filepath.Join(top, "one"), cache, change(first))
	runWard(t, filepath.Join(top, "both"), cache, change(first, second))
	sameFiles(t, filepath.Join(top, "one"), filepath.Join(top, "both/splits-second"), "metrics.json", "predictions.csv")
	if tested := scoresIn(t, filepath.Join(top, "one/predictions.csv")); len(tested) != 2 {
		t.Errorf("%d samples are tested, the file names 2", len(tested))
	}
}
