package kerneltest

import (
	"math"

	"github.com/fusemoe/fusemoe/core/kernel"
)

// routingFamilies are gates, experts and what keeps them busy.
func routingFamilies() []family {
	return []family{
		{"gate", 3, [][]int{{3, 5, 4}, {3, 16, 8}}, []int{131, 17, 5}, gateCase},
		{"top-k", 2, [][]int{{5, 4, 2}, {5, 8, 2}}, []int{301, 16, 4}, topKCase},
		{"experts", 2, [][]int{{3, 4, 2, 5, 3, 6}, {3, 4, 2, 16, 16, 32}}, []int{200, 5, 2, 17, 33, 15}, expertsCase},
		{"importance", 1, [][]int{{5, 4}}, []int{1000, 5}, importanceCase},
		{"load", 2, [][]int{{5, 4, 2}}, []int{1000, 5, 2}, loadCase},
		{"noise", 1, [][]int{{5, 4}}, []int{3001, 3}, noiseCase},
		{"entropy", 2, [][]int{{2, 3, 4}}, []int{3, 333, 5}, entropyCase},
	}
}

// activeRows are all, as nil, or all but some and the whole last rows.
func activeRows(variant, rows int) []bool {
	if variant == 0 {
		return nil
	}
	active := make([]bool, rows)
	for r := range active {
		active[r] = r%7 != 3 && r < (rows+1)*2/3
	}
	return active
}

// gateCase has rows of a group, a width and experts.
func gateCase(variant int, n []int) Case {
	const groups = 2
	kind := []kernel.Gate{kernel.Softmax, kernel.Laplace, kernel.Gaussian}[variant]
	gradients := []int{groups * n[0] * n[1], groups * n[2] * n[1], groups * n[2]}
	if kind != kernel.Softmax {
		gradients = gradients[:2]
	}
	c := newCase(gradients, []int{groups * n[0] * n[2]})
	if kind == kernel.Laplace {
		c.Loose = 10 // a short distance divides what its square has lost
	}
	return c.with(gatePass[float32](kind, groups, n), gatePass[float64](kind, groups, n))
}

func gatePass[F kernel.Float](kind kernel.Gate, groups int, n []int) func() Pass[F] {
	return func() Pass[F] {
		l := kernel.GateLogits[F]{Kind: kind, Groups: groups, Rows: n[0], Width: n[1], Experts: n[2]}
		return func(p *kernel.Pool, r, x [][]F) {
			if kind == kernel.Softmax {
				l.Forward(p, r[0], x[0], x[1], x[2])
				l.Backward(p, r[1], r[2], r[3], x[3], x[0], x[1], r[0])
				return
			}
			l.Forward(p, r[0], x[0], x[1], nil)
			l.Backward(p, r[1], r[2], nil, x[2], x[0], x[1], r[0])
		}
	}
}

// topKCase has rows, experts and K.
func topKCase(variant int, n []int) Case {
	c := newCase([]int{n[0] * n[1]}, []int{n[0] * n[1]})
	active := activeRows(variant, n[0])
	return c.with(topKPass[float32](n, active), topKPass[float64](n, active))
}

func topKPass[F kernel.Float](n []int, active []bool) func() Pass[F] {
	return func() Pass[F] {
		k := kernel.TopK[F]{Rows: n[0], Experts: n[1], K: min(n[2], n[1])}
		return func(p *kernel.Pool, r, x [][]F) {
			k.Forward(p, r[0], x[0], active)
			k.Backward(p, r[1], x[1], r[0])
		}
	}
}

// expertsCase has output rows, experts, K, a width, a hidden layer and outputs. In the
// first variant three routers share the outputs and some rows choose nobody; in the second
// every row chooses the first experts, so that the last ones stay empty.
func expertsCase(variant int, n []int) Case {
	rows, k := n[0]*(3-2*variant), min(n[2], n[1])
	gates, logits := make([]float32, rows*n[1]), Random[float32](rows*n[1], 1, 9)
	if variant == 1 {
		for i := range logits {
			logits[i] -= float32(100 * (i % n[1]))
		}
	}
	top := kernel.TopK[float32]{Rows: rows, Experts: n[1], K: k}
	top.Forward(nil, gates, logits, activeRows(1-variant, rows))
	c := newCase([]int{rows * n[3], rows * n[1], n[1] * n[3] * n[4], n[1] * n[4], n[1] * n[4] * n[5], n[1] * n[5]}, []int{n[0] * n[5]})
	copy(c.Inputs[1], gates)
	c = c.scale(2, 1/math.Sqrt(float64(n[3]))).scale(4, 1/math.Sqrt(float64(n[4])))
	return c.with(expertsPass[float32](rows, n), expertsPass[float64](rows, n))
}

