//go:build gpu

package gpu

import (
	"github.com/fusemoe/fusemoe/core/kernel"
	"github.com/fusemoe/fusemoe/core/kernel/cuda"
)

// dense has the operations on rows.
func (p *program) dense(n *node) (operation, bool) {
	d := p.Device
	switch k := n.Kernel.(type) {
	case kernel.Linear[float32]:
		on := &cuda.Linear{Groups: k.Groups, Rows: k.Rows, In: k.In, Out: k.Out}
		return operation{
			func(y array, in arrays) { on.Forward(d, y, in[0], in[1], at(in, 2)) },
			func(din arrays, dy, _ array, in arrays) { on.Backward(d, din[0], din[1], at(din, 2), dy, in[0], in[1]) },
		}, true
	case kernel.Activate[float32]:
		on := &cuda.Activate{Kind: k.Kind, Size: k.Size}
		return operation{
			func(y array, in arrays) { on.Forward(d, y, in[0]) },
			func(din arrays, dy, _ array, in arrays) { on.Backward(d, din[0], dy, in[0]) },
		}, true
	case kernel.LayerNorm[float32]:
		on := &cuda.LayerNorm{Groups: k.Groups, Rows: k.Rows, Width: k.Width, Eps: k.Eps}
		n.free = append(n.free, func() { on.Release(d) })
		return operation{
			func(y array, in arrays) { on.Forward(d, y, in[0], in[1], in[2]) },
			func(din arrays, dy, _ array, in arrays) { on.Backward(d, din[0], din[1], din[2], dy, in[0], in[1]) },
		}, true
	case kernel.SelfAttention[float32]:
		on := &cuda.SelfAttention{Sequences: k.Sequences, Steps: k.Steps, Heads: k.Heads, Width: k.Width}
		n.free = append(n.free, func() { on.Release(d) })
		return operation{
			func(y array, in arrays) { on.Forward(d, y, in[0]) },
			func(din arrays, dy, _ array, in arrays) { on.Backward(d, din[0], dy, in[0]) },
		}, true
	case kernel.Columns[float32]:
		on := &cuda.Columns{Groups: k.Groups, Rows: k.Rows, Width: k.Width}
		return operation{
			func(y array, in arrays) { on.Forward(d, y, in[0]) },
			func(din arrays, dy, _ array, _ arrays) { on.Backward(d, din[0], dy) },
		}, true
	}
	return operation{}, false
}

// random has the operations that draw random numbers.
func (p *program) random(n *node) (operation, bool) {
	d := p.Device
	key := func() uint64 { return p.step.Key(n.Stream) }
	switch k := n.Kernel.(type) {
	case kernel.Residual[float32]:
		on := &cuda.Residual{Size: k.Size, Rate: k.Rate, Last: k.Last}
		return operation{
			func(y array, in arrays) { on.Forward(d, y, in[0], in[1], key(), p.step.Training) },
			func(din arrays, dy, _ array, _ arrays) { on.Backward(d, din[0], din[1], dy, key(), p.step.Training) },
		}, true
	case kernel.Dropout[float32]:
		on := &cuda.Dropout{Size: k.Size, Rate: k.Rate, Last: k.Last}
		return operation{
			func(y array, in arrays) { on.Forward(d, y, in[0], key(), p.step.Training) },
			func(din arrays, dy, _ array, _ arrays) { on.Backward(d, din[0], dy, key(), p.step.Training) },
		}, true
	case kernel.AddColumns[float32]:
		on := &cuda.AddColumns{Groups: k.Groups, Rows: k.Rows, Width: k.Width, Rate: k.Rate, Every: k.Every}
		return operation{
			func(y array, in arrays) { on.Forward(d, y, in[0], in[1], key(), p.step.Training) },
			func(din arrays, dy, _ array, _ arrays) { on.Backward(d, din[0], din[1], dy, key(), p.step.Training) },
		}, true
	case kernel.NoisyLogits[float32]:
		return p.noise(&cuda.NoisyLogits{Rows: k.Rows, Experts: k.Experts}, key), true
	}
	return operation{}, false
}

// noise passes the logits on outside training.
func (p *program) noise(on *cuda.NoisyLogits, key func() uint64) operation {
	d := p.Device
	return operation{
		func(y array, in arrays) {
			if p.step.Training {
				on.Forward(d, y, in[0], in[1], key())
				return
			}
			d.Copy(y, in[0])
		},
		func(din arrays, dy, _ array, in arrays) {
			if p.step.Training {
				on.Backward(d, din[0], din[1], dy, in[1], key())
				return
			}
			d.Copy(din[0], dy)
			d.Clear(din[1])
		},
	}
}
