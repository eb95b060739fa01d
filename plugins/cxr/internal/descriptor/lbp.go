package descriptor

import (
	"math/bits"

	"github.com/fusemoe/fusemoe/plugins/cxr/internal/radiograph"
)

// patterns is the number of kinds of local binary patterns: 9 uniform ones by the
// number of brighter neighbours, and all others.
const patterns = 10

// lbp appends how often each local binary pattern occurs in each of grid x grid cells,
// as shares that add up to 1. Patterns are those of the 8 neighbours, without regard to
// rotation, uniform or not (riu2 of Ojala et al., "Multiresolution gray-scale and
// rotation invariant texture classification with local binary patterns", 2002).
func lbp(out []float32, m *radiograph.Image, grid int) []float32 {
	histograms := make([]float32, grid*grid*patterns)
	counts := make([]float32, grid*grid)
	for y := 1; y < m.Height-1; y++ {
		above, row, below := m.Row(y-1), m.Row(y), m.Row(y+1)
		for x := 1; x < m.Width-1; x++ {
			v := row[x] + flat
			code := brighter(above[x-1], v) | brighter(above[x], v)<<1 | brighter(above[x+1], v)<<2 |
				brighter(row[x+1], v)<<3 | brighter(below[x+1], v)<<4 | brighter(below[x], v)<<5 |
				brighter(below[x-1], v)<<6 | brighter(row[x-1], v)<<7
			cell := y*grid/m.Height*grid + x*grid/m.Width
			histograms[cell*patterns+kindOf[code]]++
			counts[cell]++
		}
	}
	for i, v := range histograms {
		out = append(out, v/max(counts[i/patterns], 1))
	}
	return out
}

// flat is what a neighbour must be brighter by: half a step of 8 bits, so that rounding
// alone makes no pattern.
const flat = 0.5 / 255

func brighter(neighbour, v float32) uint8 {
	if neighbour > v {
		return 1
	}
	return 0
}

// kindOf maps the neighbours that are brighter, one bit each around the pixel, to the
// pattern.
var kindOf = func() (kinds [256]int) {
	for code := range kinds {
		c := uint8(code)
		changes := bits.OnesCount8(c ^ bits.RotateLeft8(c, 1))
		if kinds[code] = bits.OnesCount8(c); changes > 2 {
			kinds[code] = patterns - 1
		}
	}
	return kinds
}()
