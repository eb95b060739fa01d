package core

import (
	"context"
	"fmt"
	"math"

	"github.com/fusemoe/fusemoe/core/checkpoint"
	"github.com/fusemoe/fusemoe/core/config"
	"github.com/fusemoe/fusemoe/core/data"
	"github.com/fusemoe/fusemoe/core/eval"
	"github.com/fusemoe/fusemoe/core/model"
	"github.com/fusemoe/fusemoe/core/train"
)

// Train trains a model with the first of the config's seeds. Prepare must have run.
func (rt *Runtime) Train(ctx context.Context) (train.Result, error) {
	return rt.train(ctx, rt.config.Train.Seeds[0], nil)
}

// train trains with one seed. Into record, if not nil, go the log and the best
// checkpoint as training goes on.
func (rt *Runtime) train(ctx context.Context, seed uint64, record *record) (result train.Result, err error) {
	defer recovered("train", &err)
	if rt.batches == nil {
		return result, fmt.Errorf("%w: Train needs Prepare", ErrOrder)
	}
	if rt.learner != nil {
		if err := rt.learner.close(); err != nil {
			return result, err
		}
	}
	if rt.learner, err = newLearner(rt.network, rt.machine, seed); err != nil {
		return result, err
	}
	c := rt.config.Train
	rt.machine.tell(rt.log, rt.learner.model.Parameters(), c.Average > 0)
	from, err := record.loadSnapshot(rt)
	if err != nil {
		return result, err
	}
	if from == nil && rt.config.Pretrain.Epochs > 0 {
		if err := rt.pretrain(ctx, seed, record); err != nil {
			return result, err
		}
	}
	rows := rt.labelled(rt.dataset.Rows(data.Train))
	meter := rt.progress.Stage(fmt.Sprintf("train seed %d", seed), c.Epochs*len(rows))
	defer meter.Done()
	if from != nil {
		meter.Add(from.Epoch * len(rows))
	}
	result, err = train.Run(ctx, train.Task{
		Model: rt.learner.model, Pool: rt.machine.pool, Device: rt.machine.device, Rows: rows,
		Batch:   rt.batch,
		Score:   rt.score,
		Stepped: func(s train.StepReport) { meter.Add(s.Samples) },
		Epoch: func(e train.EpochReport) error {
			meter.Note(epochNote(e, judgement(rt.network.Tasks, c.Stop.Metric, e.Score)))
			rt.log.Debug().Int("epoch", e.Epoch).Float64("loss", e.Losses["total"]).Float64("score", e.Score).Msg("epoch")
			return record.epoch(e)
		},
		Saved: func(s train.Snapshot) error { return record.saveSnapshot(rt, s) },
		Best: func(e train.EpochReport) error {
			return record.best(rt, e, judgement(rt.network.Tasks, c.Stop.Metric, e.Score))
		},
		From: from,
	}, rt.trainingOptions(seed, c.Epochs))
	rt.log.Debug().Int("epochs", result.Epochs).Int("best", result.Best.Epoch).Msg("training ended")
	return result, err
}

// trainingOptions are the user's, of a training and of what precedes it.
func (rt *Runtime) trainingOptions(seed uint64, epochs int) train.Options {
	c := rt.config.Train
	return train.Options{
		Seed: seed, Epochs: epochs, Batch: c.Batch, Accumulate: c.Accumulate,
		LearningRate: c.LearningRate, WeightDecay: c.WeightDecay, Warmup: c.Warmup,
		Cosine: c.Schedule == config.ScheduleCosine, Clip: c.Clip, Average: c.Average, Patience: c.Stop.Patience,
	}
}

// batch assembles samples for the network; the next one overwrites it.
func (rt *Runtime) batch(rows []int) model.Batch[float32] {
	return modelBatch(rt.batches.Batch(rt.machine.pool, rows))
}

// score judges the current weights on the validation split; higher is better.
func (rt *Runtime) score(ctx context.Context) (float64, any, error) {
	use := newExpertCount(rt.network)
	predictions, err := rt.predictions(ctx, data.Val, rt.batches, use.add)
	if err != nil {
		return 0, nil, err
	}
	var sum float64
	details := epochDetails{validation: map[string]eval.Metrics{}, experts: use.Result()}
	for i, p := range predictions {
		m := eval.Evaluate(p, eval.Options{})
		details.validation[p.Name] = m
		sum += taskScore(m, rt.network.Tasks[i], rt.config.Train.Stop.Metric)
	}
	return sum / float64(len(predictions)), details, nil
}

// taskScore is the metric that the user chose, turned so that higher is better. A
// regression always goes by its error, in deviations of the training targets: in their
// own unit, days or millilitres, it would drown the other tasks.
func taskScore(m eval.Metrics, task model.Task, metric config.Metric) float64 {
	score := m.Value(string(metric))
	switch {
	case task.Kind == model.Regression:
		score = -m.Value("rmse") / task.Deviation
	case metric == config.MetricLoss:
		score = -m.Value("log_loss")
	}
	if math.IsNaN(score) {
		return math.Inf(-1)
	}
	return score
}

// judgement is the score with the name and the sign that people know: an error, or a
// loss, of tasks that are alike, and no more than a score of a mixture.
func judgement(tasks []model.Task, metric config.Metric, score float64) checkpoint.Metric {
	regressions := 0
	for _, t := range tasks {
		if t.Kind == model.Regression {
			regressions++
		}
	}
	switch {
	case regressions == len(tasks):
		return checkpoint.Metric{Name: "error", Value: -score}
	case regressions > 0:
		return checkpoint.Metric{Name: "score", Value: score}
	case metric == config.MetricLoss:
		return checkpoint.Metric{Name: string(metric), Value: -score}
	}
	return checkpoint.Metric{Name: string(metric), Value: score}
}

func epochNote(e train.EpochReport, m checkpoint.Metric) string {
	best := ""
	if e.Best {
		best = " (best)"
	}
	return fmt.Sprintf("epoch %d  loss %.4f  val %s %.4f%s", e.Epoch, e.Losses["total"], m.Name, m.Value, best)
}

// predictions are the learner's for one split, beside the labels.
func (rt *Runtime) predictions(ctx context.Context, split data.Split, batches *data.Batcher,
	each func(*data.Batch, model.Output[float32]),
) ([]eval.Predictions, error) {
	rows := rt.dataset.Rows(split)
	scores, err := rt.learner.scores(ctx, batches, rows, each)
	if err != nil {
		return nil, err
	}
	return rt.learner.evaluations(rt.dataset, rows, scores)
}
