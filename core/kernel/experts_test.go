package kernel_test

import (
	"math"
	"slices"
	"testing"

	"github.com/fusemoe/fusemoe/core/kernel"
	"github.com/fusemoe/fusemoe/core/kernel/kerneltest"
)

// mixture is a mixture of experts with all its arguments.
type mixture[F kernel.Float] struct {
	kernel.Experts[F]
	x, gates, w1, b1, w2, b2, dy []F
}

// newMixture has top-k gates, and no gates at all in every seventh row.
func newMixture[F kernel.Float](rows, outRows, experts, k, width, hidden, out int) *mixture[F] {
	m := &mixture[F]{
		Experts: kernel.Experts[F]{Rows: rows, OutRows: outRows, Experts: experts, Width: width, Hidden: hidden, Out: out},
		x:       kerneltest.Random[F](rows*width, 1, 1),
		gates:   make([]F, rows*experts),
		w1:      kerneltest.Random[F](experts*width*hidden, 0.5, 2),
		b1:      kerneltest.Random[F](experts*hidden, 0.5, 3),
		w2:      kerneltest.Random[F](experts*hidden*out, 0.5, 4),
		b2:      kerneltest.Random[F](experts*out, 0.5, 5),
		dy:      kerneltest.Random[F](outRows*out, 1, 6),
	}
	active := make([]bool, rows)
	for r := range active {
		active[r] = r%7 != 3
	}
	top := kernel.TopK[F]{Rows: rows, Experts: experts, K: k}
	top.Forward(nil, m.gates, kerneltest.Random[F](rows*experts, 1, 7), active)
	return m
}

func (m *mixture[F]) forward(p *kernel.Pool, y []F) {
	m.Forward(p, y, m.x, m.gates, m.w1, m.b1, m.w2, m.b2)
}

// backward returns the gradients of x, gates, w1, b1, w2 and b2.
func (m *mixture[F]) backward(p *kernel.Pool) [][]F {
	var grads [][]F
	for _, s := range [][]F{m.x, m.gates, m.w1, m.b1, m.w2, m.b2} {
		grads = append(grads, garbage[F](len(s)))
	}
	m.Backward(p, grads[0], grads[1], grads[2], grads[3], grads[4], grads[5], m.dy, m.x, m.gates, m.w1, m.b1, m.w2, m.b2)
	return grads
}

// mix is the mixture as its formula says.
func (m *mixture[F]) mix() []F {
	sums := make([]float64, m.OutRows*m.Out)
	for r := range m.Rows {
		for e := range m.Experts.Experts {
			gate := float64(m.gates[r*m.Experts.Experts+e])
			hidden := make([]float64, m.Hidden)
			for h := range hidden {
				v := float64(m.b1[e*m.Hidden+h])
				for i := range m.Width {
					v += float64(m.x[r*m.Width+i]) * float64(m.w1[(e*m.Width+i)*m.Hidden+h])
				}
				hidden[h] = v / 2 * (1 + math.Erf(v/math.Sqrt2))
			}
			for o := range m.Out {
				v := float64(m.b2[e*m.Out+o])
				for h := range hidden {
					v += hidden[h] * float64(m.w2[(e*m.Hidden+h)*m.Out+o])
				}
				sums[r%m.OutRows*m.Out+o] += gate * v
			}
		}
	}
	y := make([]F, len(sums))
	for i, v := range sums {
		y[i] = F(v)
	}
	return y
}

func TestExpertsMatchTheirDefinition(t *testing.T) {
	for _, c := range []struct{ rows, outRows, experts, k, width, hidden, out int }{
		{0, 0, 2, 1, 3, 16, 2},
		{1, 1, 1, 1, 1, 1, 1},
		{4, 4, 2, 1, 3, 32, 2},
		{3, 3, 4, 2, 5, 3, 2},
		{15, 5, 3, 3, 17, 16, 15},
		{66, 33, 5, 2, 3, 31, 1},
		{650, 65, 2, 1, 3, 4, 5},  // more rows an expert than one block has
		{320, 2, 1, 1, 3, 4, 5},   // more rows for an output row than one block has
		{320, 2, 1, 1, 3, 64, 5},  // the same in whole vectors
		{90, 30, 130, 5, 2, 3, 4}, // more experts than a word has bits
	} {
		m := newMixture[float64](c.rows, c.outRows, c.experts, c.k, c.width, c.hidden, c.out)
		y := garbage[float64](c.outRows * c.out)
		m.forward(nil, y)
		near(t, name(c.rows, c.outRows, c.experts), y, m.mix(), 1e-11)
		single := newMixture[float32](c.rows, c.outRows, c.experts, c.k, c.width, c.hidden, c.out)
		y32 := garbage[float32](len(y))
		single.forward(nil, y32)
		near(t, name(c.rows, c.outRows, c.experts)+" in float32", y32, single.mix(), 2e-5)
	}
}

func TestExpertsGradients(t *testing.T) {
	m := newMixture[float64](10, 5, 3, 2, 4, 3, 2)
	y := make([]float64, 10)
	m.forward(nil, y)
	grads := m.backward(nil)
	for i, gate := range m.gates {
		if gate == 0 && grads[1][i] != 0 {
			t.Errorf("gate %d is 0 but has the gradient %v", i, grads[1][i])
		}
	}
	f := func() float64 {
		m.forward(nil, y)
		return weighted(y, m.dy)
	}
	kerneltest.CheckGradients(t, f, [][]float64{m.x, m.w1, m.b1, m.w2, m.b2},
		[][]float64{grads[0], grads[2], grads[3], grads[4], grads[5]})
	for i, gate := range m.gates {
		if gate != 0 { // a gate of 0 is a kink: there the pair is not computed
			kerneltest.CheckGradients(t, f, [][]float64{m.gates[i : i+1]}, [][]float64{grads[1][i : i+1]})
		}
	}
}

