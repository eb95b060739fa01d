package core

import (
	"fmt"
	"path/filepath"

	"github.com/fusemoe/fusemoe/core/config"
	"github.com/fusemoe/fusemoe/core/data"
	"github.com/fusemoe/fusemoe/core/eval"
	"github.com/fusemoe/fusemoe/core/report/page"
	"github.com/fusemoe/fusemoe/core/track"
)

// mlflowStore is the folder beside run folders that MLflow reads.
const mlflowStore = "mlruns"

// tracking tells an experiment tracker what a training comes to. It follows the log of
// the training, so that a resumed one has every epoch once.
type tracking struct {
	writer track.Writer
	dir    string
	told   int // epochs
	best   int // the last that was
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

// follow tells of the epochs that are new in the log. A nil tracking tells nothing.
func (t *tracking) follow() error {
	if t == nil {
		return nil
	}
	epochs, err := readEpochs(t.dir)
	if err != nil {
		return err
	}
	for _, e := range epochs[min(t.told, len(epochs)):] {
		if err := t.writer.Write(e.Epoch, epochFigures(e)); err != nil {
			return fmt.Errorf("run.track: %w", err)
		}
		t.told++
		if e.Best {
			t.best = e.Epoch
		}
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
