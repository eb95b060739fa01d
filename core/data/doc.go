// Package data holds a dataset: its samples, splits and labels, what each source
// recorded about every sample before the end of the observation window, and ragged
// batches of what the plugins made of it.
//
// A dataset is a folder that anybody can write; docs/dataset.md describes it.
//
//	d, err := data.Open("cohort")
//	for sample, err := range d.Requests("vitals", d.Rows(data.Train)) {
//		// an id and items, cut at the window: no label, no split
//	}
//
// Open checks everything and reports all it finds at once, each with file, row and
// column. A Builder makes the same dataset in memory, with the same checks, and
// Save writes one to disk.
package data
