package core

import (
	"context"
	"fmt"

	"github.com/fusemoe/fusemoe/core/config"
	"github.com/fusemoe/fusemoe/core/data"
	"github.com/fusemoe/fusemoe/core/eval"
	"github.com/fusemoe/fusemoe/core/model"
	"github.com/fusemoe/fusemoe/routing"
)

// Evaluation is how a trained model does on one split.
type Evaluation struct {
	Split data.Split
	// Metrics and Predictions have one entry for each task.
	Metrics     []eval.Metrics
	Predictions []eval.Predictions
	// Raw has the predictions as they were before they were calibrated; nil where they
	// are not.
	Raw []eval.Predictions
	// Experts is what the routers did.
	Experts eval.ExpertUseResult
}

// Evaluate measures the trained model on a split, with 95 % intervals by bootstrap
// over patients. The calibration and the decision thresholds come from the validation
// split.
func (rt *Runtime) Evaluate(ctx context.Context, split data.Split) (e *Evaluation, err error) {
	defer recovered("evaluate", &err)
	if rt.learner == nil {
		return nil, fmt.Errorf("%w: Evaluate needs Train", ErrOrder)
	}
	return rt.evaluate(ctx, split, rt.batches)
}

// EvaluateWithout is Evaluate of samples from which modalities are taken away, as if
// nothing of them had been recorded: of every modality that a sample of the dataset
// has, hidden says whether it is. The last one that a sample has stays.
func (rt *Runtime) EvaluateWithout(ctx context.Context, split data.Split,
	hidden func(sample int, modality string) bool,
) (e *Evaluation, err error) {
	defer recovered("evaluate", &err)
	if rt.learner == nil {
		return nil, fmt.Errorf("%w: EvaluateWithout needs Train", ErrOrder)
	}
	return rt.evaluate(ctx, split, rt.batches.Without(hidden))
}

func (rt *Runtime) evaluate(ctx context.Context, split data.Split, batches *data.Batcher) (e *Evaluation, err error) {
	stage := rt.progress.Stage("evaluate "+split.String(), 0)
	if rt.learner.thresholds == nil {
		if err := rt.chooseOnValidation(ctx); err != nil {
			return nil, err
		}
	}
	use := newExpertCount(rt.network)
	predictions, err := rt.predictions(ctx, split, batches, use.add)
	if err != nil {
		return nil, err
	}
	e = &Evaluation{Split: split, Predictions: predictions, Experts: use.Result()}
	if rt.config.Eval.Calibration != config.CalibrationNone {
		e.Predictions, e.Raw = rt.learner.calibratedAll(predictions), predictions
	}
	for i, p := range e.Predictions {
		m := eval.Evaluate(p, eval.Options{
			Resamples: rt.config.Eval.Resamples, Seed: bootstrapSeed, Thresholds: rt.learner.thresholds[i],
		})
		if e.Raw != nil {
			m.Uncalibrated = eval.Evaluate(e.Raw[i], eval.Options{}).Values
		}
		e.Metrics = append(e.Metrics, m)
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	stage.Done()
	return e, nil
}

// bootstrapSeed is one for all runs, so that intervals differ by the predictions
// alone.
const bootstrapSeed = 1

// expertCount counts what the routers do with the tokens of modalities that are
// there.
type expertCount struct {
	*eval.ExpertUse
	network network
}

func newExpertCount(n network) expertCount {
	names := []string{"all"}
	if n.Config.Router.Kind != routing.Joint {
		names = names[:0]
		for _, m := range n.Modalities {
			names = append(names, m.Name)
		}
	}
	return expertCount{eval.NewExpertUse(names, n.Config.Layers, n.Config.Router.Experts), n}
}

func (c expertCount) add(b *data.Batch, out model.Output[float32]) {
	samples := len(b.Rows)
	for layer, decisions := range out.Decisions {
		for _, d := range decisions {
			if len(d.Modalities) == 0 {
				c.Add(layer, 0, d.Gates)
				continue
			}
			group := len(d.Gates) / len(d.Modalities)
			for i, m := range d.Modalities {
				gates := presentGates(d.Gates[i*group:(i+1)*group], b.Present[m*samples:(m+1)*samples])
				c.Add(layer, m, widen(gates, d, c.network.Config.Router.Experts))
			}
		}
	}
}

// presentGates keeps the rows of the samples that have the modality.
func presentGates(gates []float32, present []bool) []float32 {
	perSample := len(gates) / len(present)
	var kept []float32
	for s, there := range present {
		if there {
			kept = append(kept, gates[s*perSample:(s+1)*perSample]...)
		}
	}
	return kept
}

// widen puts the gates of a pool where they stand among all experts.
func widen(gates []float32, d model.Decision[float32], experts int) []float32 {
	if d.Experts == experts {
		return gates
	}
	rows := len(gates) / d.Experts
	wide := make([]float32, rows*experts)
	for r := range rows {
		copy(wide[r*experts+d.FirstExpert:], gates[r*d.Experts:(r+1)*d.Experts])
	}
	return wide
}
