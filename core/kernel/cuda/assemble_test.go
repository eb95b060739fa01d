//go:build gpu

package cuda

import (
	"fmt"
	"testing"

	"github.com/fusemoe/fusemoe/core/kernel"
)

func TestAssembleMatchesThatOfTheProcessor(t *testing.T) {
	d := device(t)
	for _, c := range []struct{ modalities, samples, steps, width int }{{1, 1, 1, 1}, {3, 7, 5, 17}, {2, 70, 3, 65}} {
		m := kernel.Assemble[float64]{Modalities: c.modalities, Samples: c.samples, Steps: c.steps, Width: c.width, Scale: 1.5}
		slab := c.steps * c.width
		missing, missing64 := both(d, c.modalities*slab, 1, 1)
		modality, modality64 := both(d, c.modalities*c.width, 1, 2)
		position, position64 := both(d, slab, 1, 3)
		marks, present := marked(d, c.modalities*c.samples)
		dx, dx64 := both(d, c.modalities*c.samples*slab, 1, 4)
		var grids, dgrids []Array
		var grids64, dgrids64 [][]float64
		for i := range c.modalities {
			grid, grid64 := both(d, c.samples*slab, 1, uint64(10+i))
			dgrid, dgrid64 := d.New(c.samples*slab), make([]float64, c.samples*slab)
			if c.modalities == 3 && i == 1 { // nobody has it
				grid, grid64, dgrid, dgrid64 = Array{}, nil, Array{}, nil
				d.Clear(marks.Slice(c.samples, c.samples))
				clear(present[c.samples : 2*c.samples])
			}
			grids, grids64 = append(grids, grid), append(grids64, grid64)
			dgrids, dgrids64 = append(dgrids, dgrid), append(dgrids64, dgrid64)
		}
		x64 := make([]float64, len(dx64))
		dmissing64, dmodality64 := make([]float64, len(missing64)), make([]float64, len(modality64))
		dposition64 := make([]float64, slab)
		m.Forward(nil, x64, grids64, missing64, modality64, position64, present)
		m.Backward(nil, dgrids64, dmissing64, dmodality64, dposition64, dx64, present)

		on := Assemble{Modalities: c.modalities, Samples: c.samples, Steps: c.steps, Width: c.width, Scale: 1.5}
		x, dmissing, dmodality, dposition := d.New(len(x64)), d.New(len(missing64)), d.New(len(modality64)), d.New(slab)
		on.Forward(d, x, grids, missing, modality, position, marks)
		near(t, fmt.Sprint(c, " x"), d, x, x64)
		on.Backward(d, dgrids, dmissing, dmodality, dposition, dx, marks)
		for i, g := range dgrids {
			near(t, fmt.Sprint(c, " grid ", i), d, g, dgrids64[i])
		}
		near(t, fmt.Sprint(c, " dmissing"), d, dmissing, dmissing64)
		near(t, fmt.Sprint(c, " dmodality"), d, dmodality, dmodality64)
		near(t, fmt.Sprint(c, " dposition"), d, dposition, dposition64)
		on.Backward(d, nil, Array{}, dmodality, Array{}, dx, marks)
		near(t, fmt.Sprint(c, " dmodality alone"), d, dmodality, dmodality64)
	}
}
