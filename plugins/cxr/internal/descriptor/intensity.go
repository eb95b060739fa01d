package descriptor

import (
	"math"
	"slices"

	"github.com/fusemoe/fusemoe/plugins/cxr/internal/radiograph"
)

// intensity appends the mean and the deviation of each of grid x grid cells.
func intensity(out []float32, m *radiograph.Image, grid int) []float32 {
	for cy := range grid {
		for cx := range grid {
			var n, sum, squares float64
			for y := cy * m.Height / grid; y < (cy+1)*m.Height/grid; y++ {
				for _, v := range m.Row(y)[cx*m.Width/grid : (cx+1)*m.Width/grid] {
					n++
					sum += float64(v)
					squares += float64(v) * float64(v)
				}
			}
			mean := sum / n
			out = append(out, float32(mean), float32(math.Sqrt(max(squares/n-mean*mean, 0))))
		}
	}
	return out
}

// quantiles appends those of all pixels at the levels.
func quantiles(out []float32, m *radiograph.Image, levels []float64) []float32 {
	sorted := slices.Sorted(slices.Values(m.Pix))
	for _, level := range levels {
		out = append(out, sorted[int(math.Round(level*float64(len(sorted)-1)))])
	}
	return out
}
