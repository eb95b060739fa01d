package core_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/fusemoe/fusemoe/core"
	"github.com/fusemoe/fusemoe/core/config"
	"github.com/fusemoe/fusemoe/core/data"
)

// ward is a small dataset and a config that trains on it in a moment.
func ward(t *testing.T, out string) (*data.Dataset, *config.Config) {
	t.Helper()
	var splits []data.Split
	for i := range 80 {
		splits = append(splits, []data.Split{data.Train, data.Train, data.Val, data.Test}[i/2%4])
	}
	d, err := chart(data.Description{
		Name: "ward", TimeUnit: "hours", Window: 6,
		Tasks:   []data.Task{{Name: "deteriorates", Kind: data.Binary, Columns: []string{"deteriorates"}}},
		Sources: []data.Source{{Name: "monitor", Kind: data.Rows, Columns: []string{"heart_rate"}}},
	}, splits...)
	if err != nil {
		t.Fatal(err)
	}
	c := config.Default()
	c.Modalities = []config.Modality{{Name: "pulse", Plugin: "pulse", Source: "monitor"}}
	c.Model.Steps, c.Model.Width, c.Model.Heads, c.Model.Layers, c.Model.Hidden = 4, 8, 2, 1, 8
	c.Model.TimeWidth, c.Model.TimeHeads = 4, 2
	c.Model.Router.Experts, c.Model.Router.TopK, c.Model.Router.Hidden = 3, 2, 8
	c.Train.Seeds = []uint64{1, 2}
	c.Train.Epochs, c.Train.Batch, c.Train.Accumulate, c.Train.Average = 6, 10, 2, 0.9
	c.Train.Stop.Metric, c.Eval.Resamples, c.Out = config.MetricLoss, 10, out
	return d, c
}

// stopper cancels a run at the given number of finished epochs.
type stopper struct {
	cancel func()
	epochs atomic.Int32
	at     int32
}

func (s *stopper) Stage(string, int) core.Meter { return s }
func (s *stopper) Add(int)                      {}
func (s *stopper) Done()                        {}
func (s *stopper) Note(string) {
	if s.epochs.Add(1) == s.at {
		s.cancel()
	}
}

// run runs the ward and cancels after some epochs; 0 lets it end.
func run(t *testing.T, out, cache string, epochs int, more ...core.Option) error {
	t.Helper()
	d, c := ward(t, out)
	return runConfig(t, d, c, cache, epochs, more...)
}

func runConfig(t *testing.T, d *data.Dataset, c *config.Config, cache string, epochs int, more ...core.Option) error {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	rt, err := core.Open(ctx, c, append(more, core.WithDataset(d), core.WithModality("pulse", pulse{}),
		core.WithCacheDir(cache), core.WithProgress(&stopper{cancel: cancel, at: int32(epochs)}))...)
	if err != nil {
		t.Fatal(err)
	}
	_, err = rt.Run(ctx)
	return errors.Join(err, rt.Close())
}

// TestResumedRunIsTheSame cuts runs short at several moments, in the first and in the
// second seed, and goes on: every result must be that of an undisturbed run.
func TestResumedRunIsTheSame(t *testing.T) {
	cache, whole := t.TempDir(), filepath.Join(t.TempDir(), "whole")
	if err := run(t, whole, cache, 0); err != nil {
		t.Fatal(err)
	}
	for _, epochs := range []int{1, 4, 6, 9} {
		out := filepath.Join(t.TempDir(), "cut")
		var unfinished *core.UnfinishedError
		if err := run(t, out, cache, epochs); !errors.As(err, &unfinished) {
			t.Fatalf("after %d epochs: %v", epochs, err)
		}
		if err := run(t, out, cache, 0, core.WithResume()); err != nil {
			t.Fatalf("resume after %d epochs: %v", epochs, err)
		}
		for _, file := range []string{
			"metrics.json", "seed-1/predictions.csv", "seed-2/predictions.csv",
			"seed-1/training.jsonl", "seed-2/training.jsonl", "seed-2/checkpoint/manifest.json",
		} {
			want, err := os.ReadFile(filepath.Join(whole, file))
			if err != nil {
				t.Fatal(err)
			}
			if got, err := os.ReadFile(filepath.Join(out, file)); err != nil || string(got) != string(want) {
				t.Errorf("cut after %d epochs: %s is not that of the undisturbed run (%v)", epochs, file, err)
			}
		}
	}
}

// TestResumeRefuses says why a run cannot go on.
func TestResumeRefuses(t *testing.T) {
	cache := t.TempDir()
	if err := run(t, t.TempDir(), cache, 0, core.WithResume()); err == nil || !strings.Contains(err.Error(), "holds no run") {
		t.Errorf("an empty folder: %v", err)
	}
	out := filepath.Join(t.TempDir(), "cut")
	if err := run(t, out, cache, 2); err == nil {
		t.Fatal("the run was not cut short")
	}
	snapshot := filepath.Join(out, "seed-1", "snapshot")
	files, err := filepath.Glob(filepath.Join(snapshot, "weights-*"))
	if err != nil || len(files) != 1 {
		t.Fatalf("weights of the snapshot: %v, %v", files, err)
	}
	if err := os.Truncate(files[0], 100); err != nil {
		t.Fatal(err)
	}
	if err := run(t, out, cache, 0, core.WithResume()); err == nil || !strings.Contains(err.Error(), filepath.Base(files[0])) {
		t.Errorf("a damaged snapshot: %v", err)
	}
}
