package kernel

import "math"

// Entropy is the regulariser that gives each modality its own experts (Han et al.
// 2024, eq. 3; eq. 4 of the first version): the mean over the groups of the entropy of
// their average routing, less the entropy of the mean of these averages. It lies between
// -log(min(groups, Experts)) and 0.
type Entropy[F Float] struct {
	Groups, Rows, Experts int // Rows is the number of rows of a group

	averages []float64 // [Groups, Experts], of the last Forward
	mean     []float64 // [Experts], the mean of the averages of groups with active rows
	counts   []int     // the active rows of each group
	probs    []F       // softmax(logits), of the last Forward
	parts    []float64
}

// negligible is a probability that adds nothing to an entropy, while a quotient with it
// is still finite.
const negligible = 1e-300

// Forward returns the loss of logits [Groups·Rows, Experts]. active has one entry a
// row, nil if all are; groups without an active row are left out.
func (n *Entropy[F]) Forward(p *Pool, logits []F, active []bool) F {
	n.check(logits, active)
	e := n.Experts
	n.probs = grow(n.probs, len(logits))
	p.For(n.Groups*n.Rows, rowChunk, func(lo, hi int) {
		copy(n.probs[lo*e:hi*e], logits[lo*e:])
		for r := lo; r < hi; r++ {
			if row := n.probs[r*e:][:e]; active == nil || active[r] {
				softmaxRows(row, len(row), 1)
			} else {
				clear(row)
			}
		}
	})
	n.counts = grow(n.counts, n.Groups)
	n.averages = grow(n.averages, n.Groups*e)
	n.mean = grow(n.mean, e)
	clear(n.mean)
	groups := 0
	for g := range n.Groups {
		n.counts[g] = countActive(active, g*n.Rows, n.Rows)
		average := n.averages[g*e:][:e]
		n.parts = sumColumns(p, average, n.probs[g*n.Rows*e:], n.Rows, e, n.parts)
		if n.counts[g] == 0 {
			continue
		}
		groups++
		for i := range average {
			average[i] /= float64(n.counts[g])
		}
		accumulate(n.mean, 1, average)
	}
	for i := range n.mean {
		n.mean[i] /= float64(max(groups, 1))
	}
	return F(n.value(groups))
}

// value is the loss of the averages: minus the mean over the groups of the divergence
// of their average from the mean of all.
func (n *Entropy[F]) value(groups int) float64 {
	sum := 0.0
	for g, count := range n.counts {
		if count == 0 {
			continue
		}
		for i, q := range n.averages[g*n.Experts:][:n.Experts] {
			if q > negligible {
				sum += q * math.Log(n.mean[i]/q)
			}
		}
	}
	return sum / float64(max(groups, 1))
}

// countActive is how many of the rows from first on are active.
func countActive(active []bool, first, rows int) int {
	if active == nil {
		return rows
	}
	count := 0
	for _, on := range active[first : first+rows] {
		if on {
			count++
		}
	}
	return count
}

// Backward computes the gradient of the logits from that of the loss, after Forward
// with the same arguments on the same struct. Inactive rows have none.
func (n *Entropy[F]) Backward(p *Pool, dlogits []F, dloss F, logits []F, active []bool) {
	if dlogits == nil {
		return
	}
	n.check(logits, active)
	fit(len(logits), dlogits)
	e, groups := n.Experts, 0
	for _, count := range n.counts {
		if count > 0 {
			groups++
		}
	}
	// The slope of the loss in the probabilities of a row, once for each group.
	n.parts = grow(n.parts, n.Groups*e)
	slopes := n.parts
	clear(slopes)
	for i, q := range n.averages {
		if count := n.counts[i/e]; count > 0 && q > negligible {
			slopes[i] = float64(dloss) / float64(groups*count) * math.Log(n.mean[i%e]/q)
		}
	}
	p.For(n.Groups*n.Rows, rowChunk, func(lo, hi int) {
		for r := lo; r < hi; r++ {
			probs, slopes, dlogits := n.probs[r*e:][:e], slopes[r/n.Rows*e:][:e], dlogits[r*e:][:e]
			mean := 0.0
			for i, q := range probs {
				mean += float64(q) * slopes[i]
			}
			// The probabilities of an inactive row are 0.
			for i, q := range probs {
				dlogits[i] = q * F(slopes[i]-mean)
			}
		}
	})
}

func (n *Entropy[F]) check(logits []F, active []bool) {
	fit(n.Groups*n.Rows*n.Experts, logits)
	if active != nil && len(active) != n.Groups*n.Rows {
		panic(ErrShape)
	}
}
