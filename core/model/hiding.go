package model

import (
	"math"

	"github.com/fusemoe/fusemoe/core/kernel"
)

// hiding takes observations of one modality away from a batch and keeps them as what is to
// be filled in.
type hiding[F kernel.Float] struct {
	steps int
	scale Scale
	rate  float64
	key   uint64
	// had says which samples have the modality, left which of them keep it: of the others
	// everything is to be filled in.
	had, left []bool
}

// hide copies a series without what is hidden. labels, [Samples·Steps, Width], become the
// means of the hidden values of a cell, in deviations from the modality's mean, and NaN
// where nothing is hidden.
func (h hiding[F]) hide(to *kernel.Series[F], labels []F, from kernel.Series[F]) {
	to.Width = from.Width
	to.Start, to.Times, to.Values, to.Observed = append(to.Start[:0], 0), to.Times[:0], to.Values[:0], to.Observed[:0]
	if from.Observed == nil {
		to.Observed = nil
	}
	size := h.steps * from.Width
	counts := make([]int, size)
	for s, has := range h.had {
		cells := labels[s*size:][:size]
		clear(cells)
		clear(counts)
		if has {
			if from.Observed != nil {
				h.hideValues(to, cells, counts, from, s)
			} else {
				h.hideRows(to, cells, counts, from, s)
			}
		}
		to.Start = append(to.Start, len(to.Times))
		h.standardise(cells, counts, from.Width)
	}
}

// cell is the step of the grid that a time belongs to, as kernel.Imputation has it.
func (h hiding[F]) cell(t F) int { return max(0, min(int(t*F(h.steps)), h.steps-1)) }

// hidden decides on entry i of the labels of sample s.
func (h hiding[F]) hidden(s, size, i int) bool {
	return !h.left[s] || kernel.Uniform(h.key, uint64(s*size+i)) < h.rate
}

// hideValues hides channels of a sample's rows, each within a cell.
func (h hiding[F]) hideValues(to *kernel.Series[F], cells []F, counts []int, from kernel.Series[F], s int) {
	w, lo, hi := from.Width, from.Start[s], from.Start[s+1]
	first := len(to.Values)
	to.Times = append(to.Times, from.Times[lo:hi]...)
	to.Values = append(to.Values, from.Values[lo*w:hi*w]...)
	to.Observed = append(to.Observed, from.Observed[lo*w:hi*w]...)
	values, observed := to.Values[first:], to.Observed[first:]
	for r := range hi - lo {
		for c := range w {
			i := h.cell(from.Times[lo+r])*w + c
			if observed[r*w+c] != 0 && h.hidden(s, len(cells), i) {
				cells[i] += values[r*w+c]
				counts[i]++
				values[r*w+c], observed[r*w+c] = 0, 0
			}
		}
	}
}

// hideRows hides whole embeddings of a sample: all of a cell.
func (h hiding[F]) hideRows(to *kernel.Series[F], cells []F, counts []int, from kernel.Series[F], s int) {
	w := from.Width
	for r := from.Start[s]; r < from.Start[s+1]; r++ {
		row, first := from.Values[r*w:][:w], h.cell(from.Times[r])*w
		if !h.hidden(s, len(cells), first) {
			to.Times = append(to.Times, from.Times[r])
			to.Values = append(to.Values, row...)
			continue
		}
		for c, v := range row {
			cells[first+c] += v
			counts[first+c]++
		}
	}
}

// standardise turns sums into labels.
func (h hiding[F]) standardise(cells []F, counts []int, width int) {
	for i, n := range counts {
		if n == 0 {
			cells[i] = F(math.NaN())
			continue
		}
		c := i % width
		cells[i] = F((float64(cells[i])/float64(n) - h.scale.Mean[c]) / h.scale.Deviation[c])
	}
}
