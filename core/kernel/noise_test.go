package kernel_test

import (
	"math"
	"testing"

	"github.com/fusemoe/fusemoe/core/kernel"
	"github.com/fusemoe/fusemoe/core/kernel/kerneltest"
)

func TestNoisyLogitsHaveTheLearnedDeviation(t *testing.T) {
	const rows = 50_000
	n := kernel.NoisyLogits[float64]{Rows: rows, Experts: 2}
	logits, raw, noisy := make([]float64, 2*rows), make([]float64, 2*rows), garbage[float64](2*rows)
	for r := range rows {
		logits[2*r], raw[2*r+1] = 3, -40 // a softplus of 0
	}
	n.Forward(nil, noisy, logits, raw, kernel.Key(1))
	for e, want := range []struct{ mean, deviation float64 }{{3, math.Ln2 + 0.01}, {0, 0.01}} {
		mean, square := 0.0, 0.0
		for r := range rows {
			mean += noisy[2*r+e] / rows
			square += (noisy[2*r+e] - want.mean) * (noisy[2*r+e] - want.mean) / rows
		}
		if math.Abs(mean-want.mean) > 4*want.deviation/math.Sqrt(rows) {
			t.Errorf("expert %d: mean %v, want %v", e, mean, want.mean)
		}
		if d := math.Sqrt(square); math.Abs(d/want.deviation-1) > 4/math.Sqrt(2*rows) {
			t.Errorf("expert %d: deviation %v, want %v", e, d, want.deviation)
		}
	}
}

func TestNoisyLogitsGradients(t *testing.T) {
	n := kernel.NoisyLogits[float64]{Rows: 5, Experts: 3}
	logits, raw, dnoisy, noisy := normals(15, 1), normals(15, 2), normals(15, 3), make([]float64, 15)
	dlogits, draw := garbage[float64](15), garbage[float64](15)
	n.Backward(nil, dlogits, draw, dnoisy, raw, 7)
	kerneltest.CheckGradients(t, func() float64 {
		n.Forward(nil, noisy, logits, raw, 7)
		return weighted(noisy, dnoisy)
	}, [][]float64{logits, raw}, [][]float64{dlogits, draw})
}

func TestNoisyLogitsIgnoreWorkers(t *testing.T) {
	n := kernel.NoisyLogits[float32]{Rows: 3001, Experts: 3}
	logits, raw := kerneltest.Random[float32](9003, 1, 1), kerneltest.Random[float32](9003, 1, 2)
	sameForAnyWorkers(t, func(p *kernel.Pool) [][]float32 {
		noisy, draw := make([]float32, 9003), make([]float32, 9003)
		n.Forward(p, noisy, logits, raw, 7)
		n.Backward(p, nil, draw, noisy, raw, 7)
		return [][]float32{noisy, draw}
	})
}
