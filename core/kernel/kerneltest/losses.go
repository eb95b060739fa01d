package kerneltest

import (
	"math"

	"github.com/fusemoe/fusemoe/core/kernel"
)

func lossFamilies() []family {
	return []family{
		{"binary cross-entropy", 2, [][]int{{5, 4}}, []int{1023, 5}, binaryCase},
		{"softmax cross-entropy", 2, [][]int{{5, 4}}, []int{1023, 5}, softmaxCase},
		{"squared error", 1, [][]int{{5, 4}}, []int{1023, 5}, squaredCase},
	}
}

// labels are of the given number of classes, and unknown for each seventh.
func labels(n, classes int) []float32 {
	y := make([]float32, n)
	for i := range y {
		y[i] = float32(kernel.Key(5, uint64(i)) % uint64(classes))
		if i%7 == 3 {
			y[i] = float32(math.NaN())
		}
	}
	return y
}

// weights are positive; the first variant has none.
func weights(variant, n int) []float32 {
	if variant == 0 {
		return nil
	}
	w := Random[float32](n, 1, 6)
	for i, v := range w {
		w[i] = v*v + 0.5
	}
	return w
}

func binaryCase(variant int, n []int) Case {
	c := newCase([]int{n[0] * n[1]}, []int{1}, labels(n[0]*n[1], 2), weights(variant, n[1]))
	return c.with(binaryPass[float32](n), binaryPass[float64](n))
}

func binaryPass[F kernel.Float](n []int) func() Pass[F] {
	return func() Pass[F] {
		l := kernel.BinaryCrossEntropy[F]{Samples: n[0], Outputs: n[1]}
		return func(p *kernel.Pool, r, x [][]F) {
			r[0][0] = l.Forward(p, x[0], x[1], x[2])
			l.Backward(p, r[1], x[3][0], x[0], x[1], x[2])
		}
	}
}

func softmaxCase(variant int, n []int) Case {
	c := newCase([]int{n[0] * n[1]}, []int{1}, labels(n[0], n[1]), weights(variant, n[1]))
	return c.with(softmaxPass[float32](n), softmaxPass[float64](n))
}

func softmaxPass[F kernel.Float](n []int) func() Pass[F] {
	return func() Pass[F] {
		l := kernel.SoftmaxCrossEntropy[F]{Samples: n[0], Classes: n[1]}
		return func(p *kernel.Pool, r, x [][]F) {
			r[0][0] = l.Forward(p, x[0], x[1], x[2])
			l.Backward(p, r[1], x[3][0], x[0], x[1], x[2])
		}
	}
}

func squaredCase(_ int, n []int) Case {
	c := newCase([]int{n[0] * n[1]}, []int{1}, labels(n[0]*n[1], 3))
	return c.with(squaredPass[float32](n), squaredPass[float64](n))
}

func squaredPass[F kernel.Float](n []int) func() Pass[F] {
	return func() Pass[F] {
		l := kernel.SquaredError[F]{Samples: n[0], Outputs: n[1]}
		return func(p *kernel.Pool, r, x [][]F) {
			r[0][0] = l.Forward(p, x[0], x[1])
			l.Backward(p, r[1], x[2][0], x[0], x[1])
		}
	}
}
