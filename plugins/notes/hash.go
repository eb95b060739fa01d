package notes

import "math"

const (
	minWidth = 8
	maxWidth = 4096
	// mostPlaces is to how many elements of the vector a term is added. Distances
	// between notes are kept about as well as if it were added to all of them (Kane and
	// Nelson, "Sparser Johnson-Lindenstrauss transforms", 2014), with a small
	// part of the work.
	mostPlaces = 16
)

// hasher makes a vector of a note: the weights of its terms, projected to a few hundred
// numbers with random signs.
type hasher struct {
	width   int
	terms   *terms
	idf     []float32       // by entry of terms; 0: never seen in the training split
	typical [tables]float64 // length of the weights of a note of the training split
	weights []weight        // of the terms of the note being encoded
	sums    []float64       // the vector being made
}

type weight struct {
	entry uint32
	value float64
}

func newHasher(cfg hashConfig, fitted *frequencies) *hasher {
	h := &hasher{
		width: cfg.Width, terms: newTerms(cfg.Words, cfg.Characters), idf: fitted.idf(), sums: make([]float64, cfg.Width),
	}
	for i, n := range fitted.terms {
		idf := float64(h.idf[i])
		h.typical[i>>tableBits] += float64(n) * idf * idf / float64(fitted.notes)
	}
	for i, square := range h.typical {
		h.typical[i] = math.Sqrt(square)
	}
	return h
}

// encode returns the note's vector, or nil if the training split had none of its terms.
//
// A term that is there n times weighs (1 + ln n)·idf. The weights of words and those of
// characters are each divided by √(their length · the typical length), a pivoted
// normalization (Singhal, Buckley and Mitra, "Pivoted document length normalization",
// 1996): a note of many rare words keeps a longer vector than one of a few common words.
// The projection is scaled so that elements are of the order of 1.
func (h *hasher) encode(text string) []float32 {
	h.weights = h.weights[:0]
	var squares [tables]float64
	h.terms.count(text, func(entry uint32, n uint16) {
		if idf := h.idf[entry]; idf > 0 {
			x := (1 + math.Log(float64(n))) * float64(idf)
			squares[entry>>tableBits] += x * x
			h.weights = append(h.weights, weight{entry, x})
		}
	})
	if len(h.weights) == 0 {
		return nil
	}
	var scales [tables]float64
	for i, square := range squares {
		scales[i] = 1 / math.Sqrt(math.Sqrt(square)*h.typical[i])
	}
	clear(h.sums)
	for _, w := range h.weights {
		project(h.sums, w.entry, w.value*scales[w.entry>>tableBits])
	}
	vector := make([]float32, h.width)
	scale := math.Sqrt(float64(h.width) / float64(places(h.width)))
	for i, x := range h.sums {
		vector[i] = float32(x * scale)
	}
	return vector
}

// places is to how many elements of a vector of that width a term is added.
func places(width int) int { return min(width, mostPlaces) }

// project adds x, with random signs, to one random element of each of the equal parts
// that the sums are divided into. What is random depends on the entry alone: the
// projection is the same in every run, and differences between runs are the model's.
func project(sums []float64, entry uint32, x float64) {
	parts := places(len(sums))
	var bits uint64
	var start int
	for p := range parts {
		if p%4 == 0 { // 16 bits for each place: its sign, and 15 for where it is
			bits = mix((uint64(entry)<<2 | uint64(p/4)) * golden)
		}
		end := (p + 1) * len(sums) / parts
		i := start + int(bits>>1&0x7fff)*(end-start)>>15
		if bits&1 == 0 {
			sums[i] += x
		} else {
			sums[i] -= x
		}
		bits >>= 16
		start = end
	}
}
