package core

import (
	"math"

	"github.com/fusemoe/fusemoe/core/kernel"
	"github.com/fusemoe/fusemoe/core/model"
	"github.com/fusemoe/fusemoe/core/report"
)

// experts says which the sample used, and where that differs from the cohort: the sample
// with average values is between the two.
func (x *explaining) experts(e *report.Explanation, b model.Batch[float32], a model.Attribution[float32]) error {
	cohort, err := x.predictor.cohort()
	if err != nil {
		return err
	}
	m := x.learner.model
	_, average, err := x.value(m.Averaged(b, -1))
	if err != nil {
		return err
	}
	var each [][][][]float64 // gates with average values of one modality
	for i := range b.Series {
		_, gates, err := x.value(m.Averaged(b, i))
		if err != nil {
			return err
		}
		each = append(each, gates)
	}
	for l, layer := range a.Layers {
		out := report.ExplainedLayer{Weight: layer.Gates, Average: average[l], Effect: layer.Effect}
		for row := range layer.Gates {
			joint := len(layer.Gates) != len(b.Series)
			name := "all"
			if !joint {
				name = x.learner.network.Modalities[row].Name
			}
			out.Rows = append(out.Rows, name)
			var usual []float64
			if cohort != nil && l < len(cohort.Layers) && row < len(cohort.Modalities) && (joint || b.Present[row]) {
				usual = usualGates(cohort.Layers[l].Use, cohort.Layers[l].Share, row)
			}
			out.Cohort = append(out.Cohort, usual)
			for expert := range usual {
				s := report.Shift{
					Layer: l + 1, Row: name, Expert: expert + 1, Weight: layer.Gates[row][expert], Cohort: usual[expert],
					Values:   layer.Gates[row][expert] - average[l][row][expert],
					Recorded: average[l][row][expert] - usual[expert],
				}
				for i := range each {
					if by := s.Weight - each[i][l][row][expert]; math.Abs(by) > math.Abs(s.MostBy) {
						s.Most, s.MostBy = x.learner.network.Modalities[i].Name, by
					}
				}
				e.Shifts = append(e.Shifts, s)
			}
		}
		e.Layers = append(e.Layers, out)
	}
	return nil
}

// usualGates is how a cohort's rows of one modality are spread over the experts, nil where
// the cohort has none.
func usualGates(use []float64, share [][]float64, row int) []float64 {
	gates, sum := make([]float64, len(use)), 0.0
	for expert, parts := range share {
		if parts != nil {
			gates[expert] = use[expert] * parts[row]
			sum += gates[expert]
		}
	}
	if sum == 0 {
		return nil
	}
	for expert := range gates {
		gates[expert] /= sum
	}
	return gates
}

// observations names the parts of the values. A vector whose numbers have no names, and
// that were not measured, is one observation.
func (x *explaining) observations(e *report.Explanation, b model.Batch[float32], a model.Attribution[float32]) error {
	for i, described := range x.predictor.manifest.Modalities {
		recorded, err := x.recorded(described.Source)
		if err != nil {
			return err
		}
		s := &b.Series[i]
		for r, at := range s.Times {
			o := report.Observation{Modality: described.Name, Time: float64(at) * e.Window}
			parts := a.Values[i][r*s.Width : (r+1)*s.Width]
			if s.Observed == nil {
				for _, part := range parts {
					o.Part += float64(part)
				}
				e.Observations = append(e.Observations, o)
				continue
			}
			for c, part := range parts {
				if s.Observed[r*s.Width+c] == 0 {
					continue
				}
				o.Part, o.Recorded, o.Feature = float64(part), nil, ""
				if c < len(described.Features) {
					o.Feature = described.Features[c]
				}
				if v, ok := recorded[moment{at, o.Feature}]; ok {
					o.Recorded = &v
				}
				e.Observations = append(e.Observations, o)
			}
		}
	}
	return nil
}

// moment is when a column was recorded, in windows.
type moment struct {
	time   float32
	column string
}

// recorded is what a source of rows has of the sample. Where a column was recorded twice
// at a time, a plugin may have seen either: it is left out.
func (x *explaining) recorded(source string) (map[moment]float64, error) {
	values, twice := map[moment]float64{}, map[moment]bool{}
	for sample, err := range x.dataset.Requests(source, []int{0}) {
		if err != nil {
			return nil, err
		}
		for _, item := range sample.GetItems() {
			row := item.GetRow()
			for k, name := range row.GetNames() {
				at := moment{float32(item.GetTime() / x.dataset.Window), name}
				if _, there := values[at]; there {
					twice[at] = true
				}
				values[at] = float64(row.GetValues()[k])
			}
		}
	}
	for at := range twice {
		delete(values, at)
	}
	return values, nil
}

// observedIn counts the observations of a modality in a batch of one sample.
func observedIn(s *kernel.Series[float32]) (n int) {
	if s.Observed == nil {
		return len(s.Times)
	}
	for _, o := range s.Observed {
		if o != 0 {
			n++
		}
	}
	return n
}
