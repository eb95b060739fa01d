package data

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// csvTable is a CSV file with a header, split into columns when it was opened. An
// empty cell holds nothing.
type csvTable struct {
	file   string
	header []string
	line   []int // of each row
	cells  []csvColumn
}

// csvColumn holds the cells that are not empty.
type csvColumn struct {
	row  []int
	cell []string
}

func openCSV(dir, file string) (table, error) {
	f, err := os.Open(filepath.Join(dir, file))
	if err != nil {
		return nil, reason(err)
	}
	defer func() { _ = f.Close() }()
	return readCSV(file, f)
}

// utf8Mark is what some spreadsheets write before the header.
var utf8Mark = []byte("\xef\xbb\xbf")

func readCSV(file string, from io.Reader) (*csvTable, error) {
	buffered := bufio.NewReaderSize(from, 1<<16)
	if head, err := buffered.Peek(len(utf8Mark)); err == nil && bytes.Equal(head, utf8Mark) {
		_, _ = buffered.Discard(len(utf8Mark))
	}
	in := csv.NewReader(buffered)
	in.ReuseRecord = true
	header, err := in.Read()
	if err != nil {
		return nil, csvProblem(err)
	}
	t := &csvTable{file: file, header: slices.Clone(header), cells: make([]csvColumn, len(header))}
	for i, name := range t.header {
		if slices.Index(t.header, name) < i {
			return nil, &unreadable{line: 1, what: fmt.Sprintf("column %s is there twice", name), fix: "rename one"}
		}
	}
	for {
		record, err := in.Read()
		if errors.Is(err, io.EOF) {
			return t, nil
		}
		if err != nil {
			return nil, csvProblem(err)
		}
		for i, cell := range record {
			if cell != "" {
				c := &t.cells[i]
				c.row, c.cell = append(c.row, len(t.line)), append(c.cell, cell)
			}
		}
		line, _ := in.FieldPos(0)
		t.line = append(t.line, line)
	}
}

func csvProblem(err error) error {
	var p *csv.ParseError
	switch {
	case errors.Is(err, io.EOF):
		return &unreadable{what: "is empty", fix: "its first line must name the columns"}
	case !errors.As(err, &p):
		return &unreadable{what: "cannot be read: " + reason(err).Error()}
	case errors.Is(p.Err, csv.ErrFieldCount):
		return &unreadable{line: p.Line, what: "has another number of cells than the header", fix: "quote cells that hold commas"}
	}
	return &unreadable{line: p.Line, what: "is not valid CSV: " + p.Err.Error(), fix: "quote cells that hold quotes or line breaks"}
}

func (t *csvTable) names() []string { return t.header }
func (t *csvTable) rows() int       { return len(t.line) }
func (t *csvTable) close()          {}

func (t *csvTable) at(i int) Problem {
	p := Problem{File: t.file}
	if i >= 0 {
		p.Line = t.line[i]
	}
	return p
}

func (t *csvTable) numbers(column string, r *report, each func(row int, v float64)) {
	c := t.cells[slices.Index(t.header, column)]
	for i, cell := range c.cell {
		v, err := parseNumber(cell)
		switch {
		case err != nil:
			r.add(problem(t, c.row[i], column, "is not a number", "write a number, or nothing where nothing is known"))
		case finite(t, c.row[i], column, v, r):
			each(c.row[i], v)
		}
	}
}

func (t *csvTable) words(column string, _ *report, each func(row int, word []byte)) {
	c := t.cells[slices.Index(t.header, column)]
	var word []byte
	for i, cell := range c.cell {
		word = append(word[:0], cell...)
		each(c.row[i], word)
	}
}

// parseNumber reads a decimal number. Numbers beyond float64 become infinite.
func parseNumber(cell string) (float64, error) {
	v, err := strconv.ParseFloat(strings.TrimSpace(cell), 64)
	if math.IsInf(v, 0) {
		err = nil
	}
	return v, err
}
