// Package table reads the tables of a hospital database, CSV or gzipped CSV of any
// length, one row at a time and in constant memory.
//
//	r, err := table.Open(ctx, path, options, "stay_id", "charttime", "valuenum")
//	for r.Next() {
//		stay, ok := r.Int(0)
//		...
//	}
//	err = r.Close()
//
// Columns are found by name, whatever their order and case, and only those asked for
// are cut out of a row. What a file holds is what encoding/csv says it holds.
package table

import (
	"cmp"
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Meter is told how far the reading of a table is.
type Meter interface {
	// Read counts what was read since the last call: bytes of the file as it lies on
	// the disk, and rows.
	Read(bytes, rows int64)
	// Done ends the table.
	Done()
}

// Options are of a whole import: its tables share them.
type Options struct {
	// Lenient skips and counts rows that cannot be read, in place of ending there. What
	// comes before the cut of a file that was cut short is then kept.
	Lenient bool
	// Skipped counts those rows. It is needed if Lenient is set.
	Skipped *Skipped
	// Begin, if given, is called for each table with its file and size.
	Begin func(file string, bytes int64) Meter
}

// Reader reads one table. Its cells are those of the columns asked for, in that order.
type Reader struct {
	file    string
	options Options
	blocks  *blocks
	meter   Meter

	width int      // columns of the header
	names []string // asked for
	slots []slot   // where they are, by column
	cells [][]byte // of the row

	block, whole []byte // what is left of the block, and all of it
	pending      *Error // after the block
	next         int    // line after the row
	line         int    // of the row
	unquoted     []byte // text of the row's quoted cells
	rows, told   int64  // read, and known to the meter
	bad          bool   // the row is skipped
	err          error
}

// slot says that a column of the file is asked for.
type slot struct{ column, cell int }

// Find returns the file of a table in a folder: NAME.csv or NAME.csv.gz, in any case. It
// is empty if there is none.
func Find(dir, name string) (string, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return "", unreadable(dir, err)
	}
	found := ""
	for _, e := range entries {
		switch strings.ToLower(e.Name()) {
		case name + ".csv":
			return filepath.Join(dir, e.Name()), nil
		case name + ".csv.gz":
			found = filepath.Join(dir, e.Name())
		}
	}
	return found, nil
}

// Open opens a table and finds its columns. One whose name ends in ? may be absent: its
// cells are then empty. Of names parted by | the first that is there counts.
func Open(ctx context.Context, path string, o Options, columns ...string) (*Reader, error) {
	r := &Reader{file: path, options: o, names: make([]string, len(columns)), cells: make([][]byte, len(columns)), next: 1}
	var err error
	if r.blocks, err = readBlocks(ctx, path); err != nil {
		return nil, err
	}
	header, err := r.header()
	if err == nil {
		err = r.locate(header, columns)
	}
	if err != nil {
		r.blocks.close()
		return nil, err
	}
	r.width = len(header)
	if o.Begin != nil {
		r.meter = o.Begin(path, r.blocks.size)
	}
	return r, nil
}

// header reads the first line that is not blank.
func (r *Reader) header() ([]string, error) {
	for len(r.block) > 0 || r.fetch() {
		r.line = r.next
		var cells []string
		n, what := r.quoted(r.block, func(cell []byte) { cells = append(cells, string(cell)) })
		if what != "" {
			return nil, &Error{File: r.file, Line: r.line, What: what}
		}
		r.block = r.block[n:]
		r.next++
		if len(cells) > 1 || cells[0] != "" {
			cells[0] = strings.TrimPrefix(cells[0], "\ufeff")
			return cells, nil
		}
	}
	return nil, cmp.Or(r.err, error(&Error{File: r.file, What: "is empty", Fix: "copy or download it again"}))
}

// locate finds the columns in the header.
func (r *Reader) locate(header, columns []string) error {
	position := make(map[string]int, len(header))
	for i, name := range header {
		name = strings.ToLower(strings.TrimSpace(name))
		if _, twice := position[name]; twice {
			return &Error{File: r.file, Line: r.line, Column: name, What: "the column is there twice", Fix: "rename or remove one"}
		}
		position[name] = i
	}
	for cell, want := range columns {
		want, optional := strings.CutSuffix(want, "?")
		choices := strings.Split(want, "|")
		r.names[cell] = choices[0]
		there := slices.IndexFunc(choices, func(name string) bool { _, ok := position[strings.ToLower(name)]; return ok })
		switch {
		case there >= 0:
			r.names[cell] = choices[there]
			r.slots = append(r.slots, slot{column: position[strings.ToLower(choices[there])], cell: cell})
		case !optional:
			return &Error{
				File: r.file, Line: r.line, Column: choices[0], What: "the column is missing",
				Fix: "is this the right table? It has " + strings.Join(header, ", "),
			}
		}
	}
	slices.SortFunc(r.slots, func(a, b slot) int { return cmp.Compare(a.column, b.column) })
	return nil
}

// Has tells whether the table has the column of a cell.
func (r *Reader) Has(cell int) bool {
	return slices.ContainsFunc(r.slots, func(s slot) bool { return s.cell == cell })
}

// File is the path of the table.
func (r *Reader) File() string { return r.file }

// Line is the line on which the row begins, from 1.
func (r *Reader) Line() int { return r.line }

// Cell is a cell of the row, valid until the next.
func (r *Reader) Cell(cell int) []byte { return r.cells[cell] }

// Close ends the reading. It returns what ended it, if that was not the end of the file.
func (r *Reader) Close() error {
	r.blocks.close()
	if r.meter != nil {
		r.tell()
		r.meter.Done()
	}
	return r.err
}

// tell passes on what was read.
func (r *Reader) tell() {
	if r.meter != nil {
		r.meter.Read(r.blocks.advance(), r.rows-r.told)
		r.told = r.rows
	}
}

// Reject says that the row is of no use, because of one of its cells: the import ends
// there or, if it is lenient, counts it.
func (r *Reader) Reject(cell int, what, fix string) { r.reject(r.names[cell], what, fix) }

// RejectAt does the same for a row that was read before, as one kept from a small table.
func (o Options) RejectAt(e *Error) error {
	if o.Lenient {
		o.Skipped.add(e)
		return nil
	}
	return e
}

// Rejected tells whether a cell of the row that was read so far made the row be rejected.
func (r *Reader) Rejected() bool { return r.bad }

func (r *Reader) reject(column, what, fix string) {
	r.bad = true
	if err := r.options.RejectAt(&Error{File: r.file, Line: r.line, Column: column, What: what, Fix: fix}); err != nil {
		r.err = err
	}
}

// IsMissing tells whether a table could not be opened because it is not there.
func IsMissing(err error) bool { return errors.Is(err, os.ErrNotExist) }
