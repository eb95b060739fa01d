package bench

import (
	"context"
	"fmt"
	"math"
)

// Growth is how the time of a training step grows with one size.
type Growth struct {
	// Of is what grows.
	Of    string `json:"of"`
	Sizes []int  `json:"sizes"`
	// Seconds are the medians at the sizes.
	Seconds []float64 `json:"seconds"`
	// Exponent is the p of the power size^p that fits the times best: 1 is linear,
	// less says that something does not grow.
	Exponent float64 `json:"exponent"`
}

// grow fills Growth. Each size is that of the PhysioNet step but for one, doubled
// three times.
func (r *Report) grow(ctx context.Context, o Options) error {
	for _, g := range []struct {
		of    string
		sizes []int
		set   func(t *Training, size int)
	}{
		{"samples", []int{16, 32, 64, 128}, func(t *Training, n int) { t.Samples = n }},
		{"observations per sample and modality", []int{40, 80, 160, 320}, func(t *Training, n int) { t.Rows = n }},
		{"modalities", []int{2, 4, 8, 16}, func(t *Training, n int) {
			t.Widths = make([]int, n)
			for i := range t.Widths {
				t.Widths[i] = 8
			}
		}},
	} {
		growth := Growth{Of: g.of, Sizes: g.sizes}
		for _, size := range g.sizes {
			t := PhysioNet()
			g.set(&t, size)
			w := t.step(fmt.Sprintf("training step, %d %s", size, g.of), r.Machine.Workers)
			o.Measuring(w.name)
			m, _, err := w.measure(ctx, o.Time)
			if err != nil {
				return fmt.Errorf("bench: %s: %w", w.name, err)
			}
			growth.Seconds = append(growth.Seconds, m.Seconds)
		}
		growth.Exponent = exponent(growth.Sizes, growth.Seconds)
		r.Growth = append(r.Growth, growth)
	}
	return nil
}

// exponent is the slope of the least-squares line through the logarithms.
func exponent(sizes []int, seconds []float64) float64 {
	n := float64(len(sizes))
	var sx, sy, sxx, sxy float64
	for i, size := range sizes {
		x, y := math.Log(float64(size)), math.Log(seconds[i])
		sx, sy, sxx, sxy = sx+x, sy+y, sxx+x*x, sxy+x*y
	}
	return (n*sxy - sx*sy) / (n*sxx - sx*sx)
}
