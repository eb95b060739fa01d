package data

// Subset is the dataset of some samples alone, in the given order. The samples keep
// their places for Where.
func (d *Dataset) Subset(rows []int) *Dataset {
	s := &Dataset{Description: d.Description, Warnings: d.Warnings, root: d.root, origin: chosen{d.origin, rows}}
	for _, i := range rows {
		s.IDs, s.Patients, s.Splits = append(s.IDs, d.IDs[i]), append(s.Patients, d.Patients[i]), append(s.Splits, d.Splits[i])
	}
	for t, task := range d.Tasks {
		var labels []float32
		for _, i := range rows {
			labels = append(labels, d.labels[t][i*len(task.Columns):(i+1)*len(task.Columns)]...)
		}
		s.labels = append(s.labels, labels)
	}
	for i := range d.items {
		s.items = append(s.items, d.items[i].subset(rows))
	}
	return s
}

// subset is what was recorded of some samples.
func (it *items) subset(rows []int) items {
	out := items{start: make([]int, 1, len(rows)+1)}
	if it.cell != nil {
		out.cell = []int{0}
	}
	for _, i := range rows {
		lo, hi := it.start[i], it.start[i+1]
		out.times = append(out.times, it.times[lo:hi]...)
		if it.words != nil {
			out.words = append(out.words, it.words[lo:hi]...)
		}
		if it.cell != nil {
			first, shift := it.cell[lo], len(out.column)
			for _, end := range it.cell[lo+1 : hi+1] {
				out.cell = append(out.cell, end-first+shift)
			}
			out.column = append(out.column, it.column[first:it.cell[hi]]...)
			out.value = append(out.value, it.value[first:it.cell[hi]]...)
		}
		out.start = append(out.start, len(out.times))
	}
	return out
}

// chosen is the origin of samples that were taken from a larger dataset.
type chosen struct {
	origin
	rows []int
}

func (c chosen) at(i int) Problem {
	if i >= 0 {
		i = c.rows[i]
	}
	return c.origin.at(i)
}
