package kernel

import "math"

// TopK turns logits into gates: in each row the K largest logits are chosen, of equal
// ones those of the lower index, and a softmax over these K gives their gates. All
// other gates are 0. K is at least 1 and at most Experts.
type TopK[F Float] struct {
	Rows, Experts, K int

	chosen []int32 // [Rows, K]
}

// Forward computes gates from logits, both [Rows, Experts]. active has one entry a
// row, nil if all are; an inactive row's gates are all 0. A NaN among the logits is
// chosen first, so that it shows in the result.
func (k *TopK[F]) Forward(p *Pool, gates, logits []F, active []bool) {
	fit(k.Rows*k.Experts, gates, logits)
	if k.K < 1 || k.K > k.Experts || active != nil && len(active) != k.Rows {
		panic(ErrShape)
	}
	k.chosen = grow(k.chosen, k.Rows*k.K)
	p.For(k.Rows, rowChunk, func(lo, hi int) {
		gates := gates[lo*k.Experts : hi*k.Experts]
		topKOn(activePath(), gates, logits[lo*k.Experts:hi*k.Experts], k.Experts, k.chosen[lo*k.K:hi*k.K], k.K)
		for r := lo; active != nil && r < hi; r++ {
			if !active[r] {
				clear(gates[(r-lo)*k.Experts:][:k.Experts])
			}
		}
	})
}

// topKOn computes the gates of rows of n logits, for which plain Go needs chosen.
func topKOn[F Float](s path, gates, logits []F, n int, chosen []int32, k int) {
	if isFloat32[F]() && s != generic && s.topK(single(gates), single(logits), n, k) {
		return
	}
	clear(gates)
	for ; len(gates) > 0; gates, logits, chosen = gates[n:], logits[n:], chosen[k:] {
		largest(chosen[:k], logits[:n])
		normalise(gates[:n], logits[:n], chosen[:k])
	}
}

// largest fills chosen with the indices of the largest entries of x, in descending
// order of the entries, the lower index first among equal ones.
func largest[F Float](chosen []int32, x []F) {
	n := 0
	for i, v := range x {
		j := n
		if n < len(chosen) {
			n++
		} else if j--; !precedes(v, x[chosen[j]]) {
			continue
		}
		for ; j > 0 && precedes(v, x[chosen[j-1]]); j-- {
			chosen[j] = chosen[j-1]
		}
		chosen[j] = int32(i)
	}
}

// precedes says whether v comes before u in descending order, which NaN heads.
func precedes[F Float](v, u F) bool { return v > u || isNaN(v) && !isNaN(u) }

func isNaN[F Float](v F) bool { return math.IsNaN(float64(v)) }

// normalise sets the chosen gates to the softmax of their logits, which are in
// descending order.
func normalise[F Float](gates, logits []F, chosen []int32) {
	top, sum := logits[chosen[0]], F(0)
	for _, e := range chosen {
		gates[e] = exp(logits[e] - top)
		sum += gates[e]
	}
	for _, e := range chosen {
		gates[e] /= sum
	}
}

// Backward computes the gradient of the logits from that of the gates. Logits that
// were not chosen have none.
func (k *TopK[F]) Backward(p *Pool, dlogits, dgates, gates []F) {
	if dlogits == nil {
		return
	}
	fit(k.Rows*k.Experts, dlogits, dgates, gates)
	p.For(k.Rows, rowChunk, func(lo, hi int) {
		for r := lo; r < hi; r++ {
			dlogits := dlogits[r*k.Experts:][:k.Experts]
			dgates, gates := dgates[r*k.Experts:][:len(dlogits)], gates[r*k.Experts:][:len(dlogits)]
			var mean F
			for e, gate := range gates {
				if gate != 0 {
					mean += gate * dgates[e]
				}
			}
			for e, gate := range gates {
				dlogits[e] = 0
				if gate != 0 {
					dlogits[e] = gate * (dgates[e] - mean)
				}
			}
		}
	})
}
