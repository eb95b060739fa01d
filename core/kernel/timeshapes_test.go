package kernel_test

import (
	"testing"

	"github.com/fusemoe/fusemoe/core/kernel"
)

// Slices that do not fit are bugs of the caller, found before anything is written.
func TestTimeKernelsRejectWrongShapes(t *testing.T) {
	x := func(n int) []float32 { return make([]float32, n) }
	s := &kernel.Series[float32]{Start: []int{0, 1}, Times: x(1), Width: 2, Values: x(2)}
	w := randomTimeWeights[float32](4, 1, 1)
	for name, call := range map[string]func(){
		"IrregularAttention": func() {
			a := kernel.IrregularAttention[float32]{Samples: 1, Steps: 3, Heads: 2, Embed: 4, Width: 2}
			a.Forward(nil, x(11), s, w)
		},
		"IrregularAttention with heads that do not divide": func() {
			a := kernel.IrregularAttention[float32]{Samples: 1, Steps: 3, Heads: 3, Embed: 4, Width: 2}
			a.Forward(nil, x(18), s, w)
		},
		"IrregularAttention gradients": func() {
			a := kernel.IrregularAttention[float32]{Samples: 1, Steps: 3, Heads: 2, Embed: 4, Width: 2}
			a.Forward(nil, x(12), s, w)
			a.Backward(nil, kernel.TimeWeights[float32]{Key: x(15)}, x(12), s, w)
		},
		"Imputation": func() {
			(&kernel.Imputation[float32]{Samples: 1, Steps: 3, Width: 2}).Fill(nil, x(6), s)
		},
		"Unfold": func() {
			(&kernel.Unfold[float32]{Samples: 1, Steps: 3, Width: 2, Taps: 2}).Forward(nil, x(6), x(6))
		},
		"Blend": func() {
			m := kernel.Blend[float32]{Samples: 1, Steps: 3, Width: 2, Level: kernel.PerStep}
			m.Forward(nil, x(6), x(6), x(6), x(6))
		},
		"MaxSteps": func() {
			(&kernel.MaxSteps[float32]{Samples: 1, Steps: 3, Width: 2}).Forward(nil, x(2), x(5))
		},
		"Assemble": func() {
			a := kernel.Assemble[float32]{Modalities: 1, Samples: 1, Steps: 1, Width: 2, Scale: 1}
			a.Forward(nil, x(2), [][]float32{x(1)}, x(2), x(2), x(2), []bool{true})
		},
		"Columns": func() {
			(&kernel.Columns[float32]{Groups: 2, Rows: 1, Width: 2}).Forward(nil, x(4), x(2))
		},
		"AddColumns": func() {
			(&kernel.AddColumns[float32]{Groups: 2, Rows: 1, Width: 2}).Forward(nil, x(4), x(4), x(2), 0, false)
		},
		"StepPooling": func() {
			p := kernel.StepPooling[float32]{Kind: kernel.AttentionSteps, Modalities: 1, Samples: 1, Steps: 2, Width: 2}
			p.Forward(nil, x(2), x(4), nil)
		},
		"BinaryCrossEntropy": func() {
			(&kernel.BinaryCrossEntropy[float32]{Samples: 1, Outputs: 2}).Forward(nil, x(2), x(2), x(1))
		},
		"SquaredError": func() {
			(&kernel.SquaredError[float32]{Samples: 1, Outputs: 2}).Forward(nil, x(2), x(1))
		},
		"Optimizer": func() {
			kernel.NewOptimizer([]kernel.Trained[float32]{{Value: x(2), Grad: x(2), First: x(2), Second: x(1)}})
		},
	} {
		t.Run(name, func(t *testing.T) { panicsOnShape(t, call) })
	}
}

func TestIrregularAttentionBackwardWantsForward(t *testing.T) {
	s := &kernel.Series[float32]{Start: []int{0, 1}, Times: make([]float32, 1), Width: 2, Values: make([]float32, 2)}
	a := kernel.IrregularAttention[float32]{Samples: 1, Steps: 3, Heads: 2, Embed: 4, Width: 2}
	panicsOnShape(t, func() {
		a.Backward(nil, kernel.TimeWeights[float32]{}, make([]float32, 12), s, randomTimeWeights[float32](4, 1, 1))
	})
}
