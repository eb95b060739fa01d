//go:build gpu

package gpu

import (
	"github.com/fusemoe/fusemoe/core/kernel"
	"github.com/fusemoe/fusemoe/core/kernel/cuda"
)

// steps has the operations along time.
func (p *program) steps(n *node) (operation, bool) {
	d := p.Device
	switch k := n.Kernel.(type) {
	case kernel.IrregularAttention[float32]:
		return p.irregular(n, &cuda.IrregularAttention{
			Samples: k.Samples, Steps: k.Steps, Heads: k.Heads, Embed: k.Embed, Width: k.Width, Flags: k.Flags,
		}), true
	case kernel.Assemble[float32]:
		return p.assemble(n, &cuda.Assemble{
			Modalities: k.Modalities, Samples: k.Samples, Steps: k.Steps, Width: k.Width, Scale: k.Scale,
		}), true
	case kernel.Unfold[float32]:
		on := &cuda.Unfold{Samples: k.Samples, Steps: k.Steps, Width: k.Width, Taps: k.Taps}
		return operation{
			func(y array, in arrays) { on.Forward(d, y, in[0]) },
			func(din arrays, dy, _ array, _ arrays) { on.Backward(d, din[0], dy) },
		}, true
	case kernel.Blend[float32]:
		on := &cuda.Blend{Samples: k.Samples, Steps: k.Steps, Width: k.Width, Level: k.Level}
		return operation{
			func(y array, in arrays) { on.Forward(d, y, in[0], in[1], in[2]) },
			func(din arrays, dy, _ array, in arrays) {
				on.Backward(d, din[0], din[1], din[2], dy, in[0], in[1], in[2])
			},
		}, true
	case kernel.MaxSteps[float32]:
		on := &cuda.MaxSteps{Samples: k.Samples, Steps: k.Steps, Width: k.Width}
		return operation{
			func(y array, in arrays) { on.Forward(d, y, in[0]) },
			func(din arrays, dy, _ array, in arrays) { on.Backward(d, din[0], dy, in[0]) },
		}, true
	case kernel.StepPooling[float32]:
		on := &cuda.StepPooling{Kind: k.Kind, Modalities: k.Modalities, Samples: k.Samples, Steps: k.Steps, Width: k.Width}
		return operation{
			func(y array, in arrays) { on.Forward(d, y, in[0], at(in, 1)) },
			func(din arrays, dy, _ array, in arrays) { on.Backward(d, din[0], at(din, 1), dy, in[0], at(in, 1)) },
		}, true
	}
	return operation{}, false
}

func (p *program) irregular(n *node, on *cuda.IrregularAttention) operation {
	d := p.Device
	weights := func(a arrays) cuda.TimeWeights {
		return cuda.TimeWeights{Weight: a[0], Bias: a[1], Query: a[2], QueryBias: a[3], Key: a[4], KeyBias: a[5]}
	}
	s := &series{}
	n.free = append(n.free, func() { s.free(d) })
	return operation{
		func(y array, in arrays) { on.Forward(d, y, s.load(d, n.Series), weights(in)) },
		func(din arrays, dy, _ array, in arrays) { on.Backward(d, weights(din), dy, s.on, weights(in)) },
	}
}

func (p *program) assemble(n *node, on *cuda.Assemble) operation {
	d, m := p.Device, on.Modalities
	present := p.mask(len(n.Present), func() []bool { return n.Present })
	return operation{
		func(y array, in arrays) { on.Forward(d, y, in[:m], in[m], in[m+1], in[m+2], present.load()) },
		func(din arrays, dy, _ array, _ arrays) {
			on.Backward(d, din[:m], din[m], din[m+1], din[m+2], dy, present.on)
		},
	}
}
