package train

import (
	"math"

	"github.com/fusemoe/fusemoe/core/op"
)

// weights is a copy of all parameters.
type weights [][]float32

// keep overwrites the copy, or makes one.
func (w weights) keep(parameters []*op.Parameter[float32]) weights {
	if w == nil {
		w = make(weights, len(parameters))
	}
	for i, p := range parameters {
		w[i] = append(w[i][:0], p.Value...)
	}
	return w
}

func (w weights) restore(parameters []*op.Parameter[float32]) {
	for i, p := range parameters {
		copy(p.Value, w[i])
		p.Changed()
	}
}

// average is an exponential moving average of the weights. Its decay grows from 0
// with the number of updates, so that the random start is soon forgotten.
type average struct {
	parameters []*op.Parameter[float32]
	mean       weights
	decay      float64
	updates    int
}

func newAverage(parameters []*op.Parameter[float32], decay float64) *average {
	return &average{parameters: parameters, mean: weights(nil).keep(parameters), decay: decay}
}

// nextKeep counts an update and tells what it leaves of the mean.
func (a *average) nextKeep() float32 {
	a.updates++
	n := float64(a.updates)
	return float32(math.Min(a.decay, n/(n+averageRamp)))
}

// averageRamp is how many updates the decay takes to reach a half.
const averageRamp = 10

// swap exchanges the model's weights and the averaged ones.
func (a *average) swap() {
	for i, p := range a.parameters {
		for j, v := range p.Value {
			p.Value[j], a.mean[i][j] = a.mean[i][j], v
		}
		p.Changed()
	}
}
