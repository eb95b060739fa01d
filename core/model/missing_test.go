package model_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/fusemoe/fusemoe/core/kernel"
	"github.com/fusemoe/fusemoe/core/model"
	"github.com/fusemoe/fusemoe/core/op"
)

// withMeans are the modalities with a training mean for each value.
func withMeans() []model.Modality {
	all := slices.Clone(modalities)
	for i := range all {
		for j := range all[i].Width {
			all[i].Mean = append(all[i].Mean, float64(i+1)/float64(j+2))
		}
	}
	return all
}

func buildFilling[F kernel.Float](t *testing.T, c model.Config, missing model.Missing) *model.Model[F] {
	t.Helper()
	c.Missing = missing
	m, err := model.New[F](c, withMeans(), tasks, 1)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// TestFillingIsARecordedRow compares what is filled in with the same row written into
// the data.
func TestFillingIsARecordedRow(t *testing.T) {
	for name, missing := range map[string]model.Missing{"zeros": model.Zeros, "means": model.Means} {
		t.Run(name, func(t *testing.T) {
			m := buildFilling[float64](t, small(), missing)
			all := cohort[float64](9)
			got := predict(t, m, all)
			written := pick(all, 0, 1, 2, 3, 4, 5, 6, 7, 8)
			for i, modality := range withMeans() {
				row := make([]float64, modality.Width)
				if missing == model.Means {
					row = modality.Mean
				}
				write(&written.Series[i], all.Series[i], row)
			}
			for i := range written.Present {
				written.Present[i] = true
			}
			if want := predict(t, m, written); !slices.Equal(got, want) {
				t.Errorf("filled in %v, written %v", got, want)
			}
		})
	}
}

// write gives every sample that has no row this one.
func write(to *kernel.Series[float64], from kernel.Series[float64], row []float64) {
	w := from.Width
	*to = kernel.Series[float64]{Start: []int{0}, Width: w}
	for i := range from.Samples() {
		lo, hi := from.Start[i], from.Start[i+1]
		times, values := from.Times[lo:hi], from.Values[lo*w:hi*w]
		observed := slices.Repeat([]float64{1}, w)
		if lo == hi {
			times, values = []float64{0}, row
		} else if from.Observed != nil {
			observed = from.Observed[lo*w : hi*w]
		}
		to.Times, to.Values = append(to.Times, times...), append(to.Values, values...)
		if from.Observed != nil {
			to.Observed = append(to.Observed, observed...)
		}
		to.Start = append(to.Start, len(to.Times))
	}
}

// TestFillingReplacesDroppedModalities trains with modality dropout: what was dropped
// is filled in, too, and there is no indicator that could learn anything.
func TestFillingReplacesDroppedModalities(t *testing.T) {
	for _, missing := range []model.Missing{model.Zeros, model.Means} {
		t.Run(fmt.Sprint(missing), func(t *testing.T) {
			c := small()
			c.ModalityDropout = 0.9
			m := buildFilling[float64](t, c, missing)
			all := cohort[float64](14)
			before := slices.Clone(all.Series[0].Values)
			if _, err := m.Train(nil, all, op.Step{Seed: 1, Number: 1, Training: true}); err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(before, all.Series[0].Values) {
				t.Error("the caller's batch was changed")
			}
			for _, p := range m.Parameters() {
				if p.Name == "missing" {
					t.Error("there is an indicator")
				}
				if !anyNonZero(p.Grad) {
					t.Errorf("%s receives no gradient", p.Name)
				}
			}
		})
	}
}
