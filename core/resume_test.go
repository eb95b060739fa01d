package core_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rs/zerolog"

	"github.com/fusemoe/fusemoe/core"
	"github.com/fusemoe/fusemoe/core/config"
	"github.com/fusemoe/fusemoe/core/data"
	"github.com/fusemoe/fusemoe/sdk"
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
	return runWith(t, d, c, cache, epochs, pulse{}, more...)
}

func runWith(t *testing.T, d *data.Dataset, c *config.Config, cache string, epochs int, m sdk.Modality, more ...core.Option) error {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	rt, err := core.Open(ctx, c, append([]core.Option{
		core.WithDataset(d), core.WithModality("pulse", m), core.WithCacheDir(cache),
		core.WithProgress(&stopper{cancel: cancel, at: int32(epochs)}),
	}, more...)...)
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
		sameTree(t, whole, out)
	}
}

// TestResumedPretrainingIsTheSame cuts runs short in pretraining, between it and training, in
// training, and in the pretraining of the second seed.
func TestResumedPretrainingIsTheSame(t *testing.T) {
	cache, whole := t.TempDir(), filepath.Join(t.TempDir(), "whole")
	pretrained := func(out string, epochs int, more ...core.Option) error {
		d, c := ward(t, out)
		c.Pretrain.Epochs, c.Train.Epochs = 3, 2
		return runConfig(t, d, c, cache, epochs, more...)
	}
	if err := pretrained(whole, 0); err != nil {
		t.Fatal(err)
	}
	for epochs, kept := range map[int]string{
		1: "the pretraining so far of seed 1", 3: "the pretraining so far of seed 1",
		4: "the best checkpoint so far of seed 1", 7: "the finished seed 1 and the pretraining so far of seed 2",
	} {
		out := filepath.Join(t.TempDir(), "cut")
		if err := pretrained(out, epochs); err == nil || !strings.HasSuffix(err.Error(), "keeps "+kept) {
			t.Fatalf("after %d epochs: %v, want that it keeps %s", epochs, err, kept)
		}
		if err := pretrained(out, 0, core.WithResume()); err != nil {
			t.Fatalf("resume after %d epochs: %v", epochs, err)
		}
		sameTree(t, whole, out)
	}
}

// TestResumedFoldsAreTheSame cuts runs short in the first and in a later fold, with seeds one
// after the other and side by side.
func TestResumedFoldsAreTheSame(t *testing.T) {
	for _, parallel := range []int{1, 2} {
		cache, whole := t.TempDir(), filepath.Join(t.TempDir(), "whole")
		folds := func(out string, epochs int, more ...core.Option) error {
			d, c := ward(t, out)
			c.Data.Folds, c.Run.Ensemble, c.Run.Parallel, c.Train.Epochs = 3, true, parallel, 3
			return runConfig(t, d, c, cache, epochs, more...)
		}
		if err := folds(whole, 0); err != nil {
			t.Fatal(err)
		}
		for _, epochs := range []int{2, 10} {
			out := filepath.Join(t.TempDir(), "cut")
			var unfinished *core.UnfinishedError
			if err := folds(out, epochs); !errors.As(err, &unfinished) {
				t.Fatalf("after %d epochs: %v", epochs, err)
			}
			if err := folds(out, 0, core.WithResume()); err != nil {
				t.Fatalf("resume after %d epochs: %v", epochs, err)
			}
			sameTree(t, whole, out)
		}
	}
}

// TestResumeGoesBackBehindADamagedSnapshot uses the one before, names the damaged one, and
// comes to the same end.
func TestResumeGoesBackBehindADamagedSnapshot(t *testing.T) {
	cache, whole, out := t.TempDir(), filepath.Join(t.TempDir(), "whole"), filepath.Join(t.TempDir(), "cut")
	if err := run(t, whole, cache, 0); err != nil {
		t.Fatal(err)
	}
	if err := run(t, out, cache, 3); err == nil {
		t.Fatal("the run was not cut short")
	}
	damaged := weightsOf(t, filepath.Join(out, "seed-1", "snapshots", "epoch-3"))
	if err := os.Truncate(damaged, 100); err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	if err := run(t, out, cache, 0, core.WithResume(), core.WithLogger(zerolog.New(&log))); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(log.String(), damaged) || !strings.Contains(log.String(), `"from":2`) {
		t.Errorf("the log does not name %s: %s", damaged, log.String())
	}
	sameTree(t, whole, out)
}

// TestResumeWithoutAWholeSnapshotSaysWhatToDo where the disk has damaged all.
func TestResumeWithoutAWholeSnapshotSaysWhatToDo(t *testing.T) {
	cache, out := t.TempDir(), filepath.Join(t.TempDir(), "cut")
	if err := run(t, out, cache, 3); err == nil {
		t.Fatal("the run was not cut short")
	}
	for _, epoch := range []string{"epoch-2", "epoch-3"} {
		if err := os.Truncate(weightsOf(t, filepath.Join(out, "seed-1", "snapshots", epoch)), 100); err != nil {
			t.Fatal(err)
		}
	}
	if err := run(t, out, cache, 0, core.WithResume()); err == nil || !strings.Contains(err.Error(), "remove the folder to begin this training anew") {
		t.Errorf("error %v", err)
	}
}

