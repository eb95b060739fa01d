package kernel_test

import (
	"math"
	"slices"
	"sort"
	"testing"

	"pgregory.net/rapid"

	"github.com/fusemoe/fusemoe/core/kernel"
	"github.com/fusemoe/fusemoe/core/kernel/kerneltest"
)

// choose is the definition of TopK for one row.
func choose(logits []float64, k int) []float64 {
	order := make([]int, len(logits))
	for i := range order {
		order[i] = i
	}
	sort.SliceStable(order, func(a, b int) bool { return logits[order[a]] > logits[order[b]] })
	gates, sum := make([]float64, len(logits)), 0.0
	for _, e := range order[:k] {
		gates[e] = math.Exp(logits[e] - logits[order[0]])
		sum += gates[e]
	}
	for e := range gates {
		gates[e] /= sum
	}
	return gates
}

func TestTopKMatchesItsDefinition(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		experts := rapid.IntRange(1, 17).Draw(t, "experts")
		k := kernel.TopK[float64]{Rows: 2, Experts: experts, K: rapid.IntRange(1, experts).Draw(t, "k")}
		// Few values, so that ties are common.
		value := rapid.SampledFrom([]float64{-2, -1, 0, 0.5, 1, 7})
		logits := rapid.SliceOfN(value, 2*experts, 2*experts).Draw(t, "logits")
		gates := garbage[float64](2 * experts)
		k.Forward(nil, gates, logits, nil)
		for r := range 2 {
			got, want := gates[r*experts:][:experts], choose(logits[r*experts:][:experts], k.K)
			for e := range got {
				if math.Abs(got[e]-want[e]) > 1e-12 {
					t.Fatalf("row %d of %v: gates %v, want %v", r, logits, got, want)
				}
			}
		}
	})
}

func TestTopKInactiveRowsChooseNobody(t *testing.T) {
	k := kernel.TopK[float64]{Rows: 2, Experts: 3, K: 2}
	gates := garbage[float64](6)
	k.Forward(nil, gates, []float64{1, 2, 3, 4, 5, 6}, []bool{false, true})
	if !slices.Equal(gates[:3], []float64{0, 0, 0}) {
		t.Errorf("gates of the inactive row: %v", gates[:3])
	}
	if s := gates[3] + gates[4] + gates[5]; math.Abs(s-1) > 1e-12 {
		t.Errorf("gates of the active row sum to %v", s)
	}
}

func TestTopKShowsNaN(t *testing.T) {
	nan := math.NaN()
	for _, logits := range [][]float64{{nan, 1, 2}, {1, nan, 2}, {1, 2, nan}, {nan, nan, nan}} {
		k := kernel.TopK[float64]{Rows: 1, Experts: 3, K: 1}
		gates := make([]float64, 3)
		k.Forward(nil, gates, logits, nil)
		if !slices.ContainsFunc(gates, math.IsNaN) {
			t.Errorf("gates of %v are %v: the NaN is hidden", logits, gates)
		}
	}
}

func TestTopKGradients(t *testing.T) {
	for _, chosen := range []int{1, 2, 5} {
		k := kernel.TopK[float64]{Rows: 4, Experts: 5, K: chosen}
		logits, dgates, gates, dlogits := normals(20, 1), normals(20, 2), make([]float64, 20), garbage[float64](20)
		active := []bool{true, true, false, true}
		k.Forward(nil, gates, logits, active)
		k.Backward(nil, dlogits, dgates, gates)
		kerneltest.CheckGradients(t, func() float64 {
			k.Forward(nil, gates, logits, active)
			return weighted(gates, dgates)
		}, [][]float64{logits}, [][]float64{dlogits})
	}
}

func TestTopKIgnoresWorkersAndOtherRows(t *testing.T) {
	k := kernel.TopK[float32]{Rows: 301, Experts: 16, K: 4}
	logits, dgates := kerneltest.Random[float32](301*16, 1, 1), kerneltest.Random[float32](301*16, 1, 2)
	gates := make([]float32, len(logits))
	sameForAnyWorkers(t, func(p *kernel.Pool) [][]float32 {
		dlogits := make([]float32, len(logits))
		k.Forward(p, gates, logits, nil)
		k.Backward(p, dlogits, dgates, gates)
		return [][]float32{slices.Clone(gates), dlogits}
	})
	one := kernel.TopK[float32]{Rows: 1, Experts: 16, K: 4}
	alone := make([]float32, 16)
	one.Forward(nil, alone, logits[32:48], nil)
	if !slices.Equal(alone, gates[32:48]) {
		t.Error("a row alone differs from the same row in company")
	}
}
