package kerneltest

import (
	"math"

	"github.com/fusemoe/fusemoe/core/kernel"
)

// layerFamilies are the layers that know neither time nor experts.
func layerFamilies() []family {
	return []family{
		{"product", 6, [][]int{{5, 6, 7}, {16, 16, 8}}, []int{300, 97, 401}, productCase},
		{"linear", 2, [][]int{{5, 6, 7}, {4, 16, 32}}, []int{300, 65, 33}, linearCase},
		{"layer norm", 1, [][]int{{5, 7}, {5, 32}}, []int{300, 48}, normCase},
		{"self-attention", 1, [][]int{{3, 5, 3, 4}, {2, 24, 2, 8}}, []int{17, 33, 4, 8}, attentionCase},
		{"activation", 3, [][]int{{5}}, []int{10_001}, activationCase},
		{"dropout", 3, [][]int{{5, 7}, {3, 32}}, []int{101, 100}, dropoutCase},
		{"residual", 3, [][]int{{5, 7}, {3, 32}}, []int{101, 100}, residualCase},
		{"columns", 1, [][]int{{2, 3, 5}, {2, 3, 16}}, []int{3, 65, 63}, columnsCase},
		{"add columns", 3, [][]int{{2, 3, 5}, {2, 3, 16}}, []int{3, 65, 63}, addColumnsCase},
		{"optimizer", 1, [][]int{{5}}, []int{100_001}, optimizerCase},
		{"add", 1, [][]int{{5}}, []int{100_001}, addCase},
	}
}

// productCase is each kind of product, with and without what C holds already, and with
// rows that lie apart.
func productCase(variant int, n []int) Case {
	kind, accumulate := kernel.Product(variant/2), variant%2 == 1
	rows, inner := [2]int{n[0], n[2]}, [2]int{n[2], n[1]}
	switch kind {
	case kernel.NT:
		inner = [2]int{n[1], n[2]}
	case kernel.TN:
		rows = [2]int{n[2], n[0]}
	}
	const apart = 3
	length := func(shape [2]int) int { return (shape[0]-1)*(shape[1]+apart) + shape[1] }
	c := newCase(nil, []int{n[0] * n[1]},
		Random[float32](length(rows), 1, 1), Random[float32](length(inner), 1, 2), Random[float32](n[0]*n[1], 1, 3))
	return c.with(productPass[float32](kind, n, rows[1]+apart, inner[1]+apart, accumulate),
		productPass[float64](kind, n, rows[1]+apart, inner[1]+apart, accumulate))
}

func productPass[F kernel.Float](kind kernel.Product, n []int, lda, ldb int, accumulate bool) func() Pass[F] {
	return func() Pass[F] {
		return func(p *kernel.Pool, r, x [][]F) {
			if accumulate {
				copy(r[0], x[2])
			}
			kernel.MatMul(p, kind, n[0], n[1], n[2], x[0], lda, x[1], ldb, r[0], n[1], accumulate)
		}
	}
}

// linearCase is a layer with a bias and one without.
func linearCase(variant int, n []int) Case {
	const groups = 2
	rows, in, out := n[0], n[1], n[2]
	gradients := []int{groups * rows * in, groups * in * out, groups * out}[:3-variant]
	c := newCase(gradients, []int{groups * rows * out}).scale(1, 1/math.Sqrt(float64(in)))
	return c.with(linearPass[float32](groups, n, variant == 0), linearPass[float64](groups, n, variant == 0))
}

func linearPass[F kernel.Float](groups int, n []int, bias bool) func() Pass[F] {
	return func() Pass[F] {
		l := kernel.Linear[F]{Groups: groups, Rows: n[0], In: n[1], Out: n[2]}
		return func(p *kernel.Pool, r, x [][]F) {
			if bias {
				l.Forward(p, r[0], x[0], x[1], x[2])
				l.Backward(p, r[1], r[2], r[3], x[3], x[0], x[1])
				return
			}
			l.Forward(p, r[0], x[0], x[1], nil)
			l.Backward(p, r[1], r[2], nil, x[2], x[0], x[1])
		}
	}
}

func normCase(_ int, n []int) Case {
	const groups = 2
	rows, width := n[0], n[1]
	c := newCase([]int{groups * rows * width, groups * width, groups * width}, []int{groups * rows * width})
	return c.with(normPass[float32](groups, rows, width), normPass[float64](groups, rows, width))
}

func normPass[F kernel.Float](groups, rows, width int) func() Pass[F] {
	return func() Pass[F] {
		// A row of three may lie close together, which 1e-2 keeps from amplifying rounding.
		l := kernel.LayerNorm[F]{Groups: groups, Rows: rows, Width: width, Eps: 1e-2}
		return func(p *kernel.Pool, r, x [][]F) {
			l.Forward(p, r[0], x[0], x[1], x[2])
			l.Backward(p, r[1], r[2], r[3], x[3], x[0], x[1])
		}
	}
}

// attentionCase has sequences, steps, heads and the width of a head.
func attentionCase(_ int, n []int) Case {
	size := n[0] * n[1] * n[2] * n[3]
	c := newCase([]int{3 * size}, []int{size})
	return c.with(attentionPass[float32](n), attentionPass[float64](n))
}

func attentionPass[F kernel.Float](n []int) func() Pass[F] {
	return func() Pass[F] {
		s := kernel.SelfAttention[F]{Sequences: n[0], Steps: n[1], Heads: n[2], Width: n[2] * n[3]}
		return func(p *kernel.Pool, r, x [][]F) {
			s.Forward(p, r[0], x[0])
			s.Backward(p, r[1], x[1], x[0])
		}
	}
}

