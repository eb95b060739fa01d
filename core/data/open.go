package data

import (
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// samplesFile has one row a sample.
const samplesFile = "samples.parquet"

// An Option changes what Open expects of a folder.
type Option func(*opening)

// Unlabelled opens samples that are only to be predicted. Labels are left unread.
// The columns patient and split may be absent: each sample is then a patient of its
// own, in the test split.
func Unlabelled() Option { return func(o *opening) { o.unlabelled = true } }

// opening is a dataset on its way into memory.
type opening struct {
	*Dataset
	unlabelled bool
	report     *report
	index      map[string]int // sample by id
}

// Open reads a dataset's folder and checks all of it. What is wrong is one *Error
// with every problem found. Items at or after the window are cut and counted in
// Warnings.
func Open(dir string, options ...Option) (*Dataset, error) {
	var r report
	d := readManifest(dir, &r)
	if err := r.err(dir); err != nil {
		return nil, err
	}
	d.root = dir
	o := opening{Dataset: d, report: &r}
	for _, option := range options {
		option(&o)
	}
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

// readItems reads the table of a source.
func (o *opening) readItems(t table, s *Source) items {
	n := t.rows()
	if !o.readKeys(t) {
		return items{}
	}
	var d draft
	d.sample = o.sampleOf(t, n)
	d.times = o.timesOf(t, n)
	if len(d.sample) != n || len(d.times) != n {
		return items{}
	}
	switch s.Kind {
	case Rows:
		o.readCells(t, s, &d)
	case Text:
		d.words = o.strings(t, "text", n)
		o.skipEmpty(&d)
	case Path:
		d.words = o.strings(t, "path", n)
		o.checkPaths(t, &d)
	}
	out, late := d.arrange(o.Len(), o.Window)
	o.warnLate(t, late)
	return out
}

func (o *opening) readKeys(t table) bool {
	sample := has(t, "sample", o.report)
	return has(t, "time", o.report) && sample
}

// sampleOf returns the sample of each row.
func (o *opening) sampleOf(t table, n int) []int {
	out := make([]int, n)
	seen := 0
	last, index := "", -1
	t.words("sample", o.report, func(row int, word []byte) {
		if index < 0 || string(word) != last {
			last = string(word)
			i, ok := o.index[last]
			if !ok {
				i = -1
				o.report.add(problem(t, row, "sample", "is of no sample of the samples file", "add the sample, or remove the row"))
			}
			index = i
		}
		out[row] = index
		seen++
	})
	if seen < n {
		o.report.add(problem(t, -1, "sample", "is empty in some rows", "name the sample of every row"))
	}
	return out
}

// timesOf returns the time of each row.
func (o *opening) timesOf(t table, n int) []float64 {
	out := make([]float64, n)
	for i := range out {
		out[i] = math.NaN()
	}
	before := o.report.total
	t.numbers("time", o.report, func(row int, v float64) { out[row] = v })
	reported := o.report.total > before // then that is why some are NaN
	for row, v := range out {
		if !reported || !math.IsNaN(v) {
			checkTime(t, row, v, o.report)
		}
	}
	return out
}

// readCells reads the numbers of a source of kind Rows.
func (o *opening) readCells(t table, s *Source, d *draft) {
	if len(s.Columns) == 0 {
		s.Columns = columnsBut(t, "sample", "time")
	}
	if len(s.Columns) > maxColumns {
		o.report.add(problem(t, -1, "", "has more than 65,536 columns", "split it into several modalities"))
		return
	}
	type column struct {
		row   []int32
		value []float32
	}
	columns := make([]column, len(s.Columns))
	d.cell = make([]int, len(d.sample)+1)
	for i, name := range s.Columns {
		if !has(t, name, o.report) {
			continue
		}
		c := &columns[i]
		t.numbers(name, o.report, func(row int, v float64) {
			c.row, c.value = append(c.row, int32(row)), append(c.value, float32(v))
			d.cell[row+1]++
		})
	}
	for i := range d.sample {
		d.cell[i+1] += d.cell[i]
	}
	total := d.cell[len(d.sample)]
	d.column, d.value = make([]uint16, total), make([]float32, total)
	next := slices.Clone(d.cell)
	for i, c := range columns {
		for j, row := range c.row {
			at := next[row]
			d.column[at], d.value[at] = uint16(i), c.value[j]
			next[row]++
		}
	}
}

// skipEmpty leaves out items without text.
func (o *opening) skipEmpty(d *draft) {
	for i, word := range d.words {
		if word == "" {
			d.sample[i] = -1
		}
	}
}

// checkPaths leaves out items without a path and reports those that lead nowhere or
// out of the folder.
func (o *opening) checkPaths(t table, d *draft) {
	o.skipEmpty(d)
	root, err := os.OpenRoot(o.root)
	if err != nil {
		o.report.add(Problem{File: o.root, What: reason(err).Error()})
		return
	}
	defer func() { _ = root.Close() }()
	for i, word := range d.words {
		if d.sample[i] < 0 {
			continue
		}
		info, err := root.Stat(filepath.FromSlash(word))
		switch {
		case err != nil:
			o.report.add(problem(t, i, "path", "is no readable file inside of the dataset's folder: "+reason(err).Error(),
				"give a path relative to the folder"))
		case !info.Mode().IsRegular():
			o.report.add(problem(t, i, "path", "is no file", "name a file in each row"))
		}
	}
}

// samplesOrigin keeps the places of a table's rows after it was closed.
func samplesOrigin(t table) origin {
	if c, ok := t.(*csvTable); ok {
		return &csvTable{file: c.file, line: c.line}
	}
	return numbered(t.at(-1).File)
}
