package core

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/fusemoe/fusemoe/core/checkpoint"
	"github.com/fusemoe/fusemoe/core/data"
	"github.com/fusemoe/fusemoe/core/eval"
)

// chooseOnValidation fits the calibration of every task on the validation split, and
// then chooses the thresholds of what it gives.
func (rt *Runtime) chooseOnValidation(ctx context.Context) error {
	predictions, err := rt.predictions(ctx, data.Val, rt.batches, nil)
	if err != nil {
		return err
	}
	l := rt.learner
	l.calibrations = make([]eval.Calibration, len(predictions))
	for i, p := range predictions {
		l.calibrations[i] = eval.Calibrate(p, eval.CalibrationMethod(rt.config.Eval.Calibration))
	}
	l.thresholds = make([][]float64, len(predictions))
	for i, p := range l.calibratedAll(predictions) {
		l.thresholds[i] = eval.Evaluate(p, eval.Options{}).Thresholds()
	}
	return nil
}

// calibrated are a task's scores as its calibration has them.
func (l *learner) calibrated(task int, scores []float64) []float64 {
	if l.calibrations == nil {
		return scores
	}
	t := l.network.Tasks[task]
	// A calibration looks at no names, only at how many outputs there are.
	shape := eval.Task{Kind: eval.Kind(t.Kind)}
	if shape.Kind == eval.Multiclass {
		shape.Classes = make([]string, t.Outputs)
	} else {
		shape.Columns = make([]string, t.Outputs)
	}
	return l.calibrations[task].Apply(shape, scores)
}

// calibratedAll are the predictions with calibrated scores.
func (l *learner) calibratedAll(predictions []eval.Predictions) []eval.Predictions {
	all := make([]eval.Predictions, len(predictions))
	for i, p := range predictions {
		p.Scores = l.calibrated(i, p.Scores)
		all[i] = p
	}
	return all
}

// readCalibrations takes the calibrations of a checkpoint over.
func (l *learner) readCalibrations(tasks []checkpoint.Task) error {
	for i, t := range tasks {
		if t.Calibration == nil {
			continue
		}
		if l.calibrations == nil {
			l.calibrations = make([]eval.Calibration, len(l.network.Tasks))
		}
		c := &l.calibrations[i]
		if err := json.Unmarshal(t.Calibration, c); err != nil {
			return fmt.Errorf("the calibration of task %s cannot be read: %w", t.Name, err)
		}
		if n := l.network.Tasks[i].Outputs; !c.Fits(eval.Kind(l.network.Tasks[i].Kind), n) {
			return fmt.Errorf("the calibration of task %s is not one of its %d outputs", t.Name, n)
		}
	}
	return nil
}