func activationCase(variant int, n []int) Case {
	kind := []kernel.Activation{kernel.ReLU, kernel.GELU, kernel.Sigmoid}[variant]
	c := newCase(n, n)
	c.Kinked = kind == kernel.ReLU
	return c.with(activationPass[float32](kind, n[0]), activationPass[float64](kind, n[0]))
}

func activationPass[F kernel.Float](kind kernel.Activation, size int) func() Pass[F] {
	return func() Pass[F] {
		a := kernel.Activate[F]{Kind: kind, Size: size}
		return func(p *kernel.Pool, r, x [][]F) {
			a.Forward(p, r[0], x[0])
			a.Backward(p, r[1], x[1], x[0])
		}
	}
}

// dropping are the ways to drop out: not at all, of a whole and of every third row.
var dropping = []struct {
	training bool
	every    int
}{{false, 1}, {true, 1}, {true, 3}}

const (
	dropKey  = 0xfeedfacecafebeef
	dropRate = 0.3
)

func dropoutCase(variant int, n []int) Case {
	size := n[0] * n[1]
	c := newCase([]int{size}, []int{size})
	return c.with(dropoutPass[float32](variant, n), dropoutPass[float64](variant, n))
}

func dropoutPass[F kernel.Float](variant int, n []int) func() Pass[F] {
	way := dropping[variant]
	return func() Pass[F] {
		d := kernel.Dropout[F]{Size: n[0] * n[1], Rate: dropRate, Last: kernel.LastOf{Width: n[1], Every: way.every}}
		return func(p *kernel.Pool, r, x [][]F) {
			d.Forward(p, r[0], x[0], dropKey, way.training)
			d.Backward(p, r[1], x[1], dropKey, way.training)
		}
	}
}

func residualCase(variant int, n []int) Case {
	size := n[0] * n[1]
	c := newCase([]int{size, size}, []int{size})
	return c.with(residualPass[float32](variant, n), residualPass[float64](variant, n))
}

func residualPass[F kernel.Float](variant int, n []int) func() Pass[F] {
	way := dropping[variant]
	return func() Pass[F] {
		d := kernel.Residual[F]{Size: n[0] * n[1], Rate: dropRate, Last: kernel.LastOf{Width: n[1], Every: way.every}}
		return func(p *kernel.Pool, r, x [][]F) {
			d.Forward(p, r[0], x[0], x[1], dropKey, way.training)
			d.Backward(p, r[1], r[2], x[2], dropKey, way.training)
		}
	}
}

func columnsCase(_ int, n []int) Case {
	size := n[0] * n[1] * n[2]
	c := newCase([]int{size}, []int{size})
	return c.with(columnsPass[float32](n), columnsPass[float64](n))
}

func columnsPass[F kernel.Float](n []int) func() Pass[F] {
	return func() Pass[F] {
		s := kernel.Columns[F]{Groups: n[0], Rows: n[1], Width: n[2]}
		return func(p *kernel.Pool, r, x [][]F) {
			s.Forward(p, r[0], x[0])
			s.Backward(p, r[1], x[1])
		}
	}
}

func addColumnsCase(variant int, n []int) Case {
	size := n[0] * n[1] * n[2]
	c := newCase([]int{size, size}, []int{size})
	return c.with(addColumnsPass[float32](variant, n), addColumnsPass[float64](variant, n))
}

func addColumnsPass[F kernel.Float](variant int, n []int) func() Pass[F] {
	way := dropping[variant]
	return func() Pass[F] {
		s := kernel.AddColumns[F]{Groups: n[0], Rows: n[1], Width: n[2], Rate: dropRate, Every: way.every}
		return func(p *kernel.Pool, r, x [][]F) {
			s.Forward(p, r[0], x[0], x[1], dropKey, way.training)
			s.Backward(p, r[1], r[2], x[2], dropKey, way.training)
		}
	}
}

// optimizerCase updates a parameter, its two running means, of which one is of squares, and
// the mean that follows it.
func optimizerCase(_ int, n []int) Case {
	second := Random[float32](n[0], 1, 4)
	for i, v := range second {
		second[i] = v * v
	}
	c := newCase(nil, []int{n[0], n[0], n[0], n[0], n[0], 1},
		Random[float32](n[0], 1, 1), Random[float32](n[0], 1, 2), Random[float32](n[0], 1, 3), second)
	return c.with(optimizerPass[float32](), optimizerPass[float64]())
}

func optimizerPass[F kernel.Float]() func() Pass[F] {
	o := kernel.AdamW{Rate: 0.01, Beta1: 0.9, Beta2: 0.99, Epsilon: 1e-3, Decay: 0.05}
	return func() Pass[F] {
		return func(p *kernel.Pool, r, x [][]F) {
			for i, from := range []int{0, 2, 3, 0, 1} {
				copy(r[i], x[from])
			}
			s := kernel.NewOptimizer([]kernel.Trained[F]{
				{Value: r[0], First: r[1], Second: r[2], Mean: r[3], Grad: r[4], Decays: true},
			})
			r[5][0] = F(s.Step(p, o, 3, 0.5, 0.75))
		}
	}
}

// addCase is the sum of two arrays.
func addCase(_ int, n []int) Case {
	c := newCase(nil, []int{n[0]}, Random[float32](n[0], 1, 1), Random[float32](n[0], 1, 2))
	return c.with(addPass[float32](), addPass[float64]())
}

func addPass[F kernel.Float]() func() Pass[F] {
	return func() Pass[F] {
		return func(p *kernel.Pool, r, x [][]F) {
			copy(r[0], x[0])
			kernel.Add(p, r[0], x[1])
		}
	}
}
