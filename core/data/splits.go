package data

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
)

// WithSplits is the dataset under the splits of a Parquet or CSV file with the columns
// sample and split. Samples that the file does not name are left out. What is wrong
// with the file is one *Error with every problem found.
func (d *Dataset) WithSplits(path string) (*Dataset, error) {
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%s: no such file of splits", path)
	}
	var r report
	t := openTable(filepath.Dir(path), filepath.Base(path), &r)
	if t == nil {
		return nil, r.err(path)
	}
	defer t.close()
	rows, splits := d.readSplitsOf(t, &r)
	if err := r.err(path); err != nil {
		return nil, err
	}
	out := d
	if len(rows) < d.Len() || !slices.IsSorted(rows) {
		out = d.Subset(rows)
	}
	out = out.assigned(splits)
	out.checkSamples(&r)
	out.checkClasses(&r)
	return out, r.err(path)
}

// readSplitsOf reads which samples a table names, and their splits.
func (d *Dataset) readSplitsOf(t table, r *report) (rows []int, splits []Split) {
	if !has(t, "sample", r) || !has(t, "split", r) {
		return nil, nil
	}
	index := make(map[string]int, d.Len())
	for i, id := range d.IDs {
		index[id] = i
	}
	named := make([]int, t.rows())
	for row := range named {
		named[row] = -1
	}
	first := map[int]bool{}
	t.words("sample", r, func(row int, word []byte) {
		if i, ok := index[string(word)]; ok {
			if first[i] {
				r.add(problem(t, row, "sample", "is there twice", "give each sample one split"))
			}
			named[row], first[i] = i, true
		}
	})
	byRow := make([]int, t.rows())
	t.words("split", r, func(row int, word []byte) {
		if split, err := ParseSplit(string(word)); err == nil {
			byRow[row] = 1 + int(split)
		}
	})
	for row, i := range named {
		switch {
		case i < 0:
			r.add(problem(t, row, "sample", "is no sample of the dataset", "remove the row, or correct the id"))
		case byRow[row] == 0:
			r.add(problem(t, row, "split", "is neither train, val nor test", "write one of the three"))
		default:
			rows, splits = append(rows, i), append(splits, Split(byRow[row]-1))
		}
	}
	return rows, splits
}

// assigned is the dataset under other splits, one a sample. The items are shared.
func (d *Dataset) assigned(splits []Split) *Dataset {
	out := *d
	out.Splits, out.Warnings = splits, nil
	return &out
}

// WriteSplits writes which split each sample is in, as CSV for WithSplits.
func (d *Dataset) WriteSplits(w io.Writer) error {
	out := csv.NewWriter(w)
	if err := out.Write([]string{"sample", "split"}); err != nil {
		return err
	}
	for i, id := range d.IDs {
		if err := out.Write([]string{id, d.Splits[i].String()}); err != nil {
			return err
		}
	}
	out.Flush()
	return out.Error()
}
