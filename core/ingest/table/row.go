package table

import (
	"bytes"
	"context"
	"fmt"
)

var (
	quote = []byte{'"'}
	comma = []byte{','}
)

// Next goes to the next row. It is false at the end and after an error.
func (r *Reader) Next() bool {
	for r.err == nil && (len(r.block) > 0 || r.fetch()) {
		r.bad = false
		if r.take() && !r.bad && r.err == nil {
			return true
		}
	}
	return false
}

// take cuts the next row out of the block. Blank lines are no rows.
func (r *Reader) take() bool {
	end := bytes.IndexByte(r.block, '\n')
	size := end + 1
	if end < 0 {
		end, size = len(r.block), len(r.block)
	}
	row := r.block[:end]
	r.line = r.next
	if bytes.IndexByte(row, '"') >= 0 {
		r.takeQuoted(size)
		return true
	}
	r.block = r.block[size:]
	r.next++
	// As in encoding/csv, \r\n ends a line, and so does \r at the end of the file.
	if n := len(row); n > 0 && row[n-1] == '\r' {
		row = row[:n-1]
	}
	if len(row) == 0 {
		return false
	}
	r.rows++
	r.split(row)
	return true
}

// split finds the cells of a row without quotation marks.
func (r *Reader) split(row []byte) {
	if n := bytes.Count(row, comma) + 1; n != r.width {
		r.rejectWidth(n)
		return
	}
	column := 0
	for _, s := range r.slots {
		for column < s.column {
			row = row[bytes.IndexByte(row, ',')+1:]
			column++
		}
		end := bytes.IndexByte(row, ',')
		if end < 0 {
			end = len(row)
		}
		r.cells[s.cell] = row[:end]
	}
}

// takeQuoted takes a row with quotation marks, whose first line has the given size. Of a
// malformed one it takes that line.
func (r *Reader) takeQuoted(size int) {
	r.rows++
	r.unquoted = r.unquoted[:0]
	next, column := 0, 0
	n, what := r.quoted(r.block, func(cell []byte) {
		for next < len(r.slots) && r.slots[next].column == column {
			r.cells[r.slots[next].cell] = cell
			next++
		}
		column++
	})
	if what != "" {
		n = size
	}
	r.next += bytes.Count(r.block[:n], newline)
	r.block = r.block[n:]
	switch {
	case what != "":
		r.reject("", what, "write the table again with a CSV writer")
	case column != r.width:
		r.rejectWidth(column)
	}
}

var newline = []byte{'\n'}

// quoted calls each with the cells of the row at the beginning of b and returns its size,
// or what is wrong with it. The rules are those of encoding/csv, which are RFC 4180's.
func (r *Reader) quoted(b []byte, each func(cell []byte)) (n int, what string) {
	at := 0
	for {
		if at < len(b) && b[at] == '"' {
			var ok bool
			start := len(r.unquoted)
			if at, ok = r.unquote(b, at+1); !ok {
				return 0, "has a quotation mark that is never closed"
			}
			each(r.unquoted[start:len(r.unquoted):len(r.unquoted)])
		} else {
			end := at
			for end < len(b) && b[end] != ',' && b[end] != '\n' {
				end++
			}
			cell := b[at:end]
			if end == len(b) || b[end] == '\n' {
				cell = bytes.TrimSuffix(cell, carriage)
			}
			if bytes.IndexByte(cell, '"') >= 0 {
				return 0, "has a quotation mark in a cell that is not quoted"
			}
			each(cell)
			at = end
		}
		switch rest := b[at:]; {
		case len(rest) == 0, len(rest) == 1 && rest[0] == '\r':
			return len(b), ""
		case rest[0] == '\n':
			return at + 1, ""
		case rest[0] == '\r' && rest[1] == '\n':
			return at + 2, ""
		case rest[0] != ',':
			return 0, "has text after a closing quotation mark"
		}
		at++
	}
}

var (
	carriage = []byte{'\r'}
	crlf     = []byte("\r\n")
)

// unquote appends the text of a quoted cell that begins at from and returns where it ends.
func (r *Reader) unquote(b []byte, from int) (int, bool) {
	for {
		i := bytes.IndexByte(b[from:], '"')
		if i < 0 {
			return 0, false
		}
		text := b[from : from+i]
		for { // a line break is \n, however it is written
			before, after, found := bytes.Cut(text, crlf)
			r.unquoted = append(r.unquoted, before...)
			if !found {
				break
			}
			r.unquoted = append(r.unquoted, '\n')
			text = after
		}
		from += i + 1
		if from == len(b) || b[from] != '"' {
			return from, true
		}
		r.unquoted = append(r.unquoted, '"')
		from++
	}
}

func (r *Reader) rejectWidth(cells int) {
	few := "few"
	if cells > r.width {
		few = "many"
	}
	r.reject("", fmt.Sprintf("has too %s cells: %d, where the header has %d", few, cells, r.width), "write the table again with a CSV writer, or download it again")
}

// fetch goes to the next block.
func (r *Reader) fetch() bool {
	if r.pending != nil {
		r.give(r.pending)
		return false
	}
	if r.whole != nil {
		r.blocks.recycle(r.whole)
		r.whole = nil
	}
	r.tell()
	b, more := <-r.blocks.full
	if !more {
		if cause := context.Cause(r.blocks.ctx); cause != nil {
			r.err = cause
		}
		return false
	}
	r.block, r.whole, r.pending = b.text, b.text, b.err
	return len(b.text) > 0 || r.pending != nil && r.fetch()
}

// give ends the table early. A lenient import keeps what came before the cut.
func (r *Reader) give(e *Error) {
	r.pending = nil
	e.Line = r.next - 1
	if r.options.Lenient && e.cut {
		r.options.Skipped.add(e)
		return
	}
	r.err = e
}
