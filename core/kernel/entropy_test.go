package kernel_test

import (
	"math"
	"testing"

	"pgregory.net/rapid"

	"github.com/fusemoe/fusemoe/core/kernel"
	"github.com/fusemoe/fusemoe/core/kernel/kerneltest"
)

// entropyLoss is the definition: mean of entropies less entropy of the mean.
func entropyLoss(n kernel.Entropy[float64], logits []float64, active []bool) float64 {
	entropy := func(p []float64) float64 {
		h := 0.0
		for _, v := range p {
			h -= v * math.Log(v)
		}
		return h
	}
	mean, sum, groups := make([]float64, n.Experts), 0.0, 0.0
	var averages [][]float64
	for g := range n.Groups {
		average, count := make([]float64, n.Experts), 0.0
		for r := g * n.Rows; r < (g+1)*n.Rows; r++ {
			if active != nil && !active[r] {
				continue
			}
			row, norm := logits[r*n.Experts:][:n.Experts], 0.0
			for _, v := range row {
				norm += math.Exp(v)
			}
			for e, v := range row {
				average[e] += math.Exp(v) / norm
			}
			count++
		}
		if count == 0 {
			continue
		}
		groups++
		for e := range average {
			average[e] /= count
		}
		averages = append(averages, average)
	}
	if groups == 0 {
		return 0
	}
	for _, average := range averages {
		sum += entropy(average) / groups
		for e, v := range average {
			mean[e] += v / groups
		}
	}
	return sum - entropy(mean)
}

func TestEntropyMatchesItsDefinition(t *testing.T) {
	active := []bool{true, false, true, false, false, false, true, true, true}
	for _, on := range [][]bool{nil, active, make([]bool, 9)} {
		n := kernel.Entropy[float64]{Groups: 3, Rows: 3, Experts: 5}
		logits := normals(45, 1)
		if got, want := n.Forward(nil, logits, on), entropyLoss(n, logits, on); math.Abs(got-want) > 1e-12 {
			t.Errorf("active %v: %v, want %v", on, got, want)
		}
	}
}

func TestEntropyStaysWithinItsBounds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := kernel.Entropy[float64]{
			Groups:  rapid.IntRange(1, 4).Draw(t, "groups"),
			Rows:    rapid.IntRange(1, 5).Draw(t, "rows"),
			Experts: rapid.IntRange(1, 6).Draw(t, "experts"),
		}
		size := n.Groups * n.Rows * n.Experts
		logits := rapid.SliceOfN(rapid.Float64Range(-900, 900), size, size).Draw(t, "logits")
		active := rapid.SliceOfN(rapid.Bool(), n.Groups*n.Rows, n.Groups*n.Rows).Draw(t, "active")
		least := -math.Log(float64(min(n.Groups, n.Experts)))
		if v := n.Forward(nil, logits, active); !(v >= least-1e-12 && v <= 1e-12) {
			t.Fatalf("%v is not between %v and 0", v, least)
		}
	})
}

func TestEntropyIsLeastWhenEachGroupHasItsOwnExpert(t *testing.T) {
	n := kernel.Entropy[float64]{Groups: 3, Rows: 1, Experts: 3}
	got := n.Forward(nil, []float64{900, 0, 0, 0, 900, 0, 0, 0, 900}, nil)
	if want := -math.Log(3); math.Abs(got-want) > 1e-12 {
		t.Errorf("%v, want %v", got, want)
	}
}

func TestEntropyGradients(t *testing.T) {
	active := []bool{true, false, true, false, false, false, true, true, true}
	for _, on := range [][]bool{nil, active, make([]bool, 9)} {
		n := kernel.Entropy[float64]{Groups: 3, Rows: 3, Experts: 5}
		logits, dlogits := normals(45, 1), garbage[float64](45)
		n.Forward(nil, logits, on)
		n.Backward(nil, dlogits, 7, logits, on)
		kerneltest.CheckGradients(t, func() float64 { return 7 * n.Forward(nil, logits, on) },
			[][]float64{logits}, [][]float64{dlogits})
	}
}

func TestEntropyIgnoresWorkers(t *testing.T) {
	n := kernel.Entropy[float32]{Groups: 3, Rows: 333, Experts: 5}
	logits := kerneltest.Random[float32](3*333*5, 1, 1)
	sameForAnyWorkers(t, func(p *kernel.Pool) [][]float32 {
		loss, dlogits := n.Forward(p, logits, nil), make([]float32, len(logits))
		n.Backward(p, dlogits, 1, logits, nil)
		return [][]float32{{loss}, dlogits}
	})
}
