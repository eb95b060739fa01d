package core_test

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/fusemoe/fusemoe/core"
	"github.com/fusemoe/fusemoe/core/config"
	"github.com/fusemoe/fusemoe/core/data"
)

// runWard runs the ward as change makes it.
func runWard(t *testing.T, out, cache string, change func(*config.Config)) *data.Dataset {
	t.Helper()
	d, c := ward(t, out)
	change(c)
	rt, err := core.Open(t.Context(), c, core.WithDataset(d), core.WithModality("pulse", pulse{}), core.WithCacheDir(cache))
	if err == nil {
		_, err = rt.Run(t.Context())
	}
	if err != nil {
		t.Fatal(err)
	}
	if err := rt.Close(); err != nil {
		t.Fatal(err)
	}
	return d
}

// scoresIn reads the scores of a predictions file by sample.
func scoresIn(t *testing.T, path string) map[string]float64 {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	scores := map[string]float64{}
	for _, row := range rows[1:] {
		if scores[row[0]], err = strconv.ParseFloat(row[len(row)-1], 64); err != nil {
			t.Fatal(err)
		}
	}
	return scores
}

func TestEnsembleIsTheMeanOfItsSeeds(t *testing.T) {
	out, cache := filepath.Join(t.TempDir(), "run"), t.TempDir()
	d := runWard(t, out, cache, func(c *config.Config) {
		c.Run.Ensemble, c.Train.Seeds = true, []uint64{3, 1}
	})
	first, second := scoresIn(t, filepath.Join(out, "seed-1/predictions.csv")), scoresIn(t, filepath.Join(out, "seed-3/predictions.csv"))
	ensemble := scoresIn(t, filepath.Join(out, "predictions.csv"))
	if len(ensemble) == 0 || len(ensemble) != len(first) {
		t.Fatalf("%d samples, a seed has %d", len(ensemble), len(first))
	}
	for id, score := range ensemble {
		if want := (first[id] + second[id]) / 2; score != want {
			t.Errorf("score %v, the mean of the seeds is %v", score, want)
		}
	}
	// In comparisons the run is what it predicts with.
	compared, err := core.Compare(t.Context(), []string{filepath.Join(out, "seed-1"), out}, 0)
	if err != nil || compared[0].B != filepath.Join(out, "predictions.csv") || compared[0].SeedsB != 1 {
		t.Errorf("compared as %v, %v", compared, err)
	}
	text, err := os.ReadFile(filepath.Join(out, "metrics.json"))
	if err != nil {
		t.Fatal(err)
	}
	var metrics map[string]map[string]struct{ Ensemble map[string]any }
	if err := json.Unmarshal(text, &metrics); err != nil {
		t.Fatal(err)
	}
	for _, split := range []string{"val", "test"} {
		if brier, ok := metrics[split]["deteriorates"].Ensemble["brier"].(float64); !ok || math.IsNaN(brier) {
			t.Errorf("%s: the ensemble's metrics are %v", split, metrics[split]["deteriorates"].Ensemble)
		}
	}
	for name, c := range map[string]struct {
		options []core.Option
		want    map[string]float64
	}{
		"all seeds": {nil, ensemble},
		"one seed":  {[]core.Option{core.WithSeed(3)}, second},
	} {
		t.Run(name, func(t *testing.T) {
			p, err := core.OpenRun(t.Context(), out, append(c.options, core.WithModality("pulse", pulse{}))...)
			if err != nil {
				t.Fatal(err)
			}
			predicted, err := p.Predict(context.Background(), d)
			if err != nil {
				t.Fatal(err)
			}
			for _, prediction := range predicted {
				if want, ok := c.want[prediction.ID]; ok && prediction.Scores["deteriorates"][0] != want {
					t.Errorf("predicted %v, the run %v", prediction.Scores["deteriorates"][0], want)
				}
			}
			if err := p.Close(); err != nil {
				t.Error(err)
			}
		})
	}
}

// TestSeedsSideBySide holds trainings that share the cores to the same trainings one
// after the other.
func TestSeedsSideBySide(t *testing.T) {
	top, cache := t.TempDir(), t.TempDir()
	for name, parallel := range map[string]int{"one": 1, "three": 3} {
		runWard(t, filepath.Join(top, name), cache, func(c *config.Config) {
			c.Train.Seeds, c.Run.Parallel, c.Train.Threads = []uint64{1, 2, 3, 4}, parallel, 2
		})
	}
	for _, file := range []string{"metrics.json", "seed-2/training.jsonl", "seed-4/predictions.csv"} {
		want, err := os.ReadFile(filepath.Join(top, "one", file))
		if err != nil {
			t.Fatal(err)
		}
		if got, err := os.ReadFile(filepath.Join(top, "three", file)); err != nil || string(got) != string(want) {
			t.Errorf("%s is not the same side by side (%v)", file, err)
		}
	}
}
