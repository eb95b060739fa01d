package train

import (
	"math"

	"github.com/fusemoe/fusemoe/core/kernel"
	"github.com/fusemoe/fusemoe/core/op"
)

// optimizer is AdamW over all parameters with one clipping norm.
type optimizer struct {
	parameters    []*op.Parameter[float32]
	first, second [][]float32
	// here makes the steps where there is no device.
	here    *kernel.Optimizer[float32]
	device  op.Device[float32]
	average *average // nil for none
	options Options
	step    int
}

// The usual moments of Adam (Kingma & Ba 2015); the paper does not give others.
const (
	beta1   = 0.9
	beta2   = 0.999
	epsilon = 1e-8
)

func newOptimizer(t Task, o Options, a *average) *optimizer {
	opt := &optimizer{parameters: t.Model.Parameters(), device: t.Device, options: o, average: a}
	var trained []kernel.Trained[float32]
	for i, p := range opt.parameters {
		opt.first = append(opt.first, make([]float32, len(p.Value)))
		opt.second = append(opt.second, make([]float32, len(p.Value)))
		one := kernel.Trained[float32]{
			Value: p.Value, Grad: p.Grad, First: opt.first[i], Second: opt.second[i], Decays: p.Decays,
		}
		if a != nil {
			one.Mean = a.mean[i]
		}
		trained = append(trained, one)
	}
	if t.Device == nil {
		opt.here = kernel.NewOptimizer(trained)
	}
	return opt
}

// update makes one step at the given rate, lets the average follow it, if there is one,
// clears the gradients and returns their norm before clipping.
func (o *optimizer) update(pool *kernel.Pool, rate float64) (norm float64, err error) {
	adam := kernel.AdamW{Rate: rate, Beta1: beta1, Beta2: beta2, Epsilon: epsilon}
	var keep float32
	if o.average != nil {
		keep = o.average.nextKeep()
	}
	o.step++
	if o.device != nil {
		return o.device.Optimize(o.onDevice(adam, keep))
	}
	adam.Decay = o.options.WeightDecay
	norm = o.here.Step(pool, adam, o.step, o.options.Clip, keep)
	for _, p := range o.parameters {
		p.GradCleared()
	}
	return norm, nil
}

// onDevice describes a step to a device.
func (o *optimizer) onDevice(adam kernel.AdamW, keep float32) op.OptimizerStep[float32] {
	s := op.OptimizerStep[float32]{
		Adam: adam, Decay: o.options.WeightDecay, Clip: o.options.Clip, Number: o.step,
		Parameters: o.parameters, First: o.first, Second: o.second,
	}
	if o.average != nil {
		s.Mean, s.Keep = o.average.mean, keep
	}
	return s
}

// rateAt is the learning rate of a step: a linear warm-up, then a half cosine to 0 or
// a constant.
func rateAt(o Options, step, steps int) float64 {
	warm := int(o.Warmup * float64(steps))
	if step < warm {
		return o.LearningRate * float64(step+1) / float64(warm)
	}
	if !o.Cosine || steps <= warm {
		return o.LearningRate
	}
	done := float64(step-warm) / float64(steps-warm)
	return o.LearningRate * (1 + math.Cos(math.Pi*done)) / 2
}
