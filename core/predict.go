package core

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/fusemoe/fusemoe/core/checkpoint"
	"github.com/fusemoe/fusemoe/core/config"
	"github.com/fusemoe/fusemoe/core/data"
	"github.com/fusemoe/fusemoe/core/eval"
	"github.com/fusemoe/fusemoe/core/host"
	"github.com/fusemoe/fusemoe/core/report"
	"github.com/fusemoe/fusemoe/sdk/modalitypb"
)

// Predictor predicts with what a run has learned.
type Predictor struct {
	options
	// members are the trainings whose scores are averaged: one, or those of an ensemble.
	// They read the same modalities.
	members  []*learner
	manifest checkpoint.Manifest // of the first
	plugins  config.Plugins
	owned    *machine
	// dir is the run's folder, first that of the first member, and data where the run's
	// config has its dataset.
	dir, first, data string
}

// OpenRun reads a run folder, or the folder of one of its seeds. A run whose config
// asks for an ensemble predicts with all of its seeds, unless WithSeed names one.
func OpenRun(_ context.Context, dir string, all ...Option) (p *Predictor, err error) {
	defer recovered("open run", &err)
	p = &Predictor{options: newOptions(all)}
	settings, err := runSettings(dir)
	if err != nil {
		return nil, err
	}
	folders, err := trainingFolders(dir, p.seed, settings.Run.Ensemble)
	if err != nil {
		return nil, err
	}
	p.plugins = settings.Plugins
	if settings.Device != "cpu" {
		settings.Device = "auto" // the GPU of a training may be elsewhere
	}
	if p.owned, err = newMachine(settings, 0, p.log); err != nil {
		return nil, err
	}
	p.dir, p.first, p.data = dir, folders[0], settings.Data.Path
	for i, folder := range folders {
		member, manifest, err := loadLearner(filepath.Join(folder, checkpointFolder), p.owned)
		if err != nil {
			return nil, errors.Join(err, p.Close())
		}
		p.members = append(p.members, member)
		if i == 0 {
			p.manifest = manifest
		}
	}
	if p.seed != nil && *p.seed != p.manifest.Seed {
		return nil, errors.Join(noSuchSeed(dir, *p.seed, p.manifest.Seed), p.Close())
	}
	return p, nil
}

// runSettings are those of the run that a folder, or the one above it, belongs to. A
// folder that was copied out of a run has the defaults.
func runSettings(folder string) (*config.Config, error) {
	for _, dir := range []string{folder, filepath.Dir(filepath.Clean(folder))} {
		path := filepath.Join(dir, configFile)
		if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
			continue
		}
		return config.Load(config.Sources{File: path})
	}
	return config.Default(), nil
}

// trainingFolders finds the trainings of a run folder to predict with: that of the
// seed, if one is named, all of an ensemble, or that of the lowest seed.
func trainingFolders(dir string, seed *uint64, ensemble bool) ([]string, error) {
	if hasCheckpoint(dir) {
		return []string{dir}, nil
	}
	seeds, err := seedsIn(dir)
	switch {
	case err != nil:
		return nil, err
	case len(seeds) == 0:
		first, err := repetitionIn(dir)
		if err != nil {
			return nil, err
		}
		return nil, fmt.Errorf("%s has a model for each of its folds or splits; name one, such as %s", dir, first)
	case seed != nil && !slices.Contains(seeds, *seed):
		return nil, noSuchSeed(dir, *seed, seeds...)
	case seed != nil:
		seeds = []uint64{*seed}
	case !ensemble:
		seeds = seeds[:1]
	}
	folders := make([]string, len(seeds))
	for i, s := range seeds {
		folders[i] = seedFolder(dir, s)
	}
	return folders, nil
}

func noSuchSeed(dir string, seed uint64, have ...uint64) error {
	return fmt.Errorf("%s has no training with seed %d; it has %s", dir, seed, listed(have))
}

// Close ends the predictor.
func (p *Predictor) Close() error {
	var errs []error
	for _, m := range p.members {
		errs = append(errs, m.close())
	}
	return errors.Join(append(errs, p.owned.close())...)
}

