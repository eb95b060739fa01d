package core

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/fusemoe/fusemoe/core/config"
	"github.com/fusemoe/fusemoe/core/data"
	"github.com/fusemoe/fusemoe/core/eval"
	"github.com/fusemoe/fusemoe/core/model"
	"github.com/fusemoe/fusemoe/core/report/page"
	"github.com/fusemoe/fusemoe/core/track"
)

// mlflowStore is the folder beside run folders that MLflow reads.
const mlflowStore = "mlruns"

// tracking tells an experiment tracker what a training comes to. It follows the logs of
// the training and of its pretraining, so that a resumed one has every epoch once.
type tracking struct {
	writer  track.Writer
	dir     string
	pretold int // epochs of pretraining
	told    int // epochs
	best    int // the last that was
}

// track begins what the config asks for, nil for nothing.
func (rt *Runtime) track(dir string, seed uint64) (t *tracking, err error) {
	t = &tracking{dir: dir}
	switch rt.config.Run.Track {
	case config.TrackTensorBoard:
		t.writer, err = track.TensorBoard(dir)
	case config.TrackMLflow:
		t.writer, err = rt.trackInMLflow(dir, seed)
	default:
		return nil, nil //nolint:nilnil // nothing is tracked
	}
	if err != nil {
		return nil, fmt.Errorf("run.track: %w", err)
	}
	return t, nil
}

func (rt *Runtime) trackInMLflow(dir string, seed uint64) (track.Writer, error) {
	path, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	beside, err := filepath.Abs(filepath.Dir(filepath.Clean(rt.runDir)))
	if err != nil {
		return nil, err
	}
	name, err := filepath.Rel(beside, path)
	if err != nil {
		return nil, err
	}
	changed, err := rt.config.Changed()
	if err != nil {
		return nil, err
	}
	params := map[string]string{"seed": fmt.Sprint(seed)}
	for _, s := range changed {
		params[s.Key] = s.Value
	}
	return track.MLflow(filepath.Join(beside, mlflowStore), track.Run{
		Experiment: rt.dataset.Name, Name: filepath.ToSlash(name), Key: path, Params: params,
		Note: fmt.Sprintf("fusemoe %s, run folder %s", buildVersion(), path),
	})
}

// follow tells of the epochs that are new in the logs. A nil tracking tells nothing.
func (t *tracking) follow() error {
	if t == nil {
		return nil
	}
	before := filepath.Join(t.dir, pretrainingFolder)
	if _, err := os.Stat(filepath.Join(before, trainingLog)); err == nil {
		if err := t.tell(before, &t.pretold, pretrainingFigures); err != nil {
			return err
		}
	}
	return t.tell(t.dir, &t.told, func(e page.Epoch) map[string]float64 {
		if e.Best {
			t.best = e.Epoch
		}
		return epochFigures(e)
	})
}

// tell tells of the epochs in the log of a folder but those that were told before.
func (t *tracking) tell(dir string, told *int, figures func(page.Epoch) map[string]float64) error {
	epochs, err := readEpochs(dir)
	if err != nil {
		return err
	}
	for _, e := range epochs[min(*told, len(epochs)):] {
		if err := t.writer.Write(e.Epoch, figures(e)); err != nil {
			return fmt.Errorf("run.track: %w", err)
		}
		*told++
	}
	return nil
}

// end tells how a training ended. The test split is told at the best epoch.
func (t *tracking) end(evaluations []*Evaluation, finished bool) error {
	if t == nil {
		return nil
	}
	var err error
	if finished {
		err = t.follow() // a resumed training may have had no epoch left
	}
	for _, e := range evaluations {
		if err == nil && finished && e.Split == data.Test {
			err = t.writer.Write(t.best, testFigures(e))
		}
	}
	if closeErr := t.writer.Close(finished); err == nil {
		err = closeErr
	}
	if err != nil {
		return fmt.Errorf("run.track: %w", err)
	}
	return nil
}

// epochFigures are what trackers draw over the epochs.
func epochFigures(e page.Epoch) map[string]float64 {
	figures := map[string]float64{"val/score": float64(e.Score)}
	for term, v := range e.Losses {
		figures["loss/"+term] = v
	}
	for task, all := range e.Validation {
		for name, v := range all {
			figures["val/"+task+"/"+name] = float64(v)
		}
	}
	if e.Experts != nil {
		addExperts(figures, *e.Experts)
	}
	return figures
}

// pretrainingFigures are those of an epoch of pretraining, whose score is a loss turned
// around.
func pretrainingFigures(e page.Epoch) map[string]float64 {
	figures := map[string]float64{"pretrain/val/" + model.Reconstruction: -float64(e.Score)}
	for term, v := range e.Losses {
		figures["pretrain/loss/"+term] = v
	}
	return figures
}

func addExperts(figures map[string]float64, use eval.ExpertUseResult) {
	for l, layer := range use.Layers {
		for expert, share := range layer.Use {
			figures[fmt.Sprintf("experts/layer_%d/use_%d", l+1, expert+1)] = share
		}
		for m, entropy := range layer.Entropy {
			figures[fmt.Sprintf("experts/layer_%d/entropy_%s", l+1, use.Modalities[m])] = entropy
		}
	}
}

func testFigures(e *Evaluation) map[string]float64 {
	figures := map[string]float64{}
	for i, m := range e.Metrics {
		for _, v := range m.Values {
			figures["test/"+e.Predictions[i].Name+"/"+v.Name] = v.Value
		}
	}
	return figures
}
