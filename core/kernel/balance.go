package kernel

import "math"

// Importance is the squared coefficient of variation of the experts' importance, the
// sum of their gates over all rows (Shazeer et al. 2017, eq. 6 and 7).
type Importance[F Float] struct {
	Rows, Experts int

	sums, parts []float64
}

// Forward returns the unbiased variance over the experts of the importance, divided by
// its squared mean + 1e-10; 0 for a single expert. gates is [Rows, Experts]; prior
// [Experts] is the importance that earlier rows of the same batch have added up to,
// nil for none.
func (m *Importance[F]) Forward(p *Pool, gates []F, prior []float64) F {
	fit(m.Rows*m.Experts, gates)
	fitOrNil(m.Experts, prior)
	m.sums = grow(m.sums, m.Experts)
	m.parts = sumColumns(p, m.sums, gates, m.Rows, m.Experts, m.parts)
	if prior != nil {
		accumulate(m.sums, 1, prior)
	}
	return F(variation(m.sums))
}

// Sums is the importance of each expert in the last Forward, the prior included.
func (m *Importance[F]) Sums() []float64 { return m.sums }

// Backward computes the gradient of the gates from that of the loss, after Forward on
// the same struct.
func (m *Importance[F]) Backward(p *Pool, dgates []F, dloss F) {
	if dgates == nil {
		return
	}
	fit(m.Rows*m.Experts, dgates)
	m.parts = grow(m.parts, m.Experts)
	variationSlopes(m.parts, m.sums, float64(dloss))
	if m.Rows == 0 {
		return
	}
	row := dgates[:m.Experts]
	for e := range row {
		row[e] = F(m.parts[e])
	}
	p.For(m.Rows-1, copyChunk/max(m.Experts, 1)+1, func(lo, hi int) {
		fillRows(dgates[(lo+1)*m.Experts:(hi+1)*m.Experts], row)
	})
}

// variationFloor keeps the squared coefficient of variation finite, as in the code
// of Shazeer et al. 2017.
const variationFloor = 1e-10

// variation is the squared coefficient of variation of x, 0 for fewer than two entries.
func variation(x []float64) float64 {
	if len(x) < 2 {
		return 0
	}
	mean, square := spread(x)
	return square / float64(len(x)-1) / (mean*mean + variationFloor)
}

// variationSlopes fills slopes with the gradient of variation at x times scale.
func variationSlopes(slopes, x []float64, scale float64) {
	clear(slopes)
	if len(x) < 2 {
		return
	}
	mean, square := spread(x)
	n, floored := float64(len(x)), mean*mean+variationFloor
	for i, v := range x {
		slopes[i] = scale * 2 / ((n - 1) * floored) * (v - mean - square*mean/(n*floored))
	}
}

// spread is the mean of x and the sum of the squared differences from it.
func spread(x []float64) (mean, square float64) {
	mean = total(x) / float64(len(x))
	for _, v := range x {
		square += (v - mean) * (v - mean)
	}
	return mean, square
}

// Load is the squared coefficient of variation of the experts' load: how many rows
// would choose each of them, in expectation over its noise (Shazeer et al. 2017, eq. 8
// to 11). With K = Experts every row chooses every expert.
type Load[F Float] struct {
	Rows, Experts, K int

	sums, parts []float64
	chosen      []int32 // the K+1 largest of each row, [Rows, K+1]
}

