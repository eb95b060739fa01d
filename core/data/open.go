package data

import (
	"math"
	"slices"
	"strconv"
	"strings"
)

// samplesFile has one row a sample.
const samplesFile = "samples.parquet"

// An Option changes what Open and NewBuilder expect.
type Option func(*options)

type options struct{ unlabelled bool }

// Unlabelled is for samples that are only to be predicted. There need be no tasks,
// and labels are left unread. In a folder, the columns patient and split may be
// absent: each sample is then a patient of its own, in the test split.
func Unlabelled() Option { return func(o *options) { o.unlabelled = true } }

func gather(list []Option) (o options) {
	for _, option := range list {
		option(&o)
	}
	return o
}

// opening is a dataset on its way into memory.
type opening struct {
	*Dataset
	options
	report *report
	index  map[string]int // sample by id
}

// Open reads a dataset's folder and checks all of it. What is wrong is one *Error
// with every problem found. Items at or after the window are cut and counted in
// Warnings.
func Open(dir string, list ...Option) (*Dataset, error) {
	var r report
	with := gather(list)
	d := readManifest(dir, with, &r)
	if err := r.err(dir); err != nil {
		return nil, err
	}
	d.root = dir
	o := opening{Dataset: d, options: with, report: &r}
	if t := openTable(dir, samplesFile, &r); t != nil {
		o.readSamples(t)
		t.close()
		d.items = make([]items, len(d.Sources))
		for i := range d.Sources {
			if t := openTable(dir, d.Sources[i].File, &r); t != nil {
				d.items[i] = o.readItems(t, &d.Sources[i])
				t.close()
			}
		}
	}
	if err := r.err(dir); err != nil {
		return nil, err
	}
	d.checkCovered(&r)
	if !o.unlabelled {
		d.checkClasses(&r)
	}
	return d, r.err(dir)
}

// readSamples reads identifiers, splits and labels.
func (o *opening) readSamples(t table) {
	o.origin = samplesOrigin(t)
	n := t.rows()
	o.IDs = o.strings(t, "id", n)
	switch {
	case o.unlabelled && !slices.Contains(t.names(), "patient"):
		o.Patients = o.IDs
	default:
		o.Patients = o.strings(t, "patient", n)
	}
	o.Splits = make([]Split, n)
	switch {
	case o.unlabelled && !slices.Contains(t.names(), "split"):
		for i := range o.Splits {
			o.Splits[i] = Test
		}
	default:
		o.readSplits(t)
	}
	for _, task := range o.Tasks {
		o.labels = append(o.labels, o.readLabels(t, task, n))
	}
	o.index = o.checkSamples(o.report)
}

func (o *opening) strings(t table, column string, n int) []string {
	out := make([]string, n)
	if has(t, column, o.report) {
		t.words(column, o.report, func(row int, word []byte) { out[row] = string(word) })
	}
	return out
}

func (o *opening) readSplits(t table) {
	if !has(t, "split", o.report) {
		return
	}
	known := make([]bool, t.rows())
	t.words("split", o.report, func(row int, word []byte) {
		split, err := ParseSplit(string(word))
		if err == nil {
			o.Splits[row], known[row] = split, true
		}
	})
	for row, ok := range known {
		if !ok {
			o.report.add(problem(t, row, "split", "is neither train, val nor test", "write one of the three"))
		}
	}
}

// readLabels returns the labels of a task, [n × columns].
func (o *opening) readLabels(t table, task Task, n int) []float32 {
	width := len(task.Columns)
	labels := make([]float32, n*width)
	for i := range labels {
		labels[i] = float32(math.NaN())
	}
	for c, column := range task.Columns {
		if o.unlabelled || !has(t, column, o.report) {
			continue
		}
		set := func(row int, v float64) {
			if checkLabel(t, row, task, column, v, o.report) {
				labels[row*width+c] = float32(v)
			}
		}
		if task.Kind == Regression {
			t.numbers(column, o.report, set)
			continue
		}
		t.words(column, o.report, func(row int, word []byte) { set(row, parseLabel(task, string(word))) })
	}
	return labels
}

// parseLabel returns the number of a class, or -1.
func parseLabel(task Task, word string) float64 {
	if task.Kind == Multiclass {
		if i := slices.Index(task.Classes, word); i >= 0 {
			return float64(i)
		}
		// Programs write whole numbers as 2.0 when the column has gaps.
		if v, err := parseNumber(word); err == nil && v == math.Trunc(v) {
			return float64(slices.Index(task.Classes, strconv.FormatFloat(v, 'f', -1, 64)))
		}
		return -1
	}
	switch strings.ToLower(word) {
	case "true":
		return 1
	case "false":
		return 0
	}
	if v, err := parseNumber(word); err == nil && !math.IsNaN(v) {
		return v
	}
	return -1
}

// samplesOrigin keeps the places of a table's rows after it was closed.
func samplesOrigin(t table) origin {
	if c, ok := t.(*csvTable); ok {
		return &csvTable{file: c.file, line: c.line}
	}
	return numbered(t.at(-1).File)
}