func TestExpertsBackwardCanBeRepeated(t *testing.T) {
	m := newMixture[float64](10, 5, 3, 2, 4, 3, 2)
	m.forward(nil, make([]float64, 10))
	first, second := m.backward(nil), m.backward(nil)
	for i := range first {
		if !slices.Equal(first[i], second[i]) {
			t.Errorf("gradient %d differs the second time", i)
		}
	}
	m.Backward(nil, nil, nil, nil, nil, nil, nil, m.dy, m.x, m.gates, m.w1, m.b1, m.w2, m.b2)
}

// Weights change in place between two passes, whatever of them a pass has packed.
func TestExpertsSeeWeightsThatChangeInPlace(t *testing.T) {
	used, fresh := newMixture[float32](600, 200, 3, 2, 17, 33, 15), newMixture[float32](600, 200, 3, 2, 17, 33, 15)
	y := make([]float32, 200*15)
	used.forward(nil, y)
	used.backward(nil)
	for _, m := range []*mixture[float32]{used, fresh} {
		for i := range m.w1 {
			m.w1[i] *= -1.5
		}
		for i := range m.w2 {
			m.w2[i] += 1
		}
		m.forward(nil, y)
	}
	want := fresh.backward(nil)
	for i, grad := range used.backward(nil) {
		if !slices.Equal(grad, want[i]) {
			t.Errorf("gradient %d is not that of the new weights", i)
		}
	}
}

func TestExpertThatNobodyChoosesGetsNoGradient(t *testing.T) {
	m := newMixture[float64](8, 4, 3, 3, 2, 3, 2)
	for r := range m.Rows {
		m.gates[r*3+1] = 0
	}
	m.forward(nil, make([]float64, 8))
	for i, grad := range m.backward(nil)[2:] {
		n := len(grad) / 3
		if !slices.Equal(grad[n:2*n], make([]float64, n)) {
			t.Errorf("weights %d of the unused expert: gradient %v", i, grad[n:2*n])
		}
	}
}

func TestExpertsIgnoreWorkersAndOtherRows(t *testing.T) {
	m := newMixture[float32](600, 200, 5, 2, 17, 33, 15)
	y := make([]float32, 200*15)
	sameForAnyWorkers(t, func(p *kernel.Pool) [][]float32 {
		m.forward(p, y)
		return append(m.backward(p), slices.Clone(y))
	})
	// Output row 8 alone: its three rows are 8, 208 and 408.
	one := newMixture[float32](3, 1, 5, 2, 17, 33, 15)
	one.w1, one.b1, one.w2, one.b2 = m.w1, m.b1, m.w2, m.b2
	for i, r := range []int{8, 208, 408} {
		copy(one.x[i*17:], m.x[r*17:][:17])
		copy(one.gates[i*5:], m.gates[r*5:][:5])
	}
	alone := make([]float32, 15)
	one.forward(nil, alone)
	if !slices.Equal(alone, y[8*15:9*15]) {
		t.Error("an output row alone differs from the same row in company")
	}
}

func TestExpertsServeBatchesOfAnySize(t *testing.T) {
	large, small := newMixture[float64](40, 20, 3, 2, 4, 3, 2), newMixture[float64](6, 3, 3, 1, 4, 3, 2)
	served := &kernel.Experts[float64]{Experts: 3, Width: 4, Hidden: 3, Out: 2}
	for i, m := range []*mixture[float64]{small, large, small, large} {
		served.Rows, served.OutRows = m.Rows, m.OutRows
		y := garbage[float64](m.OutRows * 2)
		served.Forward(nil, y, m.x, m.gates, m.w1, m.b1, m.w2, m.b2)
		near(t, name(i), y, m.mix(), 1e-11)
	}
}

func BenchmarkExperts(b *testing.B) {
	p := kernel.NewPool(0)
	defer p.Close()
	for _, c := range []struct {
		name                                          string
		rows, outRows, experts, k, width, hidden, out int
	}{
		{"physionet", 4608, 768, 8, 2, 32, 64, 192},
		{"laststep", 192, 32, 8, 2, 32, 64, 192},
		{"width=128", 3072, 3072, 16, 4, 128, 512, 128},
		{"width=512", 3072, 3072, 16, 4, 512, 512, 512},
		{"tokens=96", 96, 96, 16, 4, 512, 512, 512},
		{"modalities=2", 3072, 1536, 16, 4, 64, 512, 128},
	} {
		m := newMixture[float32](c.rows, c.outRows, c.experts, c.k, c.width, c.hidden, c.out)
		y := make([]float32, c.outRows*c.out)
		for name, p := range map[string]*kernel.Pool{"1": nil, "all": p} {
			b.Run(c.name+"/forward/"+name, func(b *testing.B) {
				for b.Loop() {
					m.forward(p, y)
				}
			})
			b.Run(c.name+"/backward/"+name, func(b *testing.B) {
				m.forward(p, y)
				grads := m.backward(p)
				for b.Loop() {
					m.Backward(p, grads[0], grads[1], grads[2], grads[3], grads[4], grads[5], m.dy, m.x, m.gates, m.w1, m.b1, m.w2, m.b2)
				}
			})
		}
	}
}
