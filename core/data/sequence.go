package data

import "github.com/fusemoe/fusemoe/sdk/modalitypb"

// Sequence is what a plugin made of one sample: T vectors of D numbers. With T = 0
// the modality is missing.
type Sequence struct {
	Times    []float64 // T, ascending, in the dataset's unit
	Values   []float32 // T*D, row-major
	Observed []bool    // T*D; nil: all of them
}

// Encoded is one modality of all samples of a dataset.
type Encoded struct {
	Name         string
	Dim          int      // D
	Features     []string // names of the D numbers, if they have names
	Measurements bool     // numbers that are each observed or not, rather than one dense vector an item
	Sequences    []Sequence
}

// DecodeSequence checks what a plugin sent, vectors of dim numbers, and unpacks it.
func DecodeSequence(s *modalitypb.Sequence, dim int) (Sequence, error) {
	if s.GetLength() == 0 {
		return Sequence{}, s.Check(dim)
	}
	times, values, observed, err := s.Unpack(dim)
	return Sequence{Times: times, Values: values, Observed: observed}, err
}
