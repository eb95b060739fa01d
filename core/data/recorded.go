package data

import (
	"fmt"
	"math"
	"slices"
)

// FirstRecorded is, for every sample, the first value of a column of a source of kind
// Rows; NaN where there is none.
func (d *Dataset) FirstRecorded(source, column string) ([]float64, error) {
	s, err := d.sourceIndex(source)
	if err != nil {
		return nil, err
	}
	if d.Sources[s].Kind != Rows {
		return nil, fmt.Errorf("modality %s is of kind %s; only rows have columns", source, d.Sources[s].Kind)
	}
	c := slices.Index(d.Sources[s].Columns, column)
	if c < 0 {
		return nil, unknown("column of modality "+source, column, d.Sources[s].Columns)
	}
	values := make([]float64, d.Len())
	for i := range values {
		values[i] = d.items[s].first(i, uint16(c))
	}
	return values, nil
}

// first is the first value of column c in a sample.
func (it *items) first(sample int, c uint16) float64 {
	for k := it.cell[it.start[sample]]; k < it.cell[it.start[sample+1]]; k++ {
		if it.column[k] == c {
			return float64(it.value[k])
		}
	}
	return math.NaN()
}
