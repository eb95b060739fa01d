package core

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"slices"

	"github.com/fusemoe/fusemoe/core/checkpoint"
	"github.com/fusemoe/fusemoe/core/data"
	"github.com/fusemoe/fusemoe/core/eval"
	"github.com/fusemoe/fusemoe/core/model"
)

// learner is a model with what is needed to predict: fresh, in training, or read from
// a checkpoint.
type learner struct {
	network network
	model   *model.Model[float32]
	machine *machine
	seed    uint64
	// thresholds has those of each task, chosen on the validation split; nil before.
	thresholds [][]float64
	// calibrations has that of each task, fitted on the validation split; nil before.
	calibrations []eval.Calibration
}

func newLearner(n network, on *machine, seed uint64) (*learner, error) {
	m, err := model.New[float32](n.Config, n.Modalities, n.Tasks, seed)
	if err != nil {
		return nil, err
	}
	m.On(on.device)
	return &learner{network: n, model: m, machine: on, seed: seed}, nil
}

func (l *learner) close() error {
	err := l.model.Close()
	if d := l.machine.device; d != nil {
		d.Forget(l.model.Parameters())
	}
	return err
}

// modelBatch is what the network reads of a batch.
func modelBatch(b *data.Batch) model.Batch[float32] {
	return model.Batch[float32]{Series: b.Series, Present: b.Present, Labels: b.Labels}
}

// scores predicts the samples: [samples·outputs] probabilities or values for each
// task. each, if not nil, is shown every batch with the model's output.
func (l *learner) scores(ctx context.Context, batches *data.Batcher, rows []int,
	each func(*data.Batch, model.Output[float32]),
) ([][]float64, error) {
	scores := make([][]float64, len(l.network.Tasks))
	for part := range slices.Chunk(rows, l.network.EvalBatch) {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		b := batches.Batch(l.machine.pool, part)
		out, err := l.model.Predict(l.machine.pool, modelBatch(b))
		if err != nil {
			return nil, err
		}
		for t, task := range l.network.Tasks {
			scores[t] = appendScores(scores[t], task, out.Logits[t])
		}
		if each != nil {
			each(b, out)
		}
	}
	return scores, nil
}

// appendScores turns logits into probabilities; a regression's values stay.
func appendScores(scores []float64, t model.Task, logits []float32) []float64 {
	switch t.Kind {
	case model.Binary, model.Multilabel:
		for _, z := range logits {
			scores = append(scores, 1/(1+math.Exp(-float64(z))))
		}
	case model.Multiclass:
		for row := range slices.Chunk(logits, t.Outputs) {
			top, sum := slices.Max(row), 0.0
			for _, z := range row {
				sum += math.Exp(float64(z - top))
			}
			for _, z := range row {
				scores = append(scores, math.Exp(float64(z-top))/sum)
			}
		}
	case model.Regression:
		for _, v := range logits {
			scores = append(scores, float64(v))
		}
	}
	return scores
}

// evaluations compares the scores of some samples with their labels, task by task.
func (l *learner) evaluations(d *data.Dataset, rows []int, scores [][]float64) ([]eval.Predictions, error) {
	patients := make([]string, len(rows))
	for i, r := range rows {
		patients[i] = d.Patients[r]
	}
	var all []eval.Predictions
	for t, task := range l.network.Tasks {
		labels, err := d.Labels(task.Name)
		if err != nil {
			return nil, err
		}
		described, err := evalTask(d, task.Name)
		if err != nil {
			return nil, err
		}
		p := eval.Predictions{Task: described, Patients: patients, Scores: scores[t]}
		for _, r := range rows {
			p.Labels = append(p.Labels, labels[r*task.Columns():(r+1)*task.Columns()]...)
		}
		all = append(all, p)
	}
	return all, nil
}

func evalTask(d *data.Dataset, name string) (eval.Task, error) {
	t, err := d.Task(name)
	return eval.Task{Name: t.Name, Kind: eval.Kind(t.Kind.String()), Columns: t.Columns, Classes: t.Classes}, err
}

// manifest describes the learner: all of a checkpoint but the weights and when they
// were taken.
func (l *learner) manifest(d *data.Dataset, modalities []checkpoint.Modality) (checkpoint.Manifest, error) {
	described, err := json.Marshal(l.network)
	if err != nil {
		return checkpoint.Manifest{}, fmt.Errorf("describe the model: %w", err)
	}
	m := checkpoint.Manifest{Model: described, Modalities: modalities, Seed: l.seed}
	for i, t := range l.network.Tasks {
		described, err := evalTask(d, t.Name)
		if err != nil {
			return m, err
		}
		task := checkpoint.Task{Name: t.Name, Kind: string(t.Kind), Columns: described.Columns, Classes: described.Classes}
		if l.thresholds != nil {
			task.Thresholds = l.thresholds[i]
		}
		if l.calibrations != nil && l.calibrations[i].Method != eval.Uncalibrated {
			if task.Calibration, err = json.Marshal(l.calibrations[i]); err != nil {
				return m, fmt.Errorf("describe the calibration: %w", err)
			}
		}
		m.Tasks = append(m.Tasks, task)
	}
	return m, nil
}

// checkpoint is the learner as a checkpoint.
func (l *learner) checkpoint(d *data.Dataset, modalities []checkpoint.Modality, epoch, step int,
	metric checkpoint.Metric,
) (checkpoint.Manifest, []checkpoint.Tensor, error) {
	m, err := l.manifest(d, modalities)
	if err != nil {
		return m, nil, err
	}
	m.Epoch, m.Step, m.Metric = epoch, step, metric
	var tensors []checkpoint.Tensor
	for _, p := range l.model.Parameters() {
		tensors = append(tensors, checkpoint.Tensor{Name: p.Name, Shape: p.Shape, Data: p.Value})
	}
	return m, tensors, nil
}

// loadLearner reads a checkpoint and builds its model.
func loadLearner(dir string, on *machine) (*learner, checkpoint.Manifest, error) {
	m, tensors, err := checkpoint.Load(dir)
	if err != nil {
		return nil, m, err
	}
	var n network
	if err := json.Unmarshal(m.Model, &n); err != nil {
		return nil, m, fmt.Errorf("%s: the model's description cannot be read: %w", dir, err)
	}
	l, err := newLearner(n, on, m.Seed)
	if err != nil {
		return nil, m, fmt.Errorf("%s: %w", dir, err)
	}
	for _, p := range l.model.Parameters() {
		values, err := checkpoint.Find(tensors, p.Name, p.Shape...)
		if err != nil {
			return nil, m, fmt.Errorf("%s: %w", dir, err)
		}
		copy(p.Value, values)
	}
	if err := l.readCalibrations(m.Tasks); err != nil {
		return nil, m, fmt.Errorf("%s: %w", dir, err)
	}
	return l, m, nil
}