// network is what all members have in common.
func (p *Predictor) network() network { return p.members[0].network }

// Prediction is what the model says about one sample: for each task its
// probabilities or values.
type Prediction struct {
	ID     string
	Scores map[string][]float64
}

// Predict starts the plugins and predicts every sample of a dataset.
func (p *Predictor) Predict(ctx context.Context, d *data.Dataset) (all []Prediction, err error) {
	defer recovered("predict", &err)
	scores, err := p.scores(ctx, d)
	if err != nil {
		return nil, err
	}
	for i := range d.IDs {
		prediction := Prediction{ID: d.IDs[i], Scores: map[string][]float64{}}
		for t, task := range p.network().Tasks {
			prediction.Scores[task.Name] = scores[t][i*task.Outputs : (i+1)*task.Outputs]
		}
		all = append(all, prediction)
	}
	return all, nil
}

// PredictDataset predicts the samples of one split of a dataset folder, or of all
// where split is nil, and writes them.
func (p *Predictor) PredictDataset(ctx context.Context, dir string, split *data.Split, w io.Writer, format report.Format) (err error) {
	defer recovered("predict", &err)
	stage := p.progress.Stage("open "+filepath.Base(dir), 0)
	d, err := data.Open(dir, data.Unlabelled())
	if err == nil {
		err = ctx.Err()
	}
	if err != nil {
		return err
	}
	stage.Done()
	for _, w := range d.Warnings {
		p.log.Warn().Msg(w)
	}
	if split != nil {
		rows := d.Rows(*split)
		if len(rows) == 0 {
			return fmt.Errorf("dataset %s has no sample in split %s", dir, split)
		}
		d = d.Subset(rows)
	}
	scores, err := p.scores(ctx, d)
	if err != nil {
		return err
	}
	var tasks []eval.Task
	for _, t := range p.manifest.Tasks {
		tasks = append(tasks, eval.Task{Name: t.Name, Kind: eval.Kind(t.Kind), Columns: t.Columns, Classes: t.Classes})
	}
	out, err := report.NewPredictions(w, format, tasks)
	if err != nil {
		return err
	}
	for i, id := range d.IDs {
		sample := report.Sample{ID: id, Patient: d.Patients[i]}
		for t, task := range p.network().Tasks {
			sample.Scores = append(sample.Scores, scores[t][i*task.Outputs:(i+1)*task.Outputs])
			sample.Labels = append(sample.Labels, slices.Repeat([]float32{float32(math.NaN())}, task.Columns()))
		}
		if err := out.Write(sample); err != nil {
			return err
		}
	}
	return out.Flush()
}

func allRows(d *data.Dataset) []int {
	rows := make([]int, d.Len())
	for i := range rows {
		rows[i] = i
	}
	return rows
}

// scores are those of every sample: [samples·outputs] for each task.
func (p *Predictor) scores(ctx context.Context, d *data.Dataset) ([][]float64, error) {
	batches, err := p.batches(ctx, d)
	if err != nil {
		return nil, err
	}
	return p.meanOfMembers(ctx, batches, allRows(d))
}

// batches encodes every sample.
func (p *Predictor) batches(ctx context.Context, d *data.Dataset) (*data.Batcher, error) {
	n := p.network()
	if d.TimeUnit != n.TimeUnit || d.Window != n.Window {
		return nil, fmt.Errorf("the model was trained on a window of %g %s, the dataset has %g %s; import it with the same window",
			n.Window, n.TimeUnit, d.Window, d.TimeUnit)
	}
	encoded, err := p.encode(ctx, d)
	if err != nil {
		return nil, err
	}
	batches, err := data.NewBatcher(d, encoded, nil)
	if err == nil && p.hidden > 0 {
		batches = batches.Without(hideAtRandom(d.IDs, encoded, p.hidden))
	}
	return batches, err
}