// Forward returns the loss as Importance does. logits, noisy and raw, all [Rows,
// Experts], are those of NoisyLogits. active has one entry a row, nil if all are: an
// inactive row goes to no expert and is no load. prior [Experts] is the load that earlier
// rows of the same batch have added up to, nil for none.
func (l *Load[F]) Forward(p *Pool, logits, noisy, raw []F, active []bool, prior []float64) F {
	l.check(logits, noisy, raw, active)
	fitOrNil(l.Experts, prior)
	chunks := (l.Rows + sumChunk - 1) / sumChunk
	l.sums = grow(l.sums, l.Experts)
	l.parts = grow(l.parts, chunks*l.Experts)
	l.chosen = grow(l.chosen, l.Rows*(l.K+1))
	p.For(l.Rows, sumChunk, func(lo, hi int) {
		part := l.parts[lo/sumChunk*l.Experts:][:l.Experts]
		clear(part)
		for r := lo; r < hi; r++ {
			if active != nil && !active[r] {
				continue
			}
			within, beyond := l.thresholds(r, noisy)
			for e := range part {
				z, _ := l.margin(r*l.Experts+e, within, beyond, logits, noisy, raw)
				cdf, _ := normal(z)
				part[e] += float64(cdf)
			}
		}
	})
	addParts(l.sums, l.parts)
	if prior != nil {
		accumulate(l.sums, 1, prior)
	}
	return F(variation(l.sums))
}

// Sums is the load of each expert in the last Forward, the prior included.
func (l *Load[F]) Sums() []float64 { return l.sums }

// Backward computes the gradients of logits and raw from that of the loss, after
// Forward with the same arguments on the same struct. The thresholds that the noisy
// logits set count as constants: dnoisy becomes 0.
func (l *Load[F]) Backward(p *Pool, dlogits, dnoisy, draw []F, dloss F, logits, noisy, raw []F, active []bool) {
	l.check(logits, noisy, raw, active)
	fitOrNil(l.Rows*l.Experts, dlogits, dnoisy, draw)
	clear(dnoisy)
	l.parts = grow(l.parts, l.Experts)
	variationSlopes(l.parts, l.sums, float64(dloss))
	p.For(l.Rows, rowChunk, func(lo, hi int) {
		for r := lo; r < hi; r++ {
			if active != nil && !active[r] {
				l.clearRow(r, dlogits, draw)
				continue
			}
			within, beyond := l.thresholds(r, noisy)
			for e, slope := range l.parts {
				i := r*l.Experts + e
				z, deviation := l.margin(i, within, beyond, logits, noisy, raw)
				_, density := normal(z)
				// An infinite margin has density 0 and no gradient.
				var dz F
				if density != 0 {
					dz = F(slope) * density / deviation
				}
				if dlogits != nil {
					dlogits[i] = dz
				}
				if draw != nil {
					draw[i] = 0
					if dz != 0 {
						draw[i] = -dz * z * sigmoid(raw[i])
					}
				}
			}
		}
	})
}

// clearRow makes the gradients of row r zero.
func (l *Load[F]) clearRow(r int, gradients ...[]F) {
	for _, d := range gradients {
		if d != nil {
			clear(d[r*l.Experts:][:l.Experts])
		}
	}
}

// thresholds are what the noisy logit of an expert of row r has to exceed to be chosen:
// the (K+1)-th largest one for an expert that is, and the K-th largest one for one that
// is not. They are -Inf where every expert is chosen.
func (l *Load[F]) thresholds(r int, noisy []F) (within, beyond F) {
	if l.K >= l.Experts {
		return F(math.Inf(-1)), F(math.Inf(-1))
	}
	row, chosen := noisy[r*l.Experts:][:l.Experts], l.chosen[r*(l.K+1):][:l.K+1]
	largest(chosen, row)
	return row[chosen[l.K]], row[chosen[l.K-1]]
}

// margin is by how many standard deviations of its noise entry i exceeds its threshold.
func (l *Load[F]) margin(i int, within, beyond F, logits, noisy, raw []F) (z, deviation F) {
	threshold := beyond
	if noisy[i] > within {
		threshold = within
	}
	deviation = softplus(raw[i]) + noiseFloor
	return (logits[i] - threshold) / deviation, deviation
}

func (l *Load[F]) check(logits, noisy, raw []F, active []bool) {
	if l.K < 1 || l.K > l.Experts || active != nil && len(active) != l.Rows {
		panic(ErrShape)
	}
	fit(l.Rows*l.Experts, logits, noisy, raw)
}
