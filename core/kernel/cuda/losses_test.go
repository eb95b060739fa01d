//go:build gpu

package cuda

import (
	"math"
	"testing"

	"github.com/fusemoe/fusemoe/core/kernel"
)

// labelsFor has every fifth label unknown, or all; the others are what label gives.
func labelsFor(d *Device, n int, none bool, label func(i int) float32) (Array, []float64) {
	x := make([]float32, n)
	for i := range x {
		if x[i] = label(i); none || i%5 == 3 {
			x[i] = float32(math.NaN())
		}
	}
	return d.Upload(x), widen(x)
}

// lossCases are sizes of a loss, with weights and without, and without any known label.
var lossCases = []struct {
	samples, outputs int
	weighted, none   bool
}{{1, 1, false, false}, {65, 7, true, false}, {300, 3, false, false}, {33, 2, true, true}}

func TestBinaryCrossEntropyMatchesThatOfTheProcessor(t *testing.T) {
	d := device(t)
	for _, c := range lossCases {
		n := c.samples * c.outputs
		logits, logits64 := both(d, n, 30, 1)
		labels, labels64 := labelsFor(d, n, c.none, func(i int) float32 { return float32(i % 2) })
		var weight Array
		var weight64 []float64
		if c.weighted {
			weight, weight64 = both(d, c.outputs, 3, 2)
		}
		m := kernel.BinaryCrossEntropy[float64]{Samples: c.samples, Outputs: c.outputs}
		dlogits64 := make([]float64, n)
		m.Backward(nil, dlogits64, 0.5, logits64, labels64, weight64)
		on := BinaryCrossEntropy{Samples: c.samples, Outputs: c.outputs}
		loss, dlogits := d.New(1), d.New(n)
		on.Forward(d, loss, logits, labels, weight)
		near(t, "loss", d, loss, []float64{m.Forward(nil, logits64, labels64, weight64)})
		on.Backward(d, dlogits, d.Upload([]float32{0.5}), logits, labels, weight)
		near(t, "dlogits", d, dlogits, dlogits64)
	}
}

func TestSoftmaxCrossEntropyMatchesThatOfTheProcessor(t *testing.T) {
	d := device(t)
	for _, c := range lossCases {
		n := c.samples * c.outputs
		logits, logits64 := both(d, n, 30, 1)
		labels, labels64 := labelsFor(d, c.samples, c.none, func(i int) float32 { return float32(i % c.outputs) })
		var weight Array
		var weight64 []float64
		if c.weighted {
			weight, weight64 = both(d, c.outputs, 3, 2)
		}
		m := kernel.SoftmaxCrossEntropy[float64]{Samples: c.samples, Classes: c.outputs}
		dlogits64 := make([]float64, n)
		m.Backward(nil, dlogits64, 0.5, logits64, labels64, weight64)
		on := SoftmaxCrossEntropy{Samples: c.samples, Classes: c.outputs}
		loss, dlogits := d.New(1), d.New(n)
		on.Forward(d, loss, logits, labels, weight)
		near(t, "loss", d, loss, []float64{m.Forward(nil, logits64, labels64, weight64)})
		on.Backward(d, dlogits, d.Upload([]float32{0.5}), logits, labels, weight)
		near(t, "dlogits", d, dlogits, dlogits64)
	}
}

// TestALabelThatIsNoClass makes the loss NaN, and nothing is read past the logits.
func TestALabelThatIsNoClass(t *testing.T) {
	d := device(t)
	on, loss := SoftmaxCrossEntropy{Samples: 1, Classes: 2}, make([]float32, 1)
	a := d.New(1)
	for _, label := range []float32{-1, 2, 1e9} {
		on.Forward(d, a, d.Upload([]float32{1, 2}), d.Upload([]float32{label}), Array{})
		if err := d.Store(loss, a); err != nil || loss[0] == loss[0] {
			t.Errorf("the loss of class %v is %v, %v", label, loss[0], err)
		}
	}
}

func TestSquaredErrorMatchesThatOfTheProcessor(t *testing.T) {
	d := device(t)
	for _, c := range lossCases {
		n := c.samples * c.outputs
		x, x64 := both(d, n, 3, 1)
		labels, labels64 := labelsFor(d, n, c.none, func(i int) float32 { return float32(i%7) / 3 })
		m := kernel.SquaredError[float64]{Samples: c.samples, Outputs: c.outputs}
		dx64 := make([]float64, n)
		m.Backward(nil, dx64, 0.5, x64, labels64)
		on := SquaredError{Samples: c.samples, Outputs: c.outputs}
		loss, dx := d.New(1), d.New(n)
		on.Forward(d, loss, x, labels)
		near(t, "loss", d, loss, []float64{m.Forward(nil, x64, labels64)})
		on.Backward(d, dx, d.Upload([]float32{0.5}), x, labels)
		near(t, "dpredictions", d, dx, dx64)
	}
}
