package data

import (
	"fmt"
	"math"

	"go.yaml.in/yaml/v3"
)

// Sample is one sample as it is given to a Builder.
type Sample struct {
	ID      string
	Patient string // empty: a patient of its own
	Split   Split
	// Labels by task, one number a column; absent or NaN: unknown. A multiclass
	// label is the index of its class.
	Labels map[string][]float64
}

// Builder makes a dataset in memory, with the checks of Open. A sample must be added
// before its items; otherwise the order is free.
type Builder struct {
	d       *Dataset
	with    options
	report  report
	index   map[string]int
	sources map[string]*building
}

// building is a source on its way into memory.
type building struct {
	draft
	kind     SourceKind
	origin   numbered
	columnOf map[string]uint16
}

// NewBuilder starts a dataset. Each source of kind Rows must list its columns.
func NewBuilder(description Description, list ...Option) *Builder {
	b := &Builder{with: gather(list), index: map[string]int{}, sources: map[string]*building{}}
	b.d = b.describe(description)
	b.d.origin = numbered("samples")
	for i, s := range b.d.Sources {
		column := make(map[string]uint16, len(s.Columns))
		for c, name := range s.Columns {
			column[name] = uint16(c)
		}
		b.d.Sources[i].File = ""
		b.sources[s.Name] = &building{
			draft: draft{items: items{cell: []int{0}}}, kind: s.Kind, origin: numbered(s.Name), columnOf: column,
		}
	}
	b.d.labels = make([][]float32, len(b.d.Tasks))
	return b
}

// describe has a description go through dataset.yaml, to be checked as one.
func (b *Builder) describe(description Description) *Dataset {
	text, err := yaml.Marshal(description.manifest())
	if err != nil {
		b.report.add(Problem{File: manifestFile, What: err.Error()})
		return &Dataset{Description: description}
	}
	d := parseManifest(text, b.with, &b.report)
	for i := range b.report.problems {
		b.report.problems[i].Line = 0 // of a file that nobody sees
	}
	for i, s := range d.Sources {
		switch n := len(s.Columns); {
		case s.Kind == Rows && n == 0:
			b.report.add(Problem{File: manifestFile, Column: fmt.Sprintf("modalities.%d.columns", i), What: "is missing", Fix: "list them"})
		case n > maxColumns:
			b.report.add(Problem{File: manifestFile, Column: fmt.Sprintf("modalities.%d.columns", i), What: "has more than 65,536 names"})
		}
	}
	return d
}

// Sample adds a sample.
func (b *Builder) Sample(s Sample) {
	d, row := b.d, len(b.d.IDs)
	if _, twice := b.index[s.ID]; !twice {
		b.index[s.ID] = row
	}
	if s.Patient == "" {
		s.Patient = s.ID
	}
	if s.Split > Test {
		b.report.add(problem(d.origin, row, "split", "is neither Train, Val nor Test", ""))
	}
	d.IDs, d.Patients, d.Splits = append(d.IDs, s.ID), append(d.Patients, s.Patient), append(d.Splits, s.Split)
	for name := range s.Labels {
		if _, err := d.Task(name); err != nil {
			b.report.add(problem(d.origin, row, "labels", err.Error(), ""))
		}
	}
	for t, task := range d.Tasks {
		labels, known := s.Labels[task.Name]
		if known && len(labels) != len(task.Columns) {
			b.report.add(problem(d.origin, row, task.Name, fmt.Sprintf("has not %d labels", len(task.Columns)), "give one a column"))
		}
		for c, column := range task.Columns {
			v := math.NaN()
			if c < len(labels) && checkLabel(d.origin, row, task, column, labels[c], &b.report) {
				v = labels[c]
			}
			d.labels[t] = append(d.labels[t], float32(v))
		}
	}
}

// Row adds what a source of kind Rows measured at one time: value i of column
// names[i]. What was not measured is left out.
func (b *Builder) Row(source, sample string, time float64, names []string, values []float32) {
	s := b.item(source, sample, time, Rows)
	if s == nil {
		return
	}
	row := len(s.sample) - 1
	for i, name := range names {
		c, ok := s.columnOf[name]
		switch v := float64(values[i]); {
		case !ok:
			b.report.add(problem(s.origin, row, name, "is no column of this modality", ""))
		case math.IsNaN(v) || math.IsInf(v, 0):
			b.report.add(problem(s.origin, row, name, "is not a finite number", "leave out what is not known"))
		default:
			s.column, s.value = append(s.column, c), append(s.value, values[i])
		}
	}
	s.sortRow(s.cell[row])
	for i := s.cell[row] + 1; i < len(s.value); i++ {
		if s.column[i] == s.column[i-1] {
			b.report.add(problem(s.origin, row, "", "names a column twice", "add a second item of the same time"))
		}
	}
	s.cell = append(s.cell, len(s.value))
}

// sortRow sorts the cells from index on by column: insertion, as rows are short and
// mostly in order.
func (s *building) sortRow(from int) {
	column, value := s.column[from:], s.value[from:]
	for i := range column {
		for j := i; j > 0 && column[j-1] > column[j]; j-- {
			column[j-1], column[j] = column[j], column[j-1]
			value[j-1], value[j] = value[j], value[j-1]
		}
	}
}

// Text adds a note to a source of kind Text. An empty one is no item.
func (b *Builder) Text(source, sample string, time float64, text string) {
	b.word(source, sample, time, Text, text)
}

// Path adds a file to a source of kind Path.
func (b *Builder) Path(source, sample string, time float64, path string) {
	b.word(source, sample, time, Path, path)
}

func (b *Builder) word(source, sample string, time float64, kind SourceKind, word string) {
	if s := b.item(source, sample, time, kind); s != nil {
		if word == "" {
			s.sample[len(s.sample)-1] = -1
		}
		s.words = append(s.words, word)
	}
}

// item starts an item, which is left out if it has a problem.
func (b *Builder) item(source, sample string, time float64, kind SourceKind) *building {
	s := b.sources[source]
	if s == nil || s.kind != kind {
		b.report.add(Problem{File: source, What: fmt.Sprintf("is no modality of kind %s", kind)})
		return nil
	}
	row := len(s.sample)
	i, ok := b.index[sample]
	if !ok {
		i = -1
		b.report.add(problem(s.origin, row, "sample", "is of no sample added so far", "add samples before their items"))
	}
	checkTime(s.origin, row, time, &b.report)
	s.add(i, time)
	return s
}

// Build checks the dataset and returns it. What is wrong is one *Error with every
// problem found. The Builder must not be used again.
func (b *Builder) Build() (*Dataset, error) {
	d := b.d
	d.checkSamples(&b.report)
	if err := b.report.err(d.Name); err != nil {
		return nil, err
	}
	for _, s := range d.Sources {
		from := b.sources[s.Name]
		if s.Kind != Rows && from.words == nil {
			from.words = []string{}
		}
		out, late := from.arrange(d.Len(), d.Window)
		d.items = append(d.items, out)
		d.warnLate(from.origin, late)
		from.draft = draft{} // gone to d
	}
	d.checkCovered(&b.report)
	if !b.with.unlabelled {
		d.checkClasses(&b.report)
	}
	return d, b.report.err(d.Name)
}
