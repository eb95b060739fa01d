package eval_test

import (
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/fusemoe/fusemoe/core/eval"
)

func TestExpertUseCountsGateWeightByModality(t *testing.T) {
	use := eval.NewExpertUse([]string{"vitals", "notes"}, 1, 3)
	use.Add(0, 0, []float32{1, 0, 0, 0.5, 0.5, 0})
	use.Add(0, 1, []float32{0.5, 0.5, 0})
	got := use.Result().Layers[0]
	want := eval.LayerExpertUse{
		Use:      []float64{2.0 / 3, 1.0 / 3, 0},
		Selected: []float64{1, 2.0 / 3, 0},
		Share:    [][]float64{{0.75, 0.25}, {0.5, 0.5}, nil},
		Entropy:  []float64{math.Ln2 / 2, math.Ln2},
	}
	if diff := cmp.Diff(want, got, cmpopts.EquateApprox(0, 1e-12)); diff != "" {
		t.Error(diff)
	}
}

func TestExpertUseOfNothingIsZero(t *testing.T) {
	got := eval.NewExpertUse([]string{"all"}, 2, 1).Result()
	want := eval.LayerExpertUse{
		Use: []float64{0}, Selected: []float64{0}, Share: [][]float64{nil}, Entropy: []float64{0},
	}
	if diff := cmp.Diff([]eval.LayerExpertUse{want, want}, got.Layers); diff != "" {
		t.Error(diff)
	}
}

func TestSharesSumToOne(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		const experts = 4
		use := eval.NewExpertUse([]string{"a", "b", "c"}, 1, experts)
		for range rapid.IntRange(1, 20).Draw(t, "rows") {
			gates := make([]float32, experts)
			g := rapid.Float32Range(0, 1).Draw(t, "gate")
			first := rapid.IntRange(0, experts-1).Draw(t, "expert")
			gates[first], gates[(first+1)%experts] = g, 1-g
			use.Add(0, rapid.IntRange(0, 2).Draw(t, "modality"), gates)
		}
		layer := use.Result().Layers[0]
		if sum := total(layer.Use); math.Abs(sum-1) > 1e-9 {
			t.Errorf("use sums to %v", sum)
		}
		for e, share := range layer.Share {
			if sum := total(share); share != nil && math.Abs(sum-1) > 1e-9 {
				t.Errorf("the shares in expert %d sum to %v", e, sum)
			}
		}
	})
}

func total(values []float64) float64 {
	sum := 0.0
	for _, v := range values {
		sum += v
	}
	return sum
}
