package kernel_test

import (
	"math"
	"slices"
	"testing"

	"github.com/fusemoe/fusemoe/core/kernel"
	"github.com/fusemoe/fusemoe/core/kernel/kerneltest"
)

// squaredVariation is the definition: unbiased variance over squared mean.
func squaredVariation(x []float64) float64 {
	mean, variance := 0.0, 0.0
	for _, v := range x {
		mean += v / float64(len(x))
	}
	for _, v := range x {
		variance += (v - mean) * (v - mean) / float64(len(x)-1)
	}
	return variance / (mean*mean + 1e-10)
}

func TestImportanceIsTheVariationOfTheSums(t *testing.T) {
	gates := []float64{0.5, 0.5, 0, 1, 0, 0}
	m := kernel.Importance[float64]{Rows: 2, Experts: 3}
	if got, want := m.Forward(nil, gates, nil), squaredVariation([]float64{1.5, 0.5, 0}); math.Abs(got-want) > 1e-12 {
		t.Errorf("loss %v, want %v", got, want)
	}
	got := m.Forward(nil, gates, []float64{0, 1, 1.5})
	if !slices.Equal(m.Sums(), []float64{1.5, 1.5, 1.5}) || got != 0 {
		t.Errorf("with a prior that evens it out: sums %v, loss %v", m.Sums(), got)
	}
	single := kernel.Importance[float64]{Rows: 6, Experts: 1}
	if got := single.Forward(nil, gates, nil); got != 0 {
		t.Errorf("a single expert has the loss %v", got)
	}
}

func TestImportanceGradients(t *testing.T) {
	for _, prior := range [][]float64{nil, {3, 0, 1, 2}} {
		const rows, experts = 67, 4
		m := kernel.Importance[float64]{Rows: rows, Experts: experts}
		gates, dgates := normals(rows*experts, 1), garbage[float64](rows*experts)
		for i := range gates {
			gates[i] = math.Abs(gates[i])
		}
		m.Forward(nil, gates, prior)
		m.Backward(nil, dgates, 50)
		kerneltest.CheckGradients(t, func() float64 { return 50 * m.Forward(nil, gates, prior) },
			[][]float64{gates}, [][]float64{dgates})
	}
}

// loadOf is the load as Shazeer et al. define it: the probability that an expert is
// among the k best when only its own noise is drawn again.
func loadOf(logits, noisy, raw []float64, experts, k int) []float64 {
	load := make([]float64, experts)
	for r := range len(logits) / experts {
		for e := range experts {
			var others []float64
			for o := range experts {
				if o != e {
					others = append(others, noisy[r*experts+o])
				}
			}
			slices.Sort(others)
			i := r*experts + e
			z := (logits[i] - others[len(others)-k]) / (math.Log1p(math.Exp(raw[i])) + 0.01)
			load[e] += 0.5 * math.Erfc(-z/math.Sqrt2)
		}
	}
	return load
}

// noise returns logits, noisy logits and raw deviations of a router.
func noise[F kernel.Float](rows, experts int) (logits, noisy, raw []F) {
	logits = kerneltest.Random[F](rows*experts, 1, 1)
	raw = kerneltest.Random[F](rows*experts, 1, 2)
	noisy = make([]F, rows*experts)
	n := kernel.NoisyLogits[F]{Rows: rows, Experts: experts}
	n.Forward(nil, noisy, logits, raw, 3)
	return logits, noisy, raw
}

func TestLoadMatchesItsDefinition(t *testing.T) {
	for _, k := range []int{1, 2, 4} {
		const rows, experts = 130, 5
		logits, noisy, raw := noise[float64](rows, experts)
		l := kernel.Load[float64]{Rows: rows, Experts: experts, K: k}
		want := loadOf(logits, noisy, raw, experts, k)
		got := l.Forward(nil, logits, noisy, raw, nil, nil)
		near(t, "load", l.Sums(), want, 1e-11)
		near(t, "loss", []float64{got}, []float64{squaredVariation(want)}, 1e-11)
		l.Forward(nil, logits, noisy, raw, nil, want)
		for e := range want {
			want[e] *= 2
		}
		near(t, "load with a prior", l.Sums(), want, 1e-11)
	}
}

