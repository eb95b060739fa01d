package report

import (
	"bufio"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"strconv"

	"github.com/fusemoe/fusemoe/core/eval"
)

// Format is how predictions are written.
type Format string

// The formats of predictions.
const (
	// CSV has a header and one line per sample: id, patient, then TASK_label and TASK_score for each task,
	// followed by _COLUMN for multilabel tasks and by _CLASS for the scores of multiclass ones.
	CSV Format = "csv"
	// JSONLines has one object per line: {"id": .., "patient": .., "predictions": {TASK: {"label": ..,
	// "score": ..}}}; where a task has several labels or scores they are objects by column or class.
	JSONLines Format = "jsonl"
)

// Predictions writes the predictions of samples, one by one. Unknown labels are empty, or null. The scores are
// written so that reading them gives the same numbers.
type Predictions struct {
	tasks []eval.Task
	// One of the two is set.
	csv  *csv.Writer
	json *bufio.Writer
}

// Sample is one sample's predictions: Labels and Scores are by task, as one row of eval.Predictions.
type Sample struct {
	ID, Patient string
	Labels      [][]float32
	Scores      [][]float64
}

// NewPredictions writes to w, which gets everything only with Flush.
func NewPredictions(w io.Writer, f Format, tasks []eval.Task) (*Predictions, error) {
	p := &Predictions{tasks: tasks}
	switch f {
	case CSV:
		p.csv = csv.NewWriter(w)
		header := p.header()
		seen := map[string]bool{}
		for _, name := range header {
			if seen[name] {
				return nil, fmt.Errorf("two columns of the predictions would be called %q: rename a task, or write %s",
					name, JSONLines)
			}
			seen[name] = true
		}
		return p, p.csv.Write(header)
	case JSONLines:
		p.json = bufio.NewWriter(w)
		return p, nil
	}
	return nil, fmt.Errorf("unknown format of predictions %q: use %s or %s", f, CSV, JSONLines)
}

func (p *Predictions) header() []string {
	header := []string{"id", "patient"}
	for _, t := range p.tasks {
		labels, scores := parts(t)
		header = append(header, partNames(t.Name+"_label", labels)...)
		header = append(header, partNames(t.Name+"_score", scores)...)
	}
	return header
}

// partNames are the columns of a label or a score with parts.
func partNames(name string, parts []string) []string {
	if parts == nil {
		return []string{name}
	}
	names := make([]string, len(parts))
	for i, part := range parts {
		names[i] = name + "_" + part
	}
	return names
}

// parts names the labels and the scores of a task, nil where there is only one.
func parts(t eval.Task) (labels, scores []string) {
	switch t.Kind {
	case eval.Multilabel:
		return t.Columns, t.Columns
	case eval.Multiclass:
		return nil, t.Classes
	}
	return nil, nil
}

// Write writes one sample.
func (p *Predictions) Write(s Sample) error {
	if p.csv != nil {
		return p.csv.Write(p.record(s))
	}
	line, err := json.Marshal(p.object(s))
	if err != nil {
		return err
	}
	_, err = p.json.Write(append(line, '\n'))
	return err
}

// WriteAll writes samples whose predictions are at hand for every task, in the order of the tasks.
func (p *Predictions) WriteAll(ids []string, all []eval.Predictions) error {
	for i, id := range ids {
		s := Sample{ID: id}
		for _, t := range all {
			columns, outputs := len(t.Columns), t.Outputs()
			s.Labels = append(s.Labels, t.Labels[i*columns:(i+1)*columns])
			s.Scores = append(s.Scores, t.Scores[i*outputs:(i+1)*outputs])
			if t.Patients != nil {
				s.Patient = t.Patients[i]
			}
		}
		if err := p.Write(s); err != nil {
			return err
		}
	}
	return p.Flush()
}

// Flush writes what is still held back.
func (p *Predictions) Flush() error {
	if p.csv != nil {
		p.csv.Flush()
		return p.csv.Error()
	}
	return p.json.Flush()
}

func (p *Predictions) record(s Sample) []string {
	record := []string{s.ID, s.Patient}
	for k, t := range p.tasks {
		for _, y := range s.Labels[k] {
			record = append(record, csvField(label(t, y)))
		}
		for _, v := range s.Scores[k] {
			record = append(record, csvField(orNull(v)))
		}
	}
	return record
}

func csvField(value any) string {
	switch v := value.(type) {
	case float64:
		return strconv.FormatFloat(v, 'g', -1, 64)
	case string:
		return v
	}
	return ""
}

// label is the class, the number, or nil where it is unknown.
func label(t eval.Task, y float32) any {
	if t.Kind == eval.Multiclass && y == y {
		return t.Classes[int(y)]
	}
	if math.IsInf(float64(y), 0) || y != y {
		return nil
	}
	// The shortest number that is this float32, not its digits as a float64.
	v, _ := strconv.ParseFloat(strconv.FormatFloat(float64(y), 'g', -1, 32), 64)
	return v
}

func (p *Predictions) object(s Sample) any {
	predictions := map[string]any{}
	for k, t := range p.tasks {
		var labels, scores []any
		for _, y := range s.Labels[k] {
			labels = append(labels, label(t, y))
		}
		for _, v := range s.Scores[k] {
			scores = append(scores, orNull(v))
		}
		labelParts, scoreParts := parts(t)
		predictions[t.Name] = map[string]any{"label": named(labelParts, labels), "score": named(scoreParts, scores)}
	}
	return struct {
		ID          string `json:"id"`
		Patient     string `json:"patient,omitempty"`
		Predictions any    `json:"predictions"`
	}{s.ID, s.Patient, predictions}
}

// named is the values by part, or the only one.
func named(parts []string, values []any) any {
	if parts == nil {
		return values[0]
	}
	object := map[string]any{}
	for i, part := range parts {
		object[part] = values[i]
	}
	return object
}
