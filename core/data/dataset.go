package data

import (
	"fmt"
	"slices"

	"github.com/fusemoe/fusemoe/sdk/modalitypb"
)

// Split says what a sample is used for.
type Split uint8

// The splits of a dataset. All samples of a patient are in the same one.
const (
	Train Split = iota
	Val
	Test
)

var splitNames = []string{"train", "val", "test"}

// String is the split's name in a samples file.
func (s Split) String() string { return nameOf(splitNames, int(s)) }

// ParseSplit is the inverse of String.
func ParseSplit(name string) (Split, error) {
	i, err := parseName("split", splitNames, name)
	return Split(i), err
}

// TaskKind says what a task predicts.
type TaskKind uint8

// The kinds of tasks.
const (
	Binary     TaskKind = iota // one column of 0 and 1
	Multilabel                 // several columns of 0 and 1
	Multiclass                 // one column, one of several classes
	Regression                 // one column of numbers
)

var taskKindNames = []string{"binary", "multilabel", "multiclass", "regression"}

// String is the kind's name in dataset.yaml.
func (k TaskKind) String() string { return nameOf(taskKindNames, int(k)) }

// ParseTaskKind is the inverse of String.
func ParseTaskKind(name string) (TaskKind, error) {
	i, err := parseName("task kind", taskKindNames, name)
	return TaskKind(i), err
}

// Task is one thing to predict about a sample.
type Task struct {
	Name    string
	Kind    TaskKind
	Columns []string // label columns of the samples file: one, or several of a multilabel task
	Classes []string // of a multiclass task: a label is an index into it
}

// SourceKind says what the items of a source are.
type SourceKind uint8

// The kinds of sources.
const (
	Rows SourceKind = iota // named numbers measured at one time
	Text                   // a note
	Path                   // a file
)

var sourceKindNames = []string{"rows", "text", "path"}

// String is the kind's name in dataset.yaml.
func (k SourceKind) String() string { return nameOf(sourceKindNames, int(k)) }

// ParseSourceKind is the inverse of String.
func ParseSourceKind(name string) (SourceKind, error) {
	i, err := parseName("kind of a modality", sourceKindNames, name)
	return SourceKind(i), err
}

// The media types of items whose source declares none.
const (
	RowMediaType  = modalitypb.MediaTypeRow
	TextMediaType = "text/plain"
)

// Source is one table of items: what one instrument, lab or author recorded.
type Source struct {
	Name      string
	File      string // the table, relative to the dataset's folder; empty if built in memory
	Kind      SourceKind
	MediaType string
	Columns   []string // of kind Rows: the names of what can be measured
}

// Description is what dataset.yaml says.
type Description struct {
	Name     string
	TimeUnit string  // of all times, such as "hours"
	Window   float64 // length of the observation window in that unit
	Tasks    []Task
	Sources  []Source
}

// Dataset is a checked dataset in memory. A sample is named by its index. A dataset
// is not changed after it was opened, so any number of goroutines may read it.
type Dataset struct {
	Description

	IDs      []string // one a sample, unique
	Patients []string // one a sample
	Splits   []Split  // one a sample

	// Warnings lists what was put up with, such as items after the window.
	Warnings []string

	labels [][]float32 // per task, [samples × columns], NaN unknown
	items  []items     // per source
	root   string      // folder that the paths of items are relative to
	origin origin      // of the samples, for Where
}

// Len is the number of samples.
func (d *Dataset) Len() int { return len(d.IDs) }

// Rows lists the samples of a split in the order of the samples file.
func (d *Dataset) Rows(split Split) []int {
	var rows []int
	for i, s := range d.Splits {
		if s == split {
			rows = append(rows, i)
		}
	}
	return rows
}

// Where names sample i without its identifier: its file and row.
func (d *Dataset) Where(i int) string { return d.origin.at(i).where() }

// Task finds a task by name.
func (d *Dataset) Task(name string) (Task, error) {
	i, err := d.taskIndex(name)
	if err != nil {
		return Task{}, err
	}
	return d.Tasks[i], nil
}

// Labels returns the labels of a task, [samples × columns], row-major, NaN where
// unknown. A multiclass label is the index of its class. The caller must not change
// them.
func (d *Dataset) Labels(task string) ([]float32, error) {
	i, err := d.taskIndex(task)
	if err != nil {
		return nil, err
	}
	return d.labels[i], nil
}

func (d *Dataset) taskIndex(name string) (int, error) {
	i := slices.IndexFunc(d.Tasks, func(t Task) bool { return t.Name == name })
	if i < 0 {
		return 0, unknown("task of dataset "+d.Name, name, taskNames(d.Tasks))
	}
	return i, nil
}

func (d *Dataset) sourceIndex(name string) (int, error) {
	i := slices.IndexFunc(d.Sources, func(s Source) bool { return s.Name == name })
	if i < 0 {
		return 0, unknown("modality of dataset "+d.Name, name, sourceNames(d.Sources))
	}
	return i, nil
}

func taskNames(tasks []Task) []string {
	names := make([]string, len(tasks))
	for i, t := range tasks {
		names[i] = t.Name
	}
	return names
}

func sourceNames(sources []Source) []string {
	names := make([]string, len(sources))
	for i, s := range sources {
		names[i] = s.Name
	}
	return names
}

func nameOf(names []string, i int) string {
	if i < len(names) {
		return names[i]
	}
	return fmt.Sprintf("invalid(%d)", i)
}

func parseName(what string, names []string, name string) (int, error) {
	if i := slices.Index(names, name); i >= 0 {
		return i, nil
	}
	return 0, unknown(what, name, names)
}
