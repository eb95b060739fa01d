package kernel

// Series is one modality of a batch: the rows of all samples one after the other,
// ragged, never padded.
type Series[F Float] struct {
	// Start has one entry more than the batch has samples: sample i owns the rows
	// Start[i] to Start[i+1]. A sample that owns none is missing this modality.
	Start []int
	// Times has one entry a row, divided by the window, ascending within a sample.
	Times []F
	// Width is the number D of values in a row.
	Width int
	// Values has Width entries a row, 0 where nothing was observed.
	Values []F
	// Observed has Width entries a row, 1 where a value was observed and 0 where
	// not. It is nil where every value of every row was.
	Observed []F
}

// Samples is the number of samples in the batch.
func (s *Series[F]) Samples() int { return len(s.Start) - 1 }

// Rows is the number of rows of sample i.
func (s *Series[F]) Rows(i int) int { return s.Start[i+1] - s.Start[i] }
