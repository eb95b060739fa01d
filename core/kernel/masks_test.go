package kernel_test

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/fusemoe/fusemoe/core/kernel"
	"github.com/fusemoe/fusemoe/core/kernel/kerneltest"
)

// subsets calls f with every subset of n things.
func subsets(n int, f func(has []bool)) {
	has := make([]bool, n)
	for set := range 1 << n {
		for i := range has {
			has[i] = set>>i&1 == 1
		}
		f(has)
	}
}

// onEveryPath runs f with the kernels on each path of the machine in turn.
func onEveryPath(t *testing.T, f func(t *testing.T)) {
	t.Helper()
	for _, path := range kernel.Paths() {
		t.Run(path, func(t *testing.T) { kernel.OnPath(path, func() { f(t) }) })
	}
}

func TestIrregularAttentionWithEveryMask(t *testing.T) {
	onEveryPath(t, func(t *testing.T) {
		const rows, width = 3, 3
		a := &kernel.IrregularAttention[float32]{Samples: 1, Steps: 2, Heads: 2, Embed: 4, Width: width, Flags: true}
		wide := &kernel.IrregularAttention[float64]{Samples: 1, Steps: 2, Heads: 2, Embed: 4, Width: width, Flags: true}
		w := randomTimeWeights[float32](4, 0.5, 7)
		subsets(rows*width, func(seen []bool) {
			s := randomSeries[float32]([]int{rows}, width, 0, 11)
			for i, yes := range seen {
				if yes {
					s.Observed[i], s.Values[i] = 1, float32(i+1)
				}
			}
			got := garbage[float32](2 * 3 * width)
			a.Forward(nil, got, s, w)
			near(t, fmt.Sprint(seen), toFloat64(got), naiveAttention(wide, seriesToFloat64(s), weightsToFloat64(w)), 1e-5)
		})
	})
}

func TestExpertsWithEverySetOfGates(t *testing.T) {
	onEveryPath(t, func(t *testing.T) {
		m := newMixture[float32](3, 3, 3, 3, 4, 5, 2)
		all := kerneltest.Random[float32](len(m.gates), 1, 8)
		subsets(len(all), func(chosen []bool) {
			for i, yes := range chosen {
				m.gates[i] = 0
				if yes {
					m.gates[i] = all[i]
				}
			}
			y := garbage[float32](6)
			m.forward(nil, y)
			near(t, fmt.Sprint(chosen), y, m.mix(), 1e-5)
			dgates := m.backward(nil)[1]
			for i, yes := range chosen {
				if !yes && dgates[i] != 0 || math.IsNaN(float64(dgates[i])) {
					t.Fatalf("%v: gate %d has the gradient %v", chosen, i, dgates[i])
				}
			}
		})
	})
}

func TestTopKWithEverySetOfActiveRows(t *testing.T) {
	onEveryPath(t, func(t *testing.T) {
		const rows, experts = 5, 4
		k := kernel.TopK[float32]{Rows: rows, Experts: experts, K: 2}
		logits, all := kerneltest.Random[float32](rows*experts, 1, 1), garbage[float32](rows*experts)
		k.Forward(nil, all, logits, nil)
		subsets(rows, func(active []bool) {
			want, gates := slices.Clone(all), garbage[float32](rows*experts)
			for r, yes := range active {
				if !yes {
					clear(want[r*experts:][:experts])
				}
			}
			k.Forward(nil, gates, logits, active)
			near(t, fmt.Sprint(active), gates, want, 0)
		})
	})
}

func TestEntropyWithEverySetOfActiveRows(t *testing.T) {
	n := kernel.Entropy[float64]{Groups: 3, Rows: 3, Experts: 4}
	logits := normals(36, 1)
	subsets(9, func(active []bool) {
		if got, want := n.Forward(nil, logits, active), entropyLoss(n, logits, active); math.Abs(got-want) > 1e-12 {
			t.Errorf("%v: %v, want %v", active, got, want)
		}
	})
}

func TestAssembleWithEverySetOfModalities(t *testing.T) {
	onEveryPath(t, func(t *testing.T) {
		const modalities, samples, steps, width = 3, 2, 2, 5
		in := newAssembleInputs[float32](modalities, samples, steps, width)
		a := kernel.Assemble[float32]{Modalities: modalities, Samples: samples, Steps: steps, Width: width, Scale: 2}
		subsets(modalities*samples, func(present []bool) {
			x := garbage[float32](modalities * samples * steps * width)
			a.Forward(nil, x, in.grids, in.missing, in.modality, in.position, present)
			for i, got := range x {
				m, s, at := i/(samples*steps*width), i/(steps*width)%samples, i%(steps*width)
				u := in.missing[m*steps*width+at]
				if present[m*samples+s] {
					u = in.grids[m][s*steps*width+at]
				}
				want := 2*(u+in.modality[m*width+at%width]) + in.position[at]
				if math.Abs(float64(got-want)) > 1e-5 {
					t.Fatalf("%v: entry %d is %v, want %v", present, i, got, want)
				}
			}
		})
	})
}
