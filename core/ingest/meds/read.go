package meds

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/format"

	"github.com/fusemoe/fusemoe/core/ingest/table"
)

// rowsAtOnce are read in one go.
const rowsAtOnce = 512

// reader reads a Parquet file row by row. Its cells are those of the columns asked for.
type reader struct {
	path  string
	cells []parquet.Value // of the row; null where the file has no such column
	units []int64         // of the columns that are times, ticks a second; otherwise 0
}

// readRows calls each with the rows of a file. A column whose name ends in ? may be absent.
func readRows(ctx context.Context, path string, o table.Options, columns []string, each func(r *reader) error) (err error) {
	f, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("the table cannot be read: %w", err)
	}
	defer func() { _ = f.Close() }()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	file, err := parquet.OpenFile(f, info.Size(), parquet.SkipPageIndex(true), parquet.SkipBloomFilters(true))
	if err != nil {
		return fmt.Errorf("%s: is no whole Parquet file: %w; copy or download it again", path, err)
	}
	r := &reader{path: path, cells: make([]parquet.Value, len(columns)), units: make([]int64, len(columns))}
	at, err := r.locate(file.Schema(), columns)
	if err != nil {
		return err
	}
	var meter table.Meter
	if o.Begin != nil {
		meter = o.Begin(path, info.Size())
		defer meter.Done()
	}
	groups := file.RowGroups()
	for i, g := range groups {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := r.group(g, at, each); err != nil {
			return err
		}
		if meter != nil {
			n := int64(len(groups))
			meter.Read(info.Size()*int64(i+1)/n-info.Size()*int64(i)/n, g.NumRows())
		}
	}
	return nil
}

// locate finds the columns: cell by column of the file, or -1.
func (r *reader) locate(schema *parquet.Schema, columns []string) ([]int, error) {
	at := make([]int, len(schema.Columns()))
	for i := range at {
		at[i] = -1
	}
	for cell, name := range columns {
		optional := name[len(name)-1] == '?'
		if optional {
			name = name[:len(name)-1]
		}
		leaf, ok := schema.Lookup(name)
		if !ok {
			if optional {
				continue
			}
			return nil, fmt.Errorf("%s, %s: the column is missing; is this a table of MEDS?", r.path, name)
		}
		at[leaf.ColumnIndex] = cell
		if logical := leaf.Node.Type().LogicalType(); logical != nil {
			if t, ok := logical.Value.(*format.TimestampType); ok && t.Unit.Value != nil {
				r.units[cell] = int64(time.Second / t.Unit.Value.Duration())
			}
		}
	}
	return at, nil
}

func (r *reader) group(g parquet.RowGroup, at []int, each func(r *reader) error) (err error) {
	rows := g.Rows()
	defer func() { err = errors.Join(err, rows.Close()) }()
	buffer := make([]parquet.Row, rowsAtOnce)
	for {
		n, err := rows.ReadRows(buffer)
		for _, row := range buffer[:n] {
			clear(r.cells)
			for _, v := range row {
				if cell := at[v.Column()]; cell >= 0 {
					r.cells[cell] = v
				}
			}
			if err := each(r); err != nil {
				return err
			}
		}
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return fmt.Errorf("%s: cannot be read: %w; copy or download it again", r.path, err)
		}
	}
}

// integer is a whole number in a cell.
func (r *reader) integer(cell int) (int64, bool) {
	switch v := r.cells[cell]; v.Kind() {
	case parquet.Int64:
		return v.Int64(), !v.IsNull()
	case parquet.Int32:
		return int64(v.Int32()), !v.IsNull()
	}
	return 0, false
}

// number is a number or truth in a cell.
func (r *reader) number(cell int) (float64, bool) {
	v := r.cells[cell]
	if v.IsNull() {
		return 0, false
	}
	switch v.Kind() {
	case parquet.Float:
		return float64(v.Float()), true
	case parquet.Double:
		return v.Double(), true
	case parquet.Boolean:
		if v.Boolean() {
			return 1, true
		}
		return 0, true
	}
	n, ok := r.integer(cell)
	return float64(n), ok
}

// seconds are those of a time in a cell, since 1970.
func (r *reader) seconds(cell int) (int64, bool) {
	v, ok := r.integer(cell)
	if unit := r.units[cell]; unit > 0 {
		seconds := v / unit
		if v%unit < 0 {
			seconds--
		}
		return seconds, ok
	}
	return 0, false
}

// text is a text in a cell, valid until the next row.
func (r *reader) text(cell int) []byte {
	if v := r.cells[cell]; v.Kind() == parquet.ByteArray {
		return v.ByteArray()
	}
	return nil
}
