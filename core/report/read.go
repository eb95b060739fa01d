package report

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/fusemoe/fusemoe/core/eval"
)

// ReadPredictions reads what Predictions wrote as CSV, for the same tasks. A column that it lacks, or a cell
// that is no label or score, is an error with its line and column; other columns are left alone.
func ReadPredictions(r io.Reader, tasks []eval.Task) (ids []string, all []eval.Predictions, err error) {
	rows := csv.NewReader(r)
	rows.ReuseRecord = true
	header, err := rows.Read()
	if errors.Is(err, io.EOF) {
		return nil, nil, errors.New("is empty; predictions begin with a header line")
	}
	if err != nil {
		return nil, nil, err
	}
	header = slices.Clone(header)
	columns, err := placeColumns(header, tasks)
	if err != nil {
		return nil, nil, err
	}
	for _, t := range tasks {
		all = append(all, eval.Predictions{Task: t})
	}
	for {
		record, err := rows.Read()
		if errors.Is(err, io.EOF) {
			return ids, all, nil
		}
		if err != nil {
			return nil, nil, err
		}
		line, _ := rows.FieldPos(0)
		ids = append(ids, record[columns.id])
		for k := range all {
			if err := columns.take(&all[k], k, record); err != nil {
				return nil, nil, fmt.Errorf("line %d, column %w", line, err)
			}
		}
	}
}

// predictionColumns says where each column of a file of predictions stands.
type predictionColumns struct {
	header         []string
	id, patient    int
	labels, scores [][]int
}

func placeColumns(header []string, tasks []eval.Task) (*predictionColumns, error) {
	c := &predictionColumns{header: header}
	var missing []string
	find := func(name string) int {
		i := slices.Index(header, name)
		if i < 0 {
			missing = append(missing, strconv.Quote(name))
		}
		return i
	}
	c.id, c.patient = find("id"), find("patient")
	for _, t := range tasks {
		labels, scores := parts(t)
		var l, s []int
		for _, name := range partNames(t.Name+"_label", labels) {
			l = append(l, find(name))
		}
		for _, name := range partNames(t.Name+"_score", scores) {
			s = append(s, find(name))
		}
		c.labels, c.scores = append(c.labels, l), append(c.scores, s)
	}
	if missing != nil {
		return nil, fmt.Errorf("has no column %s; write it as predictions.csv of a run is", strings.Join(missing, ", "))
	}
	return c, nil
}

// take reads the cells of one task.
func (c *predictionColumns) take(p *eval.Predictions, task int, record []string) error {
	p.Patients = append(p.Patients, record[c.patient])
	for _, at := range c.labels[task] {
		y, err := readLabel(p.Task, record[at])
		if err != nil {
			return fmt.Errorf("%s: %w", c.header[at], err)
		}
		p.Labels = append(p.Labels, y)
	}
	for _, at := range c.scores[task] {
		v, err := readNumber(record[at], 64)
		if err != nil {
			return fmt.Errorf("%s: %w", c.header[at], err)
		}
		p.Scores = append(p.Scores, v)
	}
	return nil
}

// What a cell should have been. The cell itself may be about a patient and is not shown.
var (
	errNoNumber = errors.New("is no number")
	errNoLabel  = errors.New("is neither 0 nor 1 nor empty")
	errNoClass  = errors.New("is none of the classes of the task")
)

func readLabel(t eval.Task, text string) (float32, error) {
	if t.Kind == eval.Multiclass && text != "" {
		k := slices.Index(t.Classes, text)
		if k < 0 {
			return 0, errNoClass
		}
		return float32(k), nil
	}
	v, err := readNumber(text, 32)
	if err == nil && (t.Kind == eval.Binary || t.Kind == eval.Multilabel) && v == v && v != 0 && v != 1 {
		err = errNoLabel
	}
	return float32(v), err
}

// readNumber reads a cell; an empty one is NaN.
func readNumber(text string, bits int) (float64, error) {
	if text == "" {
		return math.NaN(), nil
	}
	v, err := strconv.ParseFloat(text, bits)
	if err != nil || math.IsNaN(v) || math.IsInf(v, 0) {
		return 0, errNoNumber
	}
	return v, nil
}