func weightsOf(t *testing.T, dir string) string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "weights-*"))
	if err != nil || len(files) != 1 {
		t.Fatalf("weights in %s: %v, %v", dir, files, err)
	}
	return files[0]
}

// bold is a pulse that makes more of what it reads.
type bold struct{ pulse }

func (bold) Encode(ctx context.Context, s sdk.Sample) (sdk.Sequence, error) {
	q, err := pulse{}.Encode(ctx, s)
	for _, row := range q.Values {
		row[0] *= 2
	}
	return q, err
}

// TestResumeNoticesWhatChanged while the run lay still, in one sentence that names it.
func TestResumeNoticesWhatChanged(t *testing.T) {
	cache, out := t.TempDir(), filepath.Join(t.TempDir(), "cut")
	if err := run(t, out, cache, 3); err == nil {
		t.Fatal("the run was not cut short")
	}
	for want, change := range map[string]func(*data.Dataset, *config.Config, *sdk.Modality){
		"train.learning_rate in config.yaml, from 0.0004 to 0.001, changed":  func(_ *data.Dataset, c *config.Config, _ *sdk.Modality) { c.Train.LearningRate = 1e-3 },
		"model.router.gate in config.yaml, from laplace to softmax, changed": func(_ *data.Dataset, c *config.Config, _ *sdk.Modality) { c.Model.Router.Gate = config.GateSoftmax },
		"the splits of the dataset changed": func(d *data.Dataset, _ *config.Config, _ *sdk.Modality) {
			d.Splits[0], d.Splits[1] = data.Test, data.Test
		},
		"or their patients, changed": func(d *data.Dataset, _ *config.Config, _ *sdk.Modality) { d.Patients[0] = "somebody else" },
		"the labels of task deteriorates changed": func(d *data.Dataset, _ *config.Config, _ *sdk.Modality) {
			labels, err := d.Labels("deteriorates")
			if err != nil {
				t.Fatal(err)
			}
			labels[0] = 1 - labels[0]
		},
		"the data of modality pulse, or its plugin": func(_ *data.Dataset, _ *config.Config, m *sdk.Modality) { *m = bold{} },
	} {
		d, c := ward(t, out)
		var m sdk.Modality = pulse{}
		change(d, c, &m)
		err := runWith(t, d, c, t.TempDir(), 0, m, core.WithResume())
		if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "start a new run") {
			t.Errorf("error %v, want %q", err, want)
		}
	}
	// What changes no result may be another.
	d, c := ward(t, out)
	c.Train.Threads, c.Train.Keep, c.Eval.Resamples = 1, 3, 20
	if err := runConfig(t, d, c, cache, 0, core.WithResume()); err != nil {
		t.Error(err)
	}
}

// TestResumeRefuses says why a run cannot go on.
func TestResumeRefuses(t *testing.T) {
	if err := run(t, t.TempDir(), t.TempDir(), 0, core.WithResume()); err == nil || !strings.Contains(err.Error(), "holds no run") {
		t.Errorf("an empty folder: %v", err)
	}
}

// second tries to resume the run that reports to it, once.
type second struct {
	try  func() error
	once sync.Once
	err  error
}

func (s *second) Stage(string, int) core.Meter { return s }
func (s *second) Add(int)                      {}
func (s *second) Done()                        {}
func (s *second) Note(string)                  { s.once.Do(func() { s.err = s.try() }) }

// TestTwoDoNotWorkInOneFolder resumes a run that goes on, as one would who has lost the
// terminal that it was started in.
func TestTwoDoNotWorkInOneFolder(t *testing.T) {
	if runtime.GOOS != "linux" && runtime.GOOS != "darwin" {
		t.Skip("no locks there")
	}
	cache, out := t.TempDir(), filepath.Join(t.TempDir(), "run")
	s := &second{try: func() error { return run(t, out, cache, 0, core.WithResume()) }}
	if err := run(t, out, cache, 0, core.WithProgress(s)); err != nil {
		t.Fatal(err)
	}
	if s.err == nil || !strings.Contains(s.err.Error(), "another fusemoe is at work there") {
		t.Errorf("the second: %v", s.err)
	}
	// It has ended: now there is nothing to do.
	if err := run(t, out, cache, 0, core.WithResume()); err != nil {
		t.Error(err)
	}
}

// sameTree fails the test where two folders do not hold the same files, byte for byte.
func sameTree(t *testing.T, want, got string) {
	t.Helper()
	if diff := cmp.Diff(tree(t, want), tree(t, got)); diff != "" {
		t.Errorf("%s is not %s: %s", got, want, diff)
	}
}

// tree has a hash of every file of a folder that a run in another one would write the same:
// all but the config, which names its folder, and the pages that quote it.
func tree(t *testing.T, root string) map[string]string {
	t.Helper()
	files := map[string]string{}
	err := filepath.WalkDir(root, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		switch e.Name() {
		case "config.yaml", "report.html", "report.json":
			return nil
		}
		text, err := os.ReadFile(path)
		name, _ := filepath.Rel(root, path)
		files[name] = fmt.Sprintf("%x", sha256.Sum256(text))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}
