package kernel_test

import (
	"fmt"
	"testing"

	"github.com/fusemoe/fusemoe/core/kernel"
	"github.com/fusemoe/fusemoe/core/kernel/kerneltest"
)

func TestUnfoldShowsThePastOnly(t *testing.T) {
	u := kernel.Unfold[float64]{Samples: 2, Steps: 3, Width: 1, Taps: 2}
	y := garbage[float64](12)
	u.Forward(nil, y, []float64{1, 2, 3, 4, 5, 6})
	near(t, "y", y, []float64{0, 1, 1, 2, 2, 3, 0, 4, 4, 5, 5, 6}, 0)
}

func TestUnfoldGradients(t *testing.T) {
	for _, taps := range []int{1, 2, 3, 5} { // 5 is more than there are steps
		t.Run(fmt.Sprint(taps), func(t *testing.T) {
			u := kernel.Unfold[float64]{Samples: 2, Steps: 4, Width: 3, Taps: taps}
			x := kerneltest.Random[float64](24, 1, 1)
			y, dx := garbage[float64](24*taps), garbage[float64](24)
			dy := kerneltest.Random[float64](len(y), 1, 2)
			u.Backward(nil, dx, dy)
			kerneltest.CheckGradients(t, func() float64 {
				u.Forward(nil, y, x)
				return weighted(y, dy)
			}, [][]float64{x}, [][]float64{dx})
		})
	}
}

func TestUnfoldWorkers(t *testing.T) {
	u := kernel.Unfold[float32]{Samples: 17, Steps: 33, Width: 31, Taps: 3}
	x := kerneltest.Random[float32](17*33*31, 1, 1)
	sameForAnyWorkers(t, func(p *kernel.Pool) [][]float32 {
		y, dx := garbage[float32](len(x)*3), garbage[float32](len(x))
		u.Forward(p, y, x)
		u.Backward(p, dx, y)
		return [][]float32{y, dx}
	})
}
