package data

import (
	"slices"
)

// items is what a source recorded: sorted by sample, then time, then as it came.
// Numbers are kept sparse, because of dozens of channels a row holds a few.
type items struct {
	start []int     // items of sample i: start[i] to start[i+1]
	times []float64 // one an item

	cell   []int // cells of item j: cell[j] to cell[j+1]; kind Rows
	column []uint16
	value  []float32

	words []string // texts or paths, one an item; kinds Text and Path
}

func (it *items) count(sample int) int { return it.start[sample+1] - it.start[sample] }

// maxColumns is what the column numbers of items can tell apart.
const maxColumns = 1 << 16

// draft is a source as it came: items in any order, of known and unknown samples.
type draft struct {
	sample []int // -1: left out
	items
}

func (d *draft) add(sample int, time float64) {
	d.sample, d.times = append(d.sample, sample), append(d.times, time)
}

// arrange sorts a draft's items and drops those without content and those at or
// after the window, of which it counts the latter.
func (d *draft) arrange(samples int, window float64) (out items, late int) {
	order := make([]int, 0, len(d.sample))
	cells, sorted := 0, true
	for i, s := range d.sample {
		switch {
		case s < 0 || d.words == nil && d.cell[i] == d.cell[i+1]:
			continue
		case d.times[i] >= window:
			late++
			continue
		}
		if n := len(order); n > 0 && sorted {
			sorted = d.compare(order[n-1], i) <= 0
		}
		order = append(order, i)
		if d.words == nil {
			cells += d.cell[i+1] - d.cell[i]
		}
	}
	if !sorted {
		slices.SortStableFunc(order, d.compare)
	}
	out = items{start: make([]int, samples+1), times: make([]float64, len(order))}
	for n, i := range order {
		out.start[d.sample[i]+1]++
		out.times[n] = d.times[i]
	}
	for i := range samples {
		out.start[i+1] += out.start[i]
	}
	if d.words != nil {
		out.words = make([]string, len(order))
		for n, i := range order {
			out.words[n] = d.words[i]
		}
		return out, late
	}
	out.cell = make([]int, 1, len(order)+1)
	out.column, out.value = make([]uint16, 0, cells), make([]float32, 0, cells)
	for _, i := range order {
		a, b := d.cell[i], d.cell[i+1]
		out.column = append(out.column, d.column[a:b]...)
		out.value = append(out.value, d.value[a:b]...)
		out.cell = append(out.cell, len(out.column))
	}
	return out, late
}

func (d *draft) compare(i, j int) int {
	if d.sample[i] != d.sample[j] {
		return d.sample[i] - d.sample[j]
	}
	switch {
	case d.times[i] < d.times[j]:
		return -1
	case d.times[i] > d.times[j]:
		return 1
	}
	return 0
}