// meanOfMembers are the members' calibrated scores taken together.
func (p *Predictor) meanOfMembers(ctx context.Context, batches *data.Batcher, rows []int) ([][]float64, error) {
	members := make([][][]float64, len(p.members))
	for i, m := range p.members {
		var err error
		if members[i], err = m.scores(ctx, batches, rows, nil); err != nil {
			return nil, err
		}
	}
	mean := make([][]float64, len(p.network().Tasks))
	for t := range mean {
		ofTask := make([][]float64, len(members))
		for i, scores := range members {
			ofTask[i] = p.members[i].calibrated(t, scores[t])
		}
		mean[t] = meanScores(ofTask)
	}
	return mean, nil
}

// encode starts the plugins as they were when the model was trained and encodes every
// sample.
func (p *Predictor) encode(ctx context.Context, d *data.Dataset) ([]data.Encoded, error) {
	var specs []host.Spec
	for i, m := range p.manifest.Modalities {
		if !hasSource(d, m.Source) {
			return nil, fmt.Errorf("the dataset has no modality %q, which the model reads; it has %s. "+
				"Where nothing of it was recorded, give it a table without rows", m.Source, sourceNames(d))
		}
		s, _, err := p.spec(config.Modality{
			Name: m.Name, Plugin: m.Plugin, Env: m.Env, Sandbox: m.Sandbox, Read: m.Read, Device: m.Device, OnError: config.OnError(m.OnError),
		}, p.plugins, 0)
		if err != nil {
			return nil, err
		}
		s.Config, s.State, s.Seed = m.Config, p.manifest.Modalities[i].State, p.manifest.Seed
		specs = append(specs, s)
	}
	if err := p.allAttached(specs); err != nil {
		return nil, err
	}
	fleet, err := host.Start(ctx, p.log, specs)
	if err != nil {
		return nil, err
	}
	defer fleet.Stop()
	encoded := make([]data.Encoded, len(specs))
	group, groupCtx := errgroup.WithContext(ctx)
	for i, m := range p.manifest.Modalities {
		group.Go(func() (err error) {
			defer recovered("encode "+m.Name, &err)
			encoded[i], err = p.encodeOne(groupCtx, fleet.Plugin(m.Name), m, d)
			return err
		})
	}
	return encoded, errors.Join(group.Wait(), ctx.Err())
}

func (p *Predictor) encodeOne(ctx context.Context, plugin *host.Plugin, m checkpoint.Modality, d *data.Dataset) (data.Encoded, error) {
	e := data.Encoded{Name: m.Name, Dim: m.Dim, Features: m.Features, Measurements: measures(plugin)}
	if plugin.Fingerprint() != m.Fingerprint {
		return e, fmt.Errorf("modality %s: plugin %s, or a network that it runs, is not the one that the model was trained with; install that one or train again",
			m.Name, m.Plugin)
	}
	meter := p.progress.Stage("encode "+m.Name, d.Len())
	defer meter.Done()
	w := pass{plugin: plugin, modality: m.Name, dataset: d, source: m.Source, onError: config.OnError(m.OnError)}
	bad := make(map[int]*modalitypb.Diagnostic)
	err := w.encode(ctx, func(r *modalitypb.Result) error {
		meter.Add(1)
		if r.GetError() != nil {
			bad[len(e.Sequences)] = r.GetError()
		}
		s, err := data.DecodeSequence(r.GetSequence(), m.Dim) // of an error: empty
		e.Sequences = append(e.Sequences, s)
		return err
	})
	w.report(p.log, bad)
	return e, err
}

// Predict predicts every sample of a dataset with the model that Train left, starting
// the plugins on demand. Where the config asks for a calibration it is applied.
func (rt *Runtime) Predict(ctx context.Context, d *data.Dataset) (all []Prediction, err error) {
	defer recovered("predict", &err)
	if rt.learner == nil {
		return nil, fmt.Errorf("%w: Predict needs Train", ErrOrder)
	}
	if rt.config.Eval.Calibration != config.CalibrationNone && rt.learner.calibrations == nil {
		if err := rt.chooseOnValidation(ctx); err != nil {
			return nil, err
		}
	}
	p := &Predictor{
		options: rt.options, members: []*learner{rt.learner}, plugins: rt.config.Plugins,
		manifest: checkpoint.Manifest{Modalities: rt.modalities, Seed: rt.learner.seed},
	}
	return p.Predict(ctx, d)
}