func expertsPass[F kernel.Float](rows int, n []int) func() Pass[F] {
	return func() Pass[F] {
		m := kernel.Experts[F]{Rows: rows, OutRows: n[0], Experts: n[1], Width: n[3], Hidden: n[4], Out: n[5]}
		return func(p *kernel.Pool, r, x [][]F) {
			m.Forward(p, r[0], x[0], x[1], x[2], x[3], x[4], x[5])
			m.Backward(p, r[1], r[2], r[3], r[4], r[5], r[6], x[6], x[0], x[1], x[2], x[3], x[4], x[5])
		}
	}
}

func importanceCase(_ int, n []int) Case {
	c := newCase([]int{n[0] * n[1]}, []int{1})
	for i, v := range c.Inputs[0] { // gates
		c.Inputs[0][i] = float32(1 / (1 + math.Exp(-float64(v))))
	}
	return c.with(importancePass[float32](n), importancePass[float64](n))
}

func importancePass[F kernel.Float](n []int) func() Pass[F] {
	return func() Pass[F] {
		m := kernel.Importance[F]{Rows: n[0], Experts: n[1]}
		return func(p *kernel.Pool, r, x [][]F) {
			r[0][0] = m.Forward(p, x[0], nil)
			m.Backward(p, r[1], x[1][0])
		}
	}
}

// loadCase has rows, experts and K. The noisy logits, whose thresholds are constants, have
// no gradient.
func loadCase(variant int, n []int) Case {
	size := n[0] * n[1]
	c := newCase([]int{size, size}, []int{1}, Random[float32](size, 1, 9))
	active := activeRows(variant, n[0])
	return c.with(loadPass[float32](n, active), loadPass[float64](n, active))
}

func loadPass[F kernel.Float](n []int, active []bool) func() Pass[F] {
	return func() Pass[F] {
		l := kernel.Load[F]{Rows: n[0], Experts: n[1], K: min(n[2], n[1])}
		return func(p *kernel.Pool, r, x [][]F) {
			r[0][0] = l.Forward(p, x[0], x[2], x[1], active, nil)
			l.Backward(p, r[1], nil, r[2], x[3][0], x[0], x[2], x[1], active)
		}
	}
}

func noiseCase(_ int, n []int) Case {
	size := n[0] * n[1]
	c := newCase([]int{size, size}, []int{size})
	return c.with(noisePass[float32](n), noisePass[float64](n))
}

func noisePass[F kernel.Float](n []int) func() Pass[F] {
	return func() Pass[F] {
		s := kernel.NoisyLogits[F]{Rows: n[0], Experts: n[1]}
		return func(p *kernel.Pool, r, x [][]F) {
			s.Forward(p, r[0], x[0], x[1], dropKey)
			s.Backward(p, r[1], r[2], x[2], x[1], dropKey)
		}
	}
}

// entropyCase has groups, rows of a group and experts.
func entropyCase(variant int, n []int) Case {
	c := newCase([]int{n[0] * n[1] * n[2]}, []int{1})
	active := activeRows(variant, n[0]*n[1])
	return c.with(entropyPass[float32](n, active), entropyPass[float64](n, active))
}

func entropyPass[F kernel.Float](n []int, active []bool) func() Pass[F] {
	return func() Pass[F] {
		e := kernel.Entropy[F]{Groups: n[0], Rows: n[1], Experts: n[2]}
		return func(p *kernel.Pool, r, x [][]F) {
			r[0][0] = e.Forward(p, x[0], active)
			if r[1] != nil {
				e.Backward(p, r[1], x[1][0], x[0], active)
			}
		}
	}
}
