package model

import (
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/fusemoe/fusemoe/core/kernel"
)

// observation is one value of a series and the place of its cell among the labels.
type observation struct {
	place int
	value float64
}

// observations lists what a series holds, cell by cell.
func observations(h hiding[float64], s kernel.Series[float64]) (all []observation) {
	for i := range s.Samples() {
		for r := s.Start[i]; r < s.Start[i+1]; r++ {
			for c := range s.Width {
				if s.Observed == nil || s.Observed[r*s.Width+c] != 0 {
					all = append(all, observation{(i*h.steps+h.cell(s.Times[r]))*s.Width + c, s.Values[r*s.Width+c]})
				}
			}
		}
	}
	return all
}

func drawSeries(t *rapid.T, samples int) kernel.Series[float64] {
	s := kernel.Series[float64]{Start: []int{0}, Width: rapid.IntRange(1, 3).Draw(t, "width")}
	measured := rapid.Bool().Draw(t, "measured")
	for range samples {
		times := rapid.SliceOfN(rapid.Float64Range(0, 0.999), 0, 6).Draw(t, "times")
		slices.Sort(times)
		s.Times = append(s.Times, times...)
		s.Start = append(s.Start, len(s.Times))
	}
	for range len(s.Times) * s.Width {
		value, flag := rapid.Float64Range(-3, 3).Draw(t, "value"), 1.0
		if measured && rapid.Bool().Draw(t, "unobserved") {
			value, flag = 0, 0
		}
		s.Values = append(s.Values, value)
		if measured {
			s.Observed = append(s.Observed, flag)
		}
	}
	return s
}

// TestWhatIsHiddenIsTheLabel holds for any series: a cell is left alone, or all of it is
// gone and its mean, standardised, is to be filled in.
func TestWhatIsHiddenIsTheLabel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		samples := rapid.IntRange(1, 4).Draw(t, "samples")
		from := drawSeries(t, samples)
		h := hiding[float64]{
			steps: 3, rate: 0.5, key: rapid.Uint64().Draw(t, "key"),
			scale: Scale{Mean: []float64{1, 2, 3}, Deviation: []float64{2, 4, 8}},
			had:   make([]bool, samples), left: make([]bool, samples),
		}
		for i := range samples {
			h.had[i] = from.Rows(i) > 0
			h.left[i] = h.had[i] && rapid.Bool().Draw(t, "left")
		}
		labels := make([]float64, samples*h.steps*from.Width)
		var to kernel.Series[float64]
		h.hide(&to, labels, from)

		before, after := map[int][]float64{}, map[int][]float64{}
		for _, o := range observations(h, from) {
			before[o.place] = append(before[o.place], o.value)
		}
		for _, o := range observations(h, to) {
			after[o.place] = append(after[o.place], o.value)
		}
		for place, label := range labels {
			sample, c := place/(h.steps*from.Width), place%from.Width
			switch values := before[place]; {
			case math.IsNaN(label):
				if !slices.Equal(after[place], values) {
					t.Errorf("cell %d was left alone and has %v of %v", place, after[place], values)
				}
				if len(values) > 0 && !h.left[sample] {
					t.Errorf("cell %d is of a dropped modality and not to be filled in", place)
				}
			case len(values) == 0 || len(after[place]) > 0:
				t.Errorf("cell %d is to be filled in; it had %v and has %v", place, values, after[place])
			default:
				if want := (mean(values) - h.scale.Mean[c]) / h.scale.Deviation[c]; math.Abs(label-want) > 1e-9 {
					t.Errorf("cell %d: label %v, want %v", place, label, want)
				}
			}
		}
	})
}

func mean(values []float64) (m float64) {
	for _, v := range values {
		m += v / float64(len(values))
	}
	return m
}
