package descriptor

import (
	"math"

	"github.com/fusemoe/fusemoe/plugins/cxr/internal/radiograph"
)

const (
	// orientations is the number of bins for the direction of a gradient without its
	// sign (Dalal and Triggs, "Histograms of oriented gradients for human detection",
	// 2005, section 6.3, find that more do not help).
	orientations = 9
	// clip limits one bin's share of a normalised block, so that a single strong edge,
	// such as a cable, does not drown the rest (section 6.4 there).
	clip = 0.2
)

// hog appends the histograms of oriented gradients of grid x grid cells. Each is
// normalised by the four blocks of 2 x 2 cells that it belongs to and averaged over
// them, which keeps 9 of the 36 numbers and most of what they say (Felzenszwalb et al.,
// "Object detection with discriminatively trained part-based models", 2010, section 6).
func hog(out []float32, m *radiograph.Image, grid int) []float32 {
	cells := gradients(m, grid)
	energy := make([]float32, grid*grid)
	for i := range energy {
		for _, v := range cells[i*orientations : (i+1)*orientations] {
			energy[i] += v * v
		}
	}
	for y := range grid {
		for x := range grid {
			var h [orientations]float32
			cell := cells[(y*grid+x)*orientations:][:orientations]
			for corner := range 4 {
				scale := 1 / blockNorm(energy, grid, x-corner&1, y-corner>>1)
				for i, v := range cell {
					h[i] += min(v*scale, clip) / 4
				}
			}
			out = append(out, h[:]...)
		}
	}
	return out
}

// blockNorm is the length of the 2 x 2 cells from (x, y) on; beyond the border the
// cells at the border stand in.
func blockNorm(energy []float32, grid, x, y int) float32 {
	const floor = 1e-6 // of images without any gradient
	var sum float32
	for dy := range 2 {
		for dx := range 2 {
			cx, cy := min(max(x+dx, 0), grid-1), min(max(y+dy, 0), grid-1)
			sum += energy[cy*grid+cx]
		}
	}
	return float32(math.Sqrt(float64(sum))) + floor
}

// gradients sums the lengths of the gradients of each cell by direction, each shared
// between the two nearest directions and the four nearest cells.
func gradients(m *radiograph.Image, grid int) []float32 {
	cells := make([]float32, grid*grid*orientations)
	across, down := shares(m.Width, grid), shares(m.Height, grid)
	for y := 1; y < m.Height-1; y++ {
		above, row, below := m.Row(y-1), m.Row(y), m.Row(y+1)
		for x := 1; x < m.Width-1; x++ {
			gx, gy := row[x+1]-row[x-1], below[x]-above[x]
			if gx == 0 && gy == 0 {
				continue
			}
			length := float32(math.Sqrt(float64(gx*gx + gy*gy)))
			bin, next, w := direction(gx, gy)
			for _, r := range down[y] {
				for _, c := range across[x] {
					cell := cells[(r.cell*grid+c.cell)*orientations:][:orientations]
					v := length * r.weight * c.weight
					cell[bin] += v * (1 - w)
					cell[next] += v * w
				}
			}
		}
	}
	return cells
}

// direction returns the two nearest bins of a gradient's direction and the share of
// the second.
func direction(gx, gy float32) (bin, next int, share float32) {
	angle := math.Atan2(float64(gy), float64(gx)) / math.Pi * orientations // -9 to 9
	if angle < 0 {
		angle += orientations
	}
	bin = min(int(angle), orientations-1)
	return bin, (bin + 1) % orientations, float32(angle) - float32(bin)
}

// share is what a pixel gives to a cell.
type share struct {
	cell   int
	weight float32
}

// shares are those of n pixels along an axis of grid cells: of the two cells whose
// centres are nearest, the nearer one gets more.
func shares(n, grid int) [][2]share {
	all := make([][2]share, n)
	for i := range all {
		p := (float64(i)+0.5)/float64(n)*float64(grid) - 0.5
		first := math.Floor(p)
		w := float32(p - first)
		all[i] = [2]share{
			{max(int(first), 0), 1 - w},
			{min(int(first)+1, grid-1), w},
		}
	}
	return all
}
