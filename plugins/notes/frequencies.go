package notes

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"math"

	"github.com/fusemoe/fusemoe/sdk"
)

// frequencies are in how many notes of the training split the terms are.
type frequencies struct {
	notes uint64
	terms []uint64 // by entry
}

func newFrequencies() *frequencies {
	return &frequencies{terms: make([]uint64, tables*tableSize)}
}

// add counts the terms of one more note.
func (f *frequencies) add(t *terms, text string) {
	f.notes++
	t.count(text, func(entry uint32, _ uint16) { f.terms[entry]++ })
}

// idf is the inverse document frequency of every term, ln((1 + notes)/(1 + frequency)) + 1,
// and 0 of those that no note had: nothing can be learned of them.
func (f *frequencies) idf() []float32 {
	idf := make([]float32, len(f.terms))
	for i, n := range f.terms {
		if n > 0 {
			idf[i] = float32(math.Log(float64(1+f.notes)/float64(1+n)) + 1)
		}
	}
	return idf
}

// stateVersion changes when state of an older version can no longer be read.
const stateVersion = 1

// state is what Fit returns, as JSON.
type state struct {
	Version int        `json:"version"`
	Config  hashConfig `json:"config"` // that it was fitted with
	Notes   uint64     `json:"notes"`
	// Terms are the frequencies of all entries, as unsigned varints.
	Terms []byte `json:"terms"`
}

func (f *frequencies) save(cfg hashConfig) ([]byte, error) {
	s := state{Version: stateVersion, Config: cfg, Notes: f.notes}
	for _, n := range f.terms {
		s.Terms = binary.AppendUvarint(s.Terms, n)
	}
	return json.Marshal(s)
}

// restore reads fitted state, for the config it was fitted with only.
func restore(data []byte, cfg hashConfig) (*frequencies, error) {
	refuse := func(why string) error {
		return &sdk.Diagnostic{Summary: "the fitted state " + why, Detail: "fit the modality again"}
	}
	var s state
	if err := json.Unmarshal(data, &s); err != nil {
		return nil, refuse("cannot be read: " + err.Error())
	}
	switch {
	case s.Version != stateVersion:
		return nil, refuse("is of another version of this plugin")
	case s.Config != cfg:
		return nil, refuse("belongs to another config")
	}
	terms, err := readFrequencies(s.Terms, s.Notes)
	if err != nil {
		return nil, refuse("cannot be read: " + err.Error())
	}
	return &frequencies{notes: s.Notes, terms: terms}, nil
}

func readFrequencies(data []byte, notes uint64) ([]uint64, error) {
	terms := make([]uint64, tables*tableSize)
	for i := range terms {
		n, size := binary.Uvarint(data)
		if size <= 0 {
			return nil, errors.New("it ends too early")
		}
		if n > notes {
			return nil, errors.New("a term is in more notes than there are")
		}
		terms[i], data = n, data[size:]
	}
	if len(data) > 0 {
		return nil, errors.New("it goes on after its end")
	}
	return terms, nil
}
