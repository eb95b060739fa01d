package eicu

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/fusemoe/fusemoe/core/ingest/extract"
	"github.com/fusemoe/fusemoe/core/ingest/table"
)

// measuredTable is a table of numbers.
type measuredTable struct {
	name string
	// offset and entered are the columns of when something was measured and when it was
	// known; empty for a table that has no times, for which at is its one.
	offset, entered string
	at              int64 // minutes
	// code, value and unit are columns of a table with a row for each number; of two columns
	// of a code the second goes behind a bar. Without them each column is a quantity.
	code        []string
	value, unit string
	// missing says that -1 stands for what was not measured.
	missing bool
}

// firstDay is when what is of the first day as a whole is known: its last minute, so that a
// window of 24 hours has it.
const firstDay = 24*60 - 1

// measured are the tables of numbers. Of results that were revised the first time counts as
// measured, the last as known.
var measured = []measuredTable{
	{name: "vitalperiodic", offset: "observationoffset"},
	{name: "vitalaperiodic", offset: "observationoffset"},
	{name: "lab", offset: "labresultoffset", entered: "labresultrevisedoffset?", code: []string{"labname"}, value: "labresult", unit: "labmeasurenamesystem?"},
	{
		name: "nursecharting", offset: "nursingchartoffset", entered: "nursingchartentryoffset",
		code: []string{"nursingchartcelltypevallabel", "nursingchartcelltypevalname"}, value: "nursingchartvalue",
	},
	{name: "respiratorycharting", offset: "respchartoffset", entered: "respchartentryoffset", code: []string{"respchartvaluelabel"}, value: "respchartvalue"},
	{name: "intakeoutput", offset: "intakeoutputoffset", entered: "intakeoutputentryoffset", code: []string{"celllabel"}, value: "cellvaluenumeric"},
	{name: "apacheapsvar", at: firstDay, missing: true},
	{name: "apachepredvar", at: firstDay, missing: true},
	{name: "patient"},
}

// telling are columns that a map may not make channels of, beside all that have discharge in
// their name: they are of the end of the visit.
var telling = []string{"diedinhospital", "var03hspxlos", "activeupondischarge"}

// checkColumns refuses channels that tell the outcome.
func checkColumns(columns []string) error {
	for _, c := range columns {
		if name := strings.ToLower(c); slices.Contains(telling, name) || strings.Contains(name, "discharge") {
			return fmt.Errorf("the map of variables has %s as a channel, which is known only at the end; remove it", c)
		}
	}
	return nil
}

// measure reads a table of numbers.
func (in *importer) measure(ctx context.Context, s *extract.Source, t measuredTable) error {
	columns := []string{"patientunitstayid"}
	offset, entered := -1, -1
	if t.offset != "" {
		offset, columns = len(columns), append(columns, t.offset)
	}
	if t.entered != "" {
		entered, columns = len(columns), append(columns, t.entered)
	}
	first := len(columns)
	var quantities []string // of a table with a column for each
	if t.code == nil {
		quantities = slices.Sorted(maps.Keys(s.Table.Codes()))
		if err := checkColumns(quantities); err != nil {
			return err
		}
		for _, q := range quantities {
			columns = append(columns, q+"?")
		}
	} else {
		columns = append(append(columns, t.code...), t.value)
		if t.unit != "" {
			columns = append(columns, t.unit)
		}
	}
	r, err := table.Open(ctx, s.Origin, in.Table, columns...)
	if err != nil {
		return err
	}
	row := numbers{importer: in, source: s, table: t, Reader: r, first: first, codes: make([]int, len(quantities))}
	for i, q := range quantities {
		row.codes[i] = s.Table.Find(q)
	}
	for r.Next() {
		if err := row.read(offset, entered); err != nil {
			_ = r.Close()
			return err
		}
	}
	return r.Close()
}

// numbers reads the rows of a table of numbers.
type numbers struct {
	*importer
	*table.Reader
	source *extract.Source
	table  measuredTable
	first  int   // cell of the first code or quantity
	codes  []int // of the quantities, for variables.Table
	label  []byte
}

// read takes what the row has, if it is of a stay in the cohort.
func (n *numbers) read(offset, entered int) error {
	id, ok := n.Int(0)
	stay, chosen := n.byStay[id]
	if !ok || !chosen {
		return nil
	}
	at := n.table.at
	if offset >= 0 {
		if at, ok = n.Int(offset); !ok {
			return nil
		}
	}
	known := at
	if entered >= 0 {
		if later, ok := n.Int(entered); ok {
			known = max(at, later)
		}
	}
	if n.Rejected() {
		return nil
	}
	recorded, stored := n.seconds(stay, at), n.seconds(stay, known)
	if n.table.code == nil {
		return n.wide(stay, recorded, stored)
	}
	return n.long(stay, recorded, stored)
}

// wide takes each quantity of a row that has many.
func (n *numbers) wide(stay int, recorded, known int64) error {
	for i, code := range n.codes {
		cell := bytes.TrimSpace(n.Cell(n.first + i))
		v, ok := quantity(cell)
		if !ok || n.table.missing && v == -1 {
			continue
		}
		if err := n.x.Measure(n.source, stay, recorded, known, code, v, nil); err != nil {
			return err
		}
	}
	return nil
}

// quantity reads a number, an age, a sex, or a yes or no.
func quantity(cell []byte) (float64, bool) {
	switch string(cell) {
	case "Male", "True", "true":
		return 1, true
	case "Female", "False", "false":
		return 0, true
	}
	return years(cell)
}

// long takes the number of a row that has one. Texts among the values are none of ours.
func (n *numbers) long(stay int, recorded, known int64) error {
	label := bytes.TrimSpace(n.Cell(n.first))
	if len(n.table.code) > 1 {
		n.label = append(append(append(n.label[:0], label...), '|'), bytes.TrimSpace(n.Cell(n.first+1))...)
		label = n.label
	}
	code, ok := n.source.Table.Codes()[string(label)]
	if !ok {
		return nil
	}
	value := n.first + len(n.table.code)
	v, ok := table.ParseFloat(bytes.TrimSpace(n.Cell(value)))
	if !ok {
		return nil
	}
	var unit []byte
	if n.table.unit != "" {
		unit = n.Cell(value + 1)
	}
	return n.x.Measure(n.source, stay, recorded, known, code, v, unit)
}
