package train

import (
	"context"
	"fmt"
	"math"

	"github.com/fusemoe/fusemoe/core/kernel"
	"github.com/fusemoe/fusemoe/core/model"
	"github.com/fusemoe/fusemoe/core/op"
)

// trainer is a training under way.
type trainer struct {
	Task
	options   Options
	optimizer *optimizer
	average   *average
	best      weights
	// step counts optimizer steps, pass runs of the network.
	step, steps int
	pass        uint64
}

// Run trains until the last epoch, until patience is exhausted or until ctx ends, and
// leaves the best weights in the model. When ctx ends its error is returned, with the
// result so far if an epoch was scored.
func Run(ctx context.Context, t Task, o Options) (Result, error) {
	perStep := o.Batch * o.Accumulate
	tr := &trainer{
		Task: t, options: o,
		steps: o.Epochs * ((len(t.Rows) + perStep - 1) / perStep),
	}
	if o.Average > 0 {
		tr.average = newAverage(t.Model.Parameters(), o.Average)
	}
	tr.optimizer = newOptimizer(t, o, tr.average)
	result := Result{Best: EpochReport{Score: math.Inf(-1)}}
	if t.From != nil {
		var err error
		if result, err = tr.resume(t.From); err != nil {
			return result, err
		}
	}
	for epoch := result.Epochs + 1; epoch <= o.Epochs && !tr.exhausted(result); epoch++ {
		report, err := tr.epoch(ctx, epoch)
		if err == nil {
			err = tr.judge(ctx, report, &result)
		}
		if err != nil {
			return result, tr.finish(err)
		}
	}
	result.Stopped = result.Epochs < o.Epochs
	return result, tr.finish(nil)
}

// exhausted says that patience is.
func (t *trainer) exhausted(r Result) bool {
	return t.options.Patience > 0 && r.Epochs-r.Best.Epoch >= t.options.Patience
}

// finish puts the best weights back.
func (t *trainer) finish(err error) error {
	if t.best != nil {
		t.best.restore(t.Model.Parameters())
	}
	return err
}

// epoch passes once over the training split, in an order of its own.
func (t *trainer) epoch(ctx context.Context, epoch int) (*EpochReport, error) {
	rows := shuffled(t.Rows, kernel.Key(t.options.Seed, orderStream, uint64(epoch)))
	perStep := t.options.Batch * t.options.Accumulate
	total := model.Losses{}
	for lo := 0; lo < len(rows); lo += perStep {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		window := rows[lo:min(lo+perStep, len(rows))]
		losses, err := t.window(window)
		if err != nil {
			return nil, fmt.Errorf("epoch %d, step %d: %w", epoch, t.step+1, err)
		}
		rate := rateAt(t.options, t.step, t.steps)
		norm, err := t.optimizer.update(t.Pool, rate)
		if err != nil {
			return nil, fmt.Errorf("epoch %d, step %d: %w", epoch, t.step+1, err)
		}
		t.step++
		for name, v := range losses {
			total[name] += v * float64(len(window)) / float64(len(rows))
		}
		if t.Stepped != nil {
			t.Stepped(StepReport{
				Epoch: epoch, Step: t.step, Steps: t.steps, Samples: len(window),
				Rate: rate, GradientNorm: norm, Losses: losses,
			})
		}
	}
	if t.Device != nil {
		if err := t.Device.Pull(); err != nil {
			return nil, fmt.Errorf("epoch %d: %w", epoch, err)
		}
	}
	return &EpochReport{Epoch: epoch, Step: t.step, Losses: total}, nil
}

// window accumulates the gradients of one optimizer step.
func (t *trainer) window(rows []int) (model.Losses, error) {
	mean := model.Losses{}
	for lo := 0; lo < len(rows); lo += t.options.Batch {
		part := rows[lo:min(lo+t.options.Batch, len(rows))]
		t.pass++
		share := float64(len(part)) / float64(len(rows))
		losses, err := t.Model.Train(t.Pool, t.Batch(part), op.Step{
			Seed: t.options.Seed, Number: t.pass, Training: true, Weight: share,
		})
		if err != nil {
			return nil, err
		}
		for name, v := range losses {
			mean[name] += v * share
		}
	}
	t.Model.EndStep()
	if total := mean["total"]; math.IsNaN(total) || math.IsInf(total, 0) {
		return nil, ErrDiverged
	}
	return mean, nil
}

// judge scores the epoch, keeps the weights if they are the best, and tells of it.
func (t *trainer) judge(ctx context.Context, report *EpochReport, result *Result) error {
	if err := t.score(ctx, report, result); err != nil {
		return err
	}
	if t.Epoch != nil {
		if err := t.Epoch(*report); err != nil {
			return err
		}
	}
	if t.Saved != nil {
		return t.Saved(t.snapshot(*result))
	}
	return nil
}

// score scores the epoch, by the averaged weights if there are any.
func (t *trainer) score(ctx context.Context, report *EpochReport, result *Result) error {
	if t.average != nil {
		t.average.swap()
		defer t.average.swap()
	}
	var err error
	if report.Score, report.Details, err = t.Score(ctx); err != nil {
		return err
	}
	report.Best = report.Score > result.Best.Score || result.Epochs == 0
	result.Epochs = report.Epoch
	if report.Best {
		result.Best = *report
		t.best = t.best.keep(t.Model.Parameters())
		if t.Best != nil {
			return t.Best(*report)
		}
	}
	return nil
}

// orderStream keeps the random order of the samples apart from the numbers of the
// passes, which count from 1.
const orderStream = 0

// shuffled returns the rows in a random order (Fisher and Yates).
func shuffled(rows []int, key uint64) []int {
	out := append([]int(nil), rows...)
	for i := len(out) - 1; i > 0; i-- {
		j := int(kernel.Uniform(key, uint64(i)) * float64(i+1))
		out[i], out[j] = out[j], out[i]
	}
	return out
}
