package data

import (
	"fmt"
	"math"
	"slices"
	"unicode/utf8"
)

// What is checked the same way in a folder and in a Builder.

const fixID = "give every sample its own, as valid UTF-8 text"

// checkSamples reports bad identifiers and returns the index of each good one.
func (d *Dataset) checkSamples(r *report) map[string]int {
	index := make(map[string]int, len(d.IDs))
	for i, id := range d.IDs {
		_, twice := index[id]
		switch {
		case id == "":
			r.add(problem(d.origin, i, "id", "is empty", fixID))
		case !utf8.ValidString(id):
			r.add(problem(d.origin, i, "id", "is not valid UTF-8", fixID))
		case twice:
			r.add(problem(d.origin, i, "id", "is the same as of an earlier sample", fixID))
		default:
			index[id] = i
		}
	}
	first := make(map[string]Split, len(d.Patients))
	for i, patient := range d.Patients {
		if patient == "" {
			r.add(problem(d.origin, i, "patient", "is empty", "name the patient; where each sample is another one, repeat the id"))
			continue
		}
		if s, ok := first[patient]; ok && s != d.Splits[i] {
			r.add(problem(d.origin, i, "split", fmt.Sprintf("puts a patient into %s who is in %s already", d.Splits[i], s),
				"put all samples of a patient into one split"))
			continue
		}
		first[patient] = d.Splits[i]
	}
	if len(d.IDs) == 0 {
		r.add(problem(d.origin, -1, "", "has no sample", "write one row a sample"))
	}
	return index
}

// checkClasses reports splits in which a task cannot be learned or measured.
func (d *Dataset) checkClasses(r *report) {
	for t, task := range d.Tasks {
		if task.Kind == Regression {
			continue
		}
		for c, column := range task.Columns {
			for split := Train; split <= Test; split++ {
				rows := d.Rows(split)
				var seen []float32
				for _, i := range rows {
					v := d.labels[t][i*len(task.Columns)+c]
					if v == v && !slices.Contains(seen, v) {
						seen = append(seen, v)
					}
				}
				d.classesSeen(task, column, split, len(rows), seen, r)
			}
		}
	}
}

func (d *Dataset) classesSeen(task Task, column string, split Split, rows int, seen []float32, r *report) {
	switch {
	case rows == 0:
	case len(seen) == 0 && split != Train:
		d.warn(problem(d.origin, -1, column, fmt.Sprintf("no label of split %s is known, so nothing can be measured on it", split), ""))
	case len(seen) == 0:
		r.add(problem(d.origin, -1, column, "no label of split train is known", "add labels, or remove the task"))
	case len(seen) == 1 && task.Kind == Binary:
		r.add(problem(d.origin, -1, column, fmt.Sprintf("split %s has one class only", split),
			"move samples between the splits, so that each has both"))
	case len(seen) == 1:
		d.warn(problem(d.origin, -1, column, fmt.Sprintf("split %s has one class only", split), ""))
	}
}

// checkCovered reports samples that no source knows anything of.
func (d *Dataset) checkCovered(r *report) {
	for i := range d.IDs {
		if !slices.ContainsFunc(d.items, func(it items) bool { return it.count(i) > 0 }) {
			r.add(problem(d.origin, i, "", "the sample has no item of any modality within the window", "add items, or remove the sample"))
		}
	}
}

func (d *Dataset) warn(p Problem) { d.Warnings = append(d.Warnings, p.String()) }

// warnLate counts the items that were cut because they came too late.
func (d *Dataset) warnLate(o origin, late int) {
	if late > 0 {
		d.warn(problem(o, -1, "", fmt.Sprintf("items at or after the end of the window of %g %s are cut: %d", d.Window, d.TimeUnit, late), ""))
	}
}

// checkTime reports a time that no item can have.
func checkTime(o origin, row int, time float64, r *report) {
	if !(time >= 0) || math.IsInf(time, 0) {
		r.add(problem(o, row, "time", "is before the sample began, or is no number", "times count from 0, the begin of the sample"))
	}
}

// checkLabel reports a number that is no label of the task. NaN is: the unknown one.
func checkLabel(o origin, row int, task Task, column string, v float64, r *report) bool {
	valid, fix := true, ""
	switch task.Kind {
	case Binary, Multilabel:
		valid, fix = v == 0 || v == 1, "write 0 or 1, or nothing where it is unknown"
	case Multiclass:
		valid, fix = v == math.Trunc(v) && v >= 0 && v < float64(len(task.Classes)), "use one of the classes that dataset.yaml lists"
	case Regression:
		valid, fix = math.Abs(v) <= math.MaxFloat32, "write a finite number, or nothing where it is unknown"
	}
	if !valid && !math.IsNaN(v) {
		r.add(problem(o, row, column, "is no label of task "+task.Name, fix))
		return false
	}
	return true
}
