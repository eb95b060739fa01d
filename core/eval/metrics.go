package eval

import (
	"bytes"
	"encoding/json"
	"math"
)

// Metric is one figure with its 95 % interval. Low and High are NaN where there is none.
type Metric struct {
	Name             string
	Value, Low, High float64
}

// Label is the metrics of one label of a multilabel task.
type Label struct {
	Name    string
	Metrics Metrics
}

// Metrics are the figures of one task on one set of samples, in the order in which they are shown.
//
// As JSON they are one object: {"auroc": 0.84, ..., "n": 800, "ci95": {"auroc": [0.81, 0.87]}, "labels": {...}}.
type Metrics struct {
	Values []Metric
	Labels []Label
	// Uncalibrated has the same figures of the scores before they were calibrated, without intervals; nil where
	// they were not. As JSON it is an object like this one.
	Uncalibrated []Metric
}

// Value is the figure of that name, NaN where there is none.
func (m Metrics) Value(name string) float64 {
	for _, v := range m.Values {
		if v.Name == name {
			return v.Value
		}
	}
	return math.NaN()
}

// Interval is the 95 % interval of the figure of that name; ok is false where there is none.
func (m Metrics) Interval(name string) (low, high float64, ok bool) {
	for _, v := range m.Values {
		if v.Name == name && v.hasInterval() {
			return v.Low, v.High, true
		}
	}
	return math.NaN(), math.NaN(), false
}

// Thresholds are the thresholds behind f1_tuned, for Options of another evaluation of the same task.
// A task without thresholds has nil.
func (m Metrics) Thresholds() []float64 {
	if len(m.Labels) == 0 {
		for _, v := range m.Values {
			if v.Name == "threshold" {
				return []float64{v.Value}
			}
		}
		return nil
	}
	thresholds := make([]float64, len(m.Labels))
	for i, l := range m.Labels {
		thresholds[i] = l.Metrics.Value("threshold")
	}
	return thresholds
}

// MarshalJSON writes the object that Metrics describes.
func (m Metrics) MarshalJSON() ([]byte, error) {
	var o object
	intervals := object{}
	for _, v := range m.Values {
		o.add(v.Name, number(v.Value))
		if v.hasInterval() {
			intervals.add(v.Name, [2]number{number(v.Low), number(v.High)})
		}
	}
	if intervals.fields > 0 {
		o.add("ci95", &intervals)
	}
	if m.Uncalibrated != nil {
		o.add("uncalibrated", Metrics{Values: m.Uncalibrated})
	}
	if len(m.Labels) > 0 {
		labels := object{}
		for _, l := range m.Labels {
			labels.add(l.Name, l.Metrics)
		}
		o.add("labels", &labels)
	}
	return o.MarshalJSON()
}

func (v Metric) hasInterval() bool { return !math.IsNaN(v.Low) && !math.IsNaN(v.High) }

func (m *Metrics) add(name string, value float64) {
	m.Values = append(m.Values, Metric{Name: name, Value: value, Low: math.NaN(), High: math.NaN()})
}

// void makes NaN of all but the counts.
func (m *Metrics) void() {
	for i, v := range m.Values {
		if v.Name != "n" && v.Name != "positives" {
			m.Values[i] = Metric{Name: v.Name, Value: math.NaN(), Low: math.NaN(), High: math.NaN()}
		}
	}
	for i := range m.Labels {
		m.Labels[i].Metrics.void()
	}
}

// object is a JSON object that keeps the order of its fields.
type object struct {
	text   bytes.Buffer
	fields int
	err    error
}

func (o *object) add(name string, value any) {
	key, err := json.Marshal(name)
	if err != nil && o.err == nil {
		o.err = err
	}
	text, err := json.Marshal(value)
	if err != nil && o.err == nil {
		o.err = err
	}
	if o.fields > 0 {
		o.text.WriteByte(',')
	}
	o.fields++
	o.text.Write(key)
	o.text.WriteByte(':')
	o.text.Write(text)
}

func (o *object) MarshalJSON() ([]byte, error) {
	return append(append([]byte{'{'}, o.text.Bytes()...), '}'), o.err
}

// number is a float64 that JSON shows as null where it is not finite.
type number float64

func (n number) MarshalJSON() ([]byte, error) {
	if math.IsNaN(float64(n)) || math.IsInf(float64(n), 0) {
		return []byte("null"), nil
	}
	return json.Marshal(float64(n))
}
