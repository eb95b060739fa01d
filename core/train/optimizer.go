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
	device        op.Device[float32]
	options       Options
	step          int
}

// The usual moments of Adam (Kingma & Ba 2015); the paper does not give others.
const (
	beta1   = 0.9
	beta2   = 0.999
	epsilon = 1e-8
)

func newOptimizer(t Task, o Options) *optimizer {
	opt := &optimizer{parameters: t.Model.Parameters(), device: t.Device, options: o}
	for _, p := range opt.parameters {
		opt.first = append(opt.first, make([]float32, len(p.Value)))
		opt.second = append(opt.second, make([]float32, len(p.Value)))
	}
	return opt
}

// update makes one step at the given rate, lets the average follow it, if there is one,
// clears the gradients and returns their norm before clipping.
func (o *optimizer) update(pool *kernel.Pool, rate float64, a *average) (norm float64, err error) {
	adam := kernel.AdamW{Rate: rate, Beta1: beta1, Beta2: beta2, Epsilon: epsilon}
	o.step++
	if o.device != nil {
		return o.device.Optimize(o.onDevice(adam, a))
	}
	norm = o.updateHere(pool, adam)
	if a != nil {
		a.update(pool)
	}
	return norm, nil
}

// onDevice describes a step to a device.
func (o *optimizer) onDevice(adam kernel.AdamW, a *average) op.OptimizerStep[float32] {
	s := op.OptimizerStep[float32]{
		Adam: adam, Decay: o.options.WeightDecay, Clip: o.options.Clip, Number: o.step,
		Parameters: o.parameters, First: o.first, Second: o.second,
	}
	if a != nil {
		s.Mean, s.Keep = a.mean, a.nextKeep()
	}
	return s
}

func (o *optimizer) updateHere(pool *kernel.Pool, adam kernel.AdamW) float64 {
	var sum float64
	for _, p := range o.parameters {
		sum += kernel.SumSquares(pool, p.Grad)
	}
	norm := math.Sqrt(sum)
	if o.options.Clip > 0 && norm > o.options.Clip {
		scale := float32(o.options.Clip / norm)
		for _, p := range o.parameters {
			kernel.Scale(pool, p.Grad, scale)
		}
	}
	for i, p := range o.parameters {
		adam.Decay = 0
		if p.Decays {
			adam.Decay = o.options.WeightDecay
		}
		kernel.AdamWStep(pool, adam, o.step, p.Value, p.Grad, o.first[i], o.second[i])
		p.ClearGrad()
	}
	return norm
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
