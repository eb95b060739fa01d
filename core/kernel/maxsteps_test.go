package kernel_test

import (
	"testing"

	"github.com/fusemoe/fusemoe/core/kernel"
	"github.com/fusemoe/fusemoe/core/kernel/kerneltest"
)

func TestMaxSteps(t *testing.T) {
	m := kernel.MaxSteps[float64]{Samples: 2, Steps: 3, Width: 2}
	x := []float64{1, -5, 4, -6, 4, -7, -1, 2, -3, 2, -2, 9}
	y := garbage[float64](4)
	m.Forward(nil, y, x)
	near(t, "y", y, []float64{4, -5, -1, 9}, 0)

	// Of the two steps that reach 4, the first gets the gradient.
	dx := garbage[float64](12)
	m.Backward(nil, dx, []float64{1, 2, 3, 4}, x)
	near(t, "dx", dx, []float64{0, 2, 1, 0, 0, 0, 3, 0, 0, 0, 0, 4}, 0)
}

func TestMaxStepsGradients(t *testing.T) {
	m := kernel.MaxSteps[float64]{Samples: 3, Steps: 5, Width: 3}
	x, dy := kerneltest.Random[float64](45, 1, 1), kerneltest.Random[float64](9, 1, 2)
	y, dx := garbage[float64](9), garbage[float64](45)
	m.Backward(nil, dx, dy, x)
	kerneltest.CheckGradients(t, func() float64 {
		m.Forward(nil, y, x)
		return weighted(y, dy)
	}, [][]float64{x}, [][]float64{dx})
}

func TestMaxStepsWorkers(t *testing.T) {
	m := kernel.MaxSteps[float32]{Samples: 63, Steps: 17, Width: 33}
	x := kerneltest.Random[float32](63*17*33, 1, 1)
	sameForAnyWorkers(t, func(p *kernel.Pool) [][]float32 {
		y, dx := garbage[float32](63*33), garbage[float32](len(x))
		m.Forward(p, y, x)
		m.Backward(p, dx, y, x)
		return [][]float32{y, dx}
	})
}
