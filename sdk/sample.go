package sdk

import (
	"encoding/json"
	"fmt"
	"io"
	"iter"
	"slices"
)

// Sample is what one modality recorded of whatever one prediction is about: a stay in
// intensive care, a video clip.
type Sample struct {
	// ID tells samples apart. It may identify a patient: never log it.
	ID string
	// Items are in the order of their times.
	Items []Item
}

// Item is one recorded thing: a row of measurements, a note, an image.
type Item struct {
	// Time is counted from the beginning of the sample, in the unit that the dataset
	// declares.
	Time float64
	// MediaType is one of those that Info.Accepts lists.
	MediaType string
	// Data is the item's content, unless it is a Path or a Row.
	Data []byte
	// Path is a local file with the item's content.
	Path string
	// Row is the content of an item of type RowType.
	Row Row
	// Attributes are further facts about the item, such as the view of an image.
	Attributes map[string]string
}

// Row is what was measured at one time, by name.
type Row struct {
	names  []string
	values []float32
}

// NewRow returns the row in which name i has value i. The names are all different.
func NewRow(names []string, values []float32) Row {
	if len(names) != len(values) {
		panic(badRow)
	}
	return Row{names, values}
}

const badRow = "sdk: a row needs one value per name"

// Len is the number of values in the row.
func (r Row) Len() int { return len(r.names) }

// Value returns the value of that name and whether it was measured.
func (r Row) Value(name string) (value float32, ok bool) {
	if i := slices.Index(r.names, name); i >= 0 {
		return r.values[i], true
	}
	return 0, false
}

// All ranges over the names and values of the row.
func (r Row) All() iter.Seq2[string, float32] {
	return func(yield func(string, float32) bool) {
		for i, name := range r.names {
			if !yield(name, r.values[i]) {
				return
			}
		}
	}
}

// Sequence is what a modality makes of a sample: T vectors over time. No vectors at all
// say that the modality is missing; the model has learned what to do then, so a
// modality never invents values.
type Sequence struct {
	// Times are T times in the unit of the items', ascending; equal ones are allowed.
	Times []float64
	// Values are T vectors of the width that Configure promised, all finite.
	Values [][]float32
	// Observed says of each value whether it was observed; nil: all were. Values that
	// were not are ignored. Only Measurements have it.
	Observed [][]bool
}

// words are all that may be told of a sample: nothing of a patient.
func (s Sample) words() string { return fmt.Sprintf("sample of %d items", len(s.Items)) }

// Format writes how many items the sample has, whatever the verb.
func (s Sample) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, s.words()) }

// MarshalJSON does as Format, for log lines.
func (s Sample) MarshalJSON() ([]byte, error) { return json.Marshal(s.words()) }

func (i Item) words() string { return fmt.Sprintf("item at %g of %s", i.Time, i.MediaType) }

// Format writes the item's time and media type, whatever the verb, and nothing of its content.
func (i Item) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, i.words()) }

// MarshalJSON does as Format, for log lines.
func (i Item) MarshalJSON() ([]byte, error) { return json.Marshal(i.words()) }

// Format writes how many values the row has, whatever the verb.
func (r Row) Format(f fmt.State, _ rune) { _, _ = fmt.Fprintf(f, "row of %d values", r.Len()) }
