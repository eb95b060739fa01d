package kernel_test

import (
	"slices"
	"testing"

	"github.com/fusemoe/fusemoe/core/kernel"
)

func TestImputation(t *testing.T) {
	for _, c := range []struct {
		name   string
		series kernel.Series[float64]
		mean   []float64
		want   []float64 // four cells of two values and two flags
	}{
		{
			name:   "without rows all is the mean",
			series: kernel.Series[float64]{Start: []int{0, 0}, Width: 2},
			want:   make([]float64, 16),
		},
		{
			name: "the last value of a cell is carried to every later one",
			series: kernel.Series[float64]{
				Start: []int{0, 3}, Times: []float64{0.25, 0.3, 0.8}, Width: 2,
				Values:   []float64{5, 0, 6, 0, 0, 7},
				Observed: []float64{1, 0, 1, 0, 0, 1},
			},
			want: []float64{0, 0, 0, 0, 6, 0, 1, 0, 6, 0, 0, 0, 6, 7, 0, 1},
		},
		{
			name: "a later row of the cell does not hide an earlier observation",
			series: kernel.Series[float64]{
				Start: []int{0, 2}, Times: []float64{0, 0.1}, Width: 2,
				Values:   []float64{5, 0, 0, 7},
				Observed: []float64{1, 0, 0, 1},
			},
			want: []float64{5, 7, 1, 1, 5, 7, 0, 0, 5, 7, 0, 0, 5, 7, 0, 0},
		},
		{
			name: "an observed 0 replaces an older value",
			series: kernel.Series[float64]{
				Start: []int{0, 2}, Times: []float64{0, 0.5}, Width: 2,
				Values:   []float64{5, 4, 0, 0},
				Observed: []float64{1, 1, 1, 0},
			},
			want: []float64{5, 4, 1, 1, 5, 4, 0, 0, 0, 4, 1, 0, 0, 4, 0, 0},
		},
		{
			name: "times at and past the end belong to the last cell",
			series: kernel.Series[float64]{
				Start: []int{0, 2}, Times: []float64{1, 1.5}, Width: 2,
				Values:   []float64{5, 4, 6, 0},
				Observed: []float64{1, 1, 1, 0},
			},
			want: append(make([]float64, 12), 6, 4, 1, 1),
		},
		{
			name: "without a mask all is observed",
			series: kernel.Series[float64]{
				Start: []int{0, 1}, Times: []float64{0.6}, Width: 2, Values: []float64{5, 0},
			},
			want: append(make([]float64, 8), 5, 0, 1, 1, 5, 0, 0, 0),
		},
		{
			name: "the training mean before the first observation",
			series: kernel.Series[float64]{
				Start: []int{0, 1}, Times: []float64{0.6}, Width: 2, Values: []float64{5, 0}, Observed: []float64{1, 0},
			},
			mean: []float64{7, 9},
			want: []float64{7, 9, 0, 0, 7, 9, 0, 0, 5, 9, 1, 0, 5, 9, 0, 0},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := kernel.Imputation[float64]{Samples: 1, Steps: 4, Width: 2, Mean: c.mean}
			got := garbage[float64](16)
			m.Fill(nil, got, &c.series)
			near(t, "grid", got, c.want, 0)
		})
	}
}

// Samples do not leak into each other, whoever computes them.
func TestImputationOfABatch(t *testing.T) {
	s := randomSeries[float32]([]int{3, 0, 16, 1, 63}, 5, 0.4, 2)
	block := 48 * 10
	compute := func(p *kernel.Pool) []float32 {
		m := kernel.Imputation[float32]{Samples: 5, Steps: 48, Width: 5}
		grid := garbage[float32](5 * block)
		m.Fill(p, grid, s)
		return grid
	}
	sameForAnyWorkers(t, func(p *kernel.Pool) [][]float32 { return [][]float32{compute(p)} })
	batch := compute(nil)
	for i := range 5 {
		from, to := s.Start[i], s.Start[i+1]
		one := &kernel.Series[float32]{
			Start: []int{0, to - from}, Times: s.Times[from:to], Width: 5,
			Values: s.Values[from*5 : to*5], Observed: s.Observed[from*5 : to*5],
		}
		alone := garbage[float32](block)
		(&kernel.Imputation[float32]{Samples: 1, Steps: 48, Width: 5}).Fill(nil, alone, one)
		if !slices.Equal(alone, batch[i*block:(i+1)*block]) {
			t.Errorf("sample %d differs from itself alone", i)
		}
	}
}
