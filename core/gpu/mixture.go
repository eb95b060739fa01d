//go:build gpu

package gpu

import (
	"github.com/fusemoe/fusemoe/core/kernel"
	"github.com/fusemoe/fusemoe/core/kernel/cuda"
)

// mixture has gates and experts.
func (p *program) mixture(n *node) (operation, bool) {
	d := p.Device
	switch k := n.Kernel.(type) {
	case kernel.GateLogits[float32]:
		on := &cuda.GateLogits{Kind: k.Kind, Groups: k.Groups, Rows: k.Rows, Width: k.Width, Experts: k.Experts}
		return operation{
			func(y array, in arrays) { on.Forward(d, y, in[0], in[1], at(in, 2)) },
			func(din arrays, dy, y array, in arrays) {
				on.Backward(d, din[0], din[1], at(din, 2), dy, in[0], in[1], y)
			},
		}, true
	case kernel.TopK[float32]:
		on, active := &cuda.TopK{Rows: k.Rows, Experts: k.Experts, K: k.K}, p.mask(k.Rows, n.Active)
		return operation{
			func(y array, in arrays) { on.Forward(d, y, in[0], active.load()) },
			func(din arrays, dy, y array, _ arrays) { on.Backward(d, din[0], dy, y) },
		}, true
	case kernel.Experts[float32]:
		on := &cuda.Experts{
			Rows: k.Rows, OutRows: k.OutRows, Experts: k.Experts, Width: k.Width, Hidden: k.Hidden, Out: k.Out,
		}
		n.free = append(n.free, func() { on.Release(d) })
		return operation{
			func(y array, in arrays) { on.Forward(d, y, in[0], in[1], in[2], in[3], in[4], in[5]) },
			func(din arrays, dy, _ array, in arrays) {
				on.Backward(d, din[0], din[1], din[2], din[3], din[4], din[5],
					dy, in[0], in[1], in[2], in[3], in[4], in[5])
			},
		}, true
	}
	return operation{}, false
}

// balance has the auxiliary losses.
func (p *program) balance(n *node) (operation, bool) {
	d := p.Device
	switch k := n.Kernel.(type) {
	case kernel.Importance[float32]:
		on, sums := &cuda.Importance{Rows: k.Rows, Experts: k.Experts}, p.accumulator(n.Accumulator)
		return operation{
			func(y array, in arrays) { on.Forward(d, y, in[0], sums.upToDate(d)) },
			func(din arrays, dy, _ array, _ arrays) { on.Backward(d, din[0], dy, &sums.on) },
		}, true
	case kernel.Load[float32]:
		return p.load(n, &cuda.Load{Rows: k.Rows, Experts: k.Experts, K: k.K}), true
	case kernel.Entropy[float32]:
		on := &cuda.Entropy{Groups: k.Groups, Rows: k.Rows, Experts: k.Experts}
		active := p.mask(k.Groups*k.Rows, n.Active)
		return operation{
			func(y array, in arrays) { on.Forward(d, y, in[0], active.load()) },
			func(din arrays, dy, _ array, in arrays) { on.Backward(d, din[0], dy, in[0], active.on) },
		}, true
	}
	return operation{}, false
}

// load is 0 outside training, where the gate has no noise.
func (p *program) load(n *node, on *cuda.Load) operation {
	d, sums, active := p.Device, p.accumulator(n.Accumulator), p.mask(on.Rows, n.Active)
	return operation{
		func(y array, in arrays) {
			if !p.step.Training {
				d.Clear(y)
				return
			}
			on.Forward(d, y, in[0], in[1], in[2], active.load(), sums.upToDate(d))
		},
		func(din arrays, dy, _ array, in arrays) {
			if !p.step.Training {
				d.Clear(din...)
				return
			}
			on.Backward(d, din[0], din[1], din[2], dy, in[0], in[1], in[2], active.on, &sums.on)
		},
	}
}

// losses has those of the tasks.
func (p *program) losses(n *node) (operation, bool) {
	d := p.Device
	labels, weight := p.take(len(n.Labels)), p.constant(n.Weight)
	switch k := n.Kernel.(type) {
	case kernel.BinaryCrossEntropy[float32]:
		on := &cuda.BinaryCrossEntropy{Samples: k.Samples, Outputs: k.Outputs}
		return operation{
			func(y array, in arrays) { d.Load(labels, n.Labels); on.Forward(d, y, in[0], labels, weight) },
			func(din arrays, dy, _ array, in arrays) { on.Backward(d, din[0], dy, in[0], labels, weight) },
		}, true
	case kernel.SoftmaxCrossEntropy[float32]:
		on := &cuda.SoftmaxCrossEntropy{Samples: k.Samples, Classes: k.Classes}
		return operation{
			func(y array, in arrays) { d.Load(labels, n.Labels); on.Forward(d, y, in[0], labels, weight) },
			func(din arrays, dy, _ array, in arrays) { on.Backward(d, din[0], dy, in[0], labels, weight) },
		}, true
	case kernel.SquaredError[float32]:
		on := &cuda.SquaredError{Samples: k.Samples, Outputs: k.Outputs}
		return operation{
			func(y array, in arrays) { d.Load(labels, n.Labels); on.Forward(d, y, in[0], labels) },
			func(din arrays, dy, _ array, in arrays) { on.Backward(d, din[0], dy, in[0], labels) },
		}, true
	}
	return operation{}, false
}
