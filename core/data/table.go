package data

import (
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"strings"
)

// table is a Parquet or CSV file, read a column at a time. What is wrong with a cell
// goes into the report, and the cell is left out.
type table interface {
	origin
	names() []string
	rows() int
	// numbers calls each with every cell that holds something, in row order.
	numbers(column string, r *report, each func(row int, v float64))
	// words does the same for text, whole numbers and truth values as text. The
	// bytes are valid during the call.
	words(column string, r *report, each func(row int, word []byte))
	close()
}

// openTable opens a file of the dataset's folder. A CSV file may stand in for the
// Parquet file of the same name.
func openTable(dir, file string, r *report) table {
	file, err := findTable(dir, file)
	if err == nil {
		var t table
		if filepath.Ext(file) == ".csv" {
			t, err = openCSV(dir, file)
		} else {
			t, err = openParquet(dir, file)
		}
		if err == nil {
			return t
		}
	}
	var p *unreadable
	if !errors.As(err, &p) {
		p = &unreadable{what: err.Error()}
	}
	r.add(Problem{File: file, Line: p.line, What: p.what, Fix: p.fix})
	return nil
}

// unreadable is why a file could not be opened as a table.
type unreadable struct {
	line      int
	what, fix string
}

func (u *unreadable) Error() string { return u.what }

func findTable(dir, file string) (string, error) {
	if !filepath.IsLocal(file) {
		return file, &unreadable{what: "is outside of the dataset's folder", fix: "move it inside and give a relative path"}
	}
	stem, isParquet := strings.CutSuffix(file, ".parquet")
	if !isParquet && filepath.Ext(file) != ".csv" {
		return file, &unreadable{what: "is neither .parquet nor .csv", fix: "write it as one of the two"}
	}
	_, err := os.Stat(filepath.Join(dir, file))
	if !errors.Is(err, fs.ErrNotExist) {
		return file, reason(err)
	}
	if isParquet {
		if _, err := os.Stat(filepath.Join(dir, stem+".csv")); err == nil {
			return stem + ".csv", nil
		}
	}
	if file == samplesFile {
		return file, &unreadable{what: "is missing", fix: "write it, or " + stem + ".csv; see docs/dataset.md"}
	}
	return file, &unreadable{what: "is missing", fix: "write it, or correct its name in " + manifestFile}
}

// reason drops the path of an error of the file system: the problem names the file.
func reason(err error) error {
	var p *fs.PathError
	if errors.As(err, &p) {
		return p.Err
	}
	return err
}

// finite reports a number that a dataset cannot hold.
func finite(t table, row int, column string, v float64, r *report) bool {
	switch {
	case math.IsNaN(v):
		r.add(problem(t, row, column, "is not a number (NaN)", "write an empty cell (null) where nothing is known"))
	case math.IsInf(v, 0):
		r.add(problem(t, row, column, "is infinite", "write an empty cell (null) where nothing is known"))
	case math.Abs(v) > math.MaxFloat32:
		r.add(problem(t, row, column, "is too large for a 32-bit float", "use a larger unit"))
	default:
		return true
	}
	return false
}

// has reports a missing column.
func has(t table, column string, r *report) bool {
	for _, name := range t.names() {
		if name == column {
			return true
		}
	}
	r.add(problem(t, -1, column, "the column is missing", fmt.Sprintf("add it (%s)", suggest(column, t.names()))))
	return false
}
