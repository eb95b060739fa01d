package core

import (
	"cmp"
	"hash/fnv"
	"math"
	"slices"

	"github.com/fusemoe/fusemoe/core/data"
	"github.com/fusemoe/fusemoe/core/kernel"
)

// WithHidden lets a Predictor predict as if a share, in [0, 1), of every sample's modalities
// had not been recorded, to see how a model bears it; one always remains. They are drawn by
// the names of the sample and of the modality alone, so that two models lack the same.
func WithHidden(share float64) Option { return func(o *options) { o.hidden = share } }

// hideAtRandom says which modalities are taken from which sample.
func hideAtRandom(ids []string, encoded []data.Encoded, share float64) func(row int, modality string) bool {
	hidden := make([][]string, len(ids))
	for row, id := range ids {
		var has []string
		for _, e := range encoded {
			if len(e.Sequences[row].Times) > 0 {
				has = append(has, e.Name)
			}
		}
		slices.SortFunc(has, func(a, b string) int { return cmp.Compare(lot(id, a), lot(id, b)) })
		hidden[row] = has[:int(math.Round(share*float64(len(has))))]
	}
	return func(row int, modality string) bool { return slices.Contains(hidden[row], modality) }
}

// lot is the number that a modality of a sample draws.
func lot(id, modality string) uint64 {
	h := fnv.New64a()
	_, _ = h.Write([]byte(id + "\x00" + modality)) // a hash never fails
	return kernel.Key(h.Sum64())
}
