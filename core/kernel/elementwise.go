package kernel

// Add computes y += x.
func Add[F Float](p *Pool, y, x []F) {
	p.For(len(y), entryChunk, func(lo, hi int) { addTo(y[lo:hi], x[lo:hi]) })
}

// Term is a part of a sum: values that begin at Lo.
type Term[F Float] struct {
	Lo     int
	Values []F
}

// Sum computes y = Σ terms, each element in the order of the terms. y may be the memory of
// the first term, if that is as long.
func Sum[F Float](p *Pool, y []F, terms []Term[F]) {
	for _, t := range terms {
		mustHold(t.Lo >= 0 && t.Lo+len(t.Values) <= len(y))
	}
	p.For(len(y), entryChunk, func(lo, hi int) {
		rest := terms
		if len(terms) > 0 && len(terms[0].Values) == len(y) {
			rest = terms[1:]
			if first := terms[0].Values; &first[lo] != &y[lo] {
				copy(y[lo:hi], first[lo:hi])
			}
		} else {
			clear(y[lo:hi])
		}
		for _, t := range rest {
			if from, to := max(lo, t.Lo), min(hi, t.Lo+len(t.Values)); from < to {
				addTo(y[from:to], t.Values[from-t.Lo:to-t.Lo])
			}
		}
	})
}
