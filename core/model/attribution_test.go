package model_test

import (
	"math"
	"testing"

	"github.com/fusemoe/fusemoe/core/kernel"
	"github.com/fusemoe/fusemoe/core/model"
)

// alone is one sample of a cohort.
func alone(b model.Batch[float64], sample int) model.Batch[float64] {
	var one model.Batch[float64]
	for i, s := range b.Series {
		lo, hi := s.Start[sample], s.Start[sample+1]
		cut := kernel.Series[float64]{Start: []int{0, hi - lo}, Times: s.Times[lo:hi], Width: s.Width, Values: s.Values[lo*s.Width : hi*s.Width]}
		if s.Observed != nil {
			cut.Observed = s.Observed[lo*s.Width : hi*s.Width]
		}
		one.Series, one.Present = append(one.Series, cut), append(one.Present, b.Present[i*b.Samples()+sample])
	}
	return one
}

// TestAttributionIsComplete has the parts sum to what they explain, where every expert
// is chosen and so the output has no jumps; for all routers and two kinds of tasks. Fresh
// weights are the worst case: layer norms turn steeply near the baseline.
func TestAttributionIsComplete(t *testing.T) {
	many := []model.Task{
		{Name: "findings", Kind: model.Multilabel, Outputs: 3},
		{Name: "days", Kind: model.Regression, Outputs: 1, Mean: 5, Deviation: 3},
	}
	for name, router := range routers() {
		t.Run(name, func(t *testing.T) {
			c := small()
			c.Router = router
			if c.Router.TopK = c.Router.Experts; name[:8] == "disjoint" {
				c.Router.TopK = c.Router.Experts / len(modalities)
			}
			m, err := model.New[float64](c, modalities, many, 3)
			if err != nil {
				t.Fatal(err)
			}
			defer m.Close()
			for _, sample := range []int{0, 3, 6} { // one modality, several, all
				one := alone(cohort[float64](7), sample)
				for task, output := range []int{1, 0} {
					a, err := m.Attribute(nil, one, task, output)
					if err != nil {
						t.Fatal(err)
					}
					sum := 0.0
					for _, values := range a.Values {
						for _, v := range values {
							sum += v
						}
					}
					if difference := a.Output - a.Baseline; math.Abs(sum-difference) > 0.05*math.Abs(difference)+0.01 {
						t.Errorf("sample %d, task %d: the parts sum to %v, the difference is %v", sample, task, sum, difference)
					}
				}
			}
		})
	}
}

// TestAttributionOfGates compares the effect of an expert with what its absence does,
// to first order, and finds nothing where nothing was observed.
func TestAttributionOfGates(t *testing.T) {
	m, err := model.New[float64](small(), modalities, tasks, 3)
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	one := alone(cohort[float64](7), 0) // has the first modality alone
	a, err := m.Attribute(nil, one, 0, 0)
	if err != nil {
		t.Fatal(err)
	}
	for i, values := range a.Values {
		for j, v := range values {
			if o := one.Series[i].Observed; o != nil && o[j] == 0 && v != 0 {
				t.Errorf("modality %d, value %d was not observed and has the part %v", i, j, v)
			}
		}
	}
	if len(a.Values[1]) != 0 || len(a.Values[0]) == 0 {
		t.Errorf("parts of %d and %d values", len(a.Values[0]), len(a.Values[1]))
	}
	for l, layer := range a.Layers {
		for row, gates := range layer.Gates {
			sum, used := 0.0, 0
			for e, g := range gates {
				sum += g
				if g > 0 {
					used++
				} else if layer.Effect[row][e] != 0 {
					t.Errorf("layer %d, expert %d was not chosen and has the effect %v", l, e, layer.Effect[row][e])
				}
			}
			if math.Abs(sum-1) > 1e-9 || used < 2 {
				t.Errorf("layer %d, modality %d: the gates of %d experts sum to %v", l, row, used, sum)
			}
		}
	}
	for _, p := range m.Parameters() {
		for _, g := range p.Grad {
			if g != 0 {
				t.Fatalf("parameter %s is left with a gradient", p.Name)
			}
		}
	}
}

// TestAveragedIsTheBaseline compares the gates and the output of a sample without its
// values with those at which its attribution begins.
func TestAveragedIsTheBaseline(t *testing.T) {
	m, err := model.New[float64](small(), modalities, tasks, 3)
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	one := alone(cohort[float64](7), 6)
	a, err := m.Attribute(nil, one, 0, 0)
	if err != nil {
		t.Fatal(err)
	}
	out, err := m.Predict(nil, one)
	if err != nil {
		t.Fatal(err)
	}
	for l, layer := range m.Gates(out, 1) {
		for row, gates := range layer {
			for e, g := range gates {
				if math.Abs(g-a.Layers[l].Gates[row][e]) > 1e-9 {
					t.Errorf("layer %d, row %d, expert %d: %v alone, %v in the attribution", l, row, e, g, a.Layers[l].Gates[row][e])
				}
			}
		}
	}
	if out, err = m.Predict(nil, m.Averaged(one, -1)); err != nil {
		t.Fatal(err)
	}
	if math.Abs(out.Logits[0][0]-a.Baseline) > 1e-9 {
		t.Errorf("output %v, baseline %v", out.Logits[0][0], a.Baseline)
	}
	if out, err = m.Predict(nil, m.Averaged(one, 1)); err != nil || math.Abs(out.Logits[0][0]-a.Baseline) < 1e-9 {
		t.Errorf("one modality of its mean values is all of them: %v (%v)", out.Logits[0][0], err)
	}
}
