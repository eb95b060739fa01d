package data

import (
	"math"
	"os"
	"path/filepath"
	"slices"
)

// readItems reads the table of a source.
func (o *opening) readItems(t table, s *Source) items {
	n := t.rows()
	if !o.readKeys(t) {
		return items{}
	}
	var d draft
	d.sample = o.sampleOf(t, n)
	d.times = o.timesOf(t, n)
	if len(d.sample) != n || len(d.times) != n {
		return items{}
	}
	switch s.Kind {
	case Rows:
		o.readCells(t, s, &d)
	case Text:
		d.words = o.strings(t, "text", n)
		o.skipEmpty(&d)
	case Path:
		d.words = o.strings(t, "path", n)
		o.checkPaths(t, &d)
	}
	out, late := d.arrange(o.Len(), o.Window)
	o.warnLate(t, late)
	return out
}

func (o *opening) readKeys(t table) bool {
	sample := has(t, "sample", o.report)
	return has(t, "time", o.report) && sample
}

// sampleOf returns the sample of each row.
func (o *opening) sampleOf(t table, n int) []int {
	out := make([]int, n)
	seen := 0
	last, index := "", -1
	t.words("sample", o.report, func(row int, word []byte) {
		if index < 0 || string(word) != last {
			last = string(word)
			i, ok := o.index[last]
			if !ok {
				i = -1
				o.report.add(problem(t, row, "sample", "is of no sample of the samples file", "add the sample, or remove the row"))
			}
			index = i
		}
		out[row] = index
		seen++
	})
	if seen < n {
		o.report.add(problem(t, -1, "sample", "is empty in some rows", "name the sample of every row"))
	}
	return out
}

// timesOf returns the time of each row.
func (o *opening) timesOf(t table, n int) []float64 {
	out := make([]float64, n)
	for i := range out {
		out[i] = math.NaN()
	}
	before := o.report.total
	t.numbers("time", o.report, func(row int, v float64) { out[row] = v })
	reported := o.report.total > before // then that is why some are NaN
	for row, v := range out {
		if !reported || !math.IsNaN(v) {
			checkTime(t, row, v, o.report)
		}
	}
	return out
}

// readCells reads the numbers of a source of kind Rows.
func (o *opening) readCells(t table, s *Source, d *draft) {
	if len(s.Columns) == 0 {
		s.Columns = columnsBut(t, "sample", "time")
	}
	if len(s.Columns) > maxColumns {
		o.report.add(problem(t, -1, "", "has more than 65,536 columns", "split it into several modalities"))
		return
	}
	type column struct {
		row   []int32
		value []float32
	}
	columns := make([]column, len(s.Columns))
	d.cell = make([]int, len(d.sample)+1)
	for i, name := range s.Columns {
		if !has(t, name, o.report) {
			continue
		}
		c := &columns[i]
		t.numbers(name, o.report, func(row int, v float64) {
			c.row, c.value = append(c.row, int32(row)), append(c.value, float32(v))
			d.cell[row+1]++
		})
	}
	for i := range d.sample {
		d.cell[i+1] += d.cell[i]
	}
	total := d.cell[len(d.sample)]
	d.column, d.value = make([]uint16, total), make([]float32, total)
	next := slices.Clone(d.cell)
	for i, c := range columns {
		for j, row := range c.row {
			at := next[row]
			d.column[at], d.value[at] = uint16(i), c.value[j]
			next[row]++
		}
	}
}

// skipEmpty leaves out items without text.
func (o *opening) skipEmpty(d *draft) {
	for i, word := range d.words {
		if word == "" {
			d.sample[i] = -1
		}
	}
}

// checkPaths leaves out items without a path and reports those that lead nowhere or
// out of the folder.
func (o *opening) checkPaths(t table, d *draft) {
	o.skipEmpty(d)
	root, err := os.OpenRoot(o.root)
	if err != nil {
		o.report.add(Problem{File: o.root, What: reason(err).Error()})
		return
	}
	defer func() { _ = root.Close() }()
	for i, word := range d.words {
		if d.sample[i] < 0 {
			continue
		}
		info, err := root.Stat(filepath.FromSlash(word))
		switch {
		case err != nil:
			o.report.add(problem(t, i, "path", "is no readable file inside of the dataset's folder: "+reason(err).Error(),
				"give a path relative to the folder"))
		case !info.Mode().IsRegular():
			o.report.add(problem(t, i, "path", "is no file", "name a file in each row"))
		}
	}
}
