package table

import (
	"fmt"
	"strings"
	"sync"
)

// Error is what is wrong with a table, and where. It shows no value of a cell.
type Error struct {
	File      string
	Line      int    // from 1; 0: the whole file
	Column    string // empty: the whole row
	What, Fix string

	cut   bool // the file ends too early
	cause error
}

func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString(e.File)
	if e.Line > 0 {
		fmt.Fprintf(&b, ", line %d", e.Line)
	}
	if e.Column != "" {
		fmt.Fprintf(&b, ", %s", e.Column)
	}
	b.WriteString(": " + e.What)
	if e.Fix != "" {
		b.WriteString("; " + e.Fix)
	}
	return b.String()
}

func (e *Error) Unwrap() error { return e.cause }

// Skipped counts what a lenient import left out, by file, column and reason.
type Skipped struct {
	mu    sync.Mutex
	kinds []Skip
	index map[[3]string]int
}

// Skip is one reason to leave rows out: the first of them, and how many there are.
type Skip struct {
	First Error
	Rows  int
}

func (s Skip) String() string {
	first := s.First
	if s.Rows > 1 {
		first.What = fmt.Sprintf("%s (%d rows)", first.What, s.Rows)
	}
	return first.Error()
}

func (s *Skipped) add(e *Error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	key := [3]string{e.File, e.Column, e.What}
	if i, ok := s.index[key]; ok {
		s.kinds[i].Rows++
		return
	}
	if s.index == nil {
		s.index = map[[3]string]int{}
	}
	s.index[key] = len(s.kinds)
	s.kinds = append(s.kinds, Skip{First: *e, Rows: 1})
}

// List is what was left out, in the order in which it was met first.
func (s *Skipped) List() []Skip {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Skip(nil), s.kinds...)
}

// Rows is how many rows were left out.
func (s *Skipped) Rows() int {
	n := 0
	for _, kind := range s.List() {
		n += kind.Rows
	}
	return n
}
