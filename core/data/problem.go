package data

import (
	"fmt"
	"strings"
)

// Problem is one thing that is wrong with a dataset, and how many rows have it. It
// names no patient and no value: whoever may see those finds them by file and row.
type Problem struct {
	File   string // relative to the dataset's folder
	Line   int    // of a CSV or YAML file, from 1; 0: the whole file
	Row    int    // of a Parquet file or of what was given to a Builder, from 1; 0: all of it
	Column string // or key of dataset.yaml
	What   string
	Fix    string // what to do about it
	Rows   int    // how many rows of the file have it; Line or Row is the first
}

func (p Problem) String() string {
	var b strings.Builder
	b.WriteString(p.where())
	if p.Column != "" {
		fmt.Fprintf(&b, ", %s", p.Column)
	}
	b.WriteString(": " + p.What)
	if p.Rows > 1 {
		fmt.Fprintf(&b, " (%d rows)", p.Rows)
	}
	if p.Fix != "" {
		b.WriteString("; " + p.Fix)
	}
	return b.String()
}

func (p Problem) where() string {
	switch {
	case p.Line > 0:
		return fmt.Sprintf("%s, line %d", p.File, p.Line)
	case p.Row > 0:
		return fmt.Sprintf("%s, row %d", p.File, p.Row)
	}
	return p.File
}

// Error lists all that is wrong with a dataset.
type Error struct {
	Dataset  string // its folder, or its name if it was built in memory
	Problems []Problem
	More     int // further problems that were not listed
}

func (e *Error) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "dataset %s", e.Dataset)
	if len(e.Problems) == 1 && e.More == 0 {
		return b.String() + ": " + e.Problems[0].String()
	}
	fmt.Fprintf(&b, " has %d problems:", len(e.Problems)+e.More)
	for _, p := range e.Problems {
		b.WriteString("\n  " + p.String())
	}
	if e.More > 0 {
		fmt.Fprintf(&b, "\n  and %d more", e.More)
	}
	return b.String()
}

// maxProblems is how many are listed: a screenful.
const maxProblems = 20

// report collects problems, those of one kind in one column counted together.
type report struct {
	problems []Problem
	more     int
	total    int               // of all rows
	seen     map[[3]string]int // index into problems; -1: not listed
}

func (r *report) add(p Problem) {
	r.total++
	key := [3]string{p.File, p.Column, p.What}
	if i, ok := r.seen[key]; ok {
		if i >= 0 {
			r.problems[i].Rows++
		}
		return
	}
	if r.seen == nil {
		r.seen = map[[3]string]int{}
	}
	if len(r.problems) == maxProblems {
		r.seen[key] = -1
		r.more++
		return
	}
	p.Rows = 1
	r.seen[key] = len(r.problems)
	r.problems = append(r.problems, p)
}

// err is nil when nothing was reported.
func (r *report) err(dataset string) error {
	if len(r.problems) == 0 {
		return nil
	}
	return &Error{Dataset: dataset, Problems: r.problems, More: r.more}
}

// origin says where rows came from.
type origin interface {
	// at is a problem of row i, counted from 0, or of the whole with i < 0, with
	// nothing but its place filled in.
	at(i int) Problem
}

// numbered is the origin of rows that are simply counted.
type numbered string

func (n numbered) at(i int) Problem { return Problem{File: string(n), Row: i + 1} }

// problem is a problem of one cell.
func problem(o origin, row int, column, what, fix string) Problem {
	p := o.at(row)
	p.Column, p.What, p.Fix = column, what, fix
	return p
}

// unknown is the error about a name that is none of the valid ones.
func unknown(what, name string, valid []string) error {
	return fmt.Errorf("%q is no %s; %s", name, what, suggest(name, valid))
}

// suggest names what the user probably meant, or everything there is.
func suggest(name string, valid []string) string {
	best, bestDistance := "", 1+len(name)/2
	for _, v := range valid {
		if d := distance(strings.ToLower(name), strings.ToLower(v)); d < bestDistance {
			best, bestDistance = v, d
		}
	}
	switch {
	case best != "":
		return fmt.Sprintf("did you mean %s?", best)
	case len(valid) == 0:
		return "there is none"
	}
	return "there is " + strings.Join(valid, ", ")
}

// distance counts the insertions, deletions and replacements between two words
// (Levenshtein 1966).
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			replace := diagonal
			if a[i] != b[j] {
				replace++
			}
			diagonal = row[j+1]
			row[j+1] = min(replace, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