func TestLoadOfEveryExpertIsEveryRow(t *testing.T) {
	logits, noisy, raw := noise[float64](7, 3)
	l := kernel.Load[float64]{Rows: 7, Experts: 3, K: 3}
	got := l.Forward(nil, logits, noisy, raw, nil, nil)
	if !slices.Equal(l.Sums(), []float64{7, 7, 7}) || got != 0 {
		t.Errorf("load %v, loss %v", l.Sums(), got)
	}
	dlogits, draw := garbage[float64](21), garbage[float64](21)
	l.Backward(nil, dlogits, nil, draw, 1, logits, noisy, raw, nil)
	if zeros := make([]float64, 21); !slices.Equal(dlogits, zeros) || !slices.Equal(draw, zeros) {
		t.Errorf("gradients %v %v, want zeros", dlogits, draw)
	}
}

// An inactive row goes nowhere: load and gradients are those of the other rows alone.
func TestLoadLeavesOutInactiveRows(t *testing.T) {
	const rows, experts = 70, 4
	logits, noisy, raw := noise[float64](rows, experts)
	active := make([]bool, rows)
	var some [3][]float64 // logits, noisy logits and deviations of the active rows
	for r := range active {
		if active[r] = r%3 != 1; active[r] {
			for i, all := range [][]float64{logits, noisy, raw} {
				some[i] = append(some[i], all[r*experts:][:experts]...)
			}
		}
	}
	masked := kernel.Load[float64]{Rows: rows, Experts: experts, K: 2}
	alone := kernel.Load[float64]{Rows: len(some[0]) / experts, Experts: experts, K: 2}
	got, want := masked.Forward(nil, logits, noisy, raw, active, nil), alone.Forward(nil, some[0], some[1], some[2], nil, nil)
	near(t, "loss", []float64{got}, []float64{want}, 1e-12)
	dlogits, draw := garbage[float64](rows*experts), garbage[float64](rows*experts)
	masked.Backward(nil, dlogits, nil, draw, 10, logits, noisy, raw, active)
	slogits, sraw := garbage[float64](len(some[0])), garbage[float64](len(some[0]))
	alone.Backward(nil, slogits, nil, sraw, 10, some[0], some[1], some[2], nil)
	for r, next := 0, 0; r < rows; r++ {
		wantLogits, wantRaw := make([]float64, experts), make([]float64, experts)
		if active[r] {
			wantLogits, wantRaw = slogits[next:][:experts], sraw[next:][:experts]
			next += experts
		}
		near(t, "gradient of the logits", dlogits[r*experts:][:experts], wantLogits, 1e-12)
		near(t, "gradient of the deviations", draw[r*experts:][:experts], wantRaw, 1e-12)
	}
}

func TestLoadGradients(t *testing.T) {
	const rows, experts = 6, 4
	logits, noisy, raw := noise[float64](rows, experts)
	l := kernel.Load[float64]{Rows: rows, Experts: experts, K: 2}
	prior := []float64{3, 0, 1, 0}
	dlogits, dnoisy, draw := garbage[float64](24), garbage[float64](24), garbage[float64](24)
	l.Forward(nil, logits, noisy, raw, nil, prior)
	l.Backward(nil, dlogits, dnoisy, draw, 10, logits, noisy, raw, nil)
	kerneltest.CheckGradients(t, func() float64 { return 10 * l.Forward(nil, logits, noisy, raw, nil, prior) },
		[][]float64{logits, raw}, [][]float64{dlogits, draw})
	if !slices.Equal(dnoisy, make([]float64, 24)) {
		t.Errorf("gradient of the thresholds: %v, want zeros", dnoisy)
	}
}

func TestBalanceIgnoresWorkers(t *testing.T) {
	const rows, experts = 1000, 5
	logits, noisy, raw := noise[float32](rows, experts)
	m := kernel.Importance[float32]{Rows: rows, Experts: experts}
	l := kernel.Load[float32]{Rows: rows, Experts: experts, K: 2}
	sameForAnyWorkers(t, func(p *kernel.Pool) [][]float32 {
		losses := []float32{m.Forward(p, logits, nil), l.Forward(p, logits, noisy, raw, nil, nil)}
		dgates, dlogits, draw := make([]float32, 5000), make([]float32, 5000), make([]float32, 5000)
		m.Backward(p, dgates, 1)
		l.Backward(p, dlogits, nil, draw, 1, logits, noisy, raw, nil)
		return [][]float32{losses, dgates, dlogits, draw}
	})
}
