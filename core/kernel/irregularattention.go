package kernel

import "math"

// IrregularAttention is multi-time attention (mTAND, Shukla and Marlin 2021) from
// the rows of a ragged Series to a regular grid of Steps times j/(Steps-1). With phi
// the time embedding, head h of step t gives feature c of a sample
//
//	y[t,h,c] = Σ_l W[t,l]·m[l,c]·v[l,c] / Σ_l W[t,l]·m[l,c]
//	W[t,l] = exp(s[t,l] - max_l s[t,l]),  s[t,l] = <q_h[t], k_h[l]> / sqrt(Embed/Heads)
//
// which is the softmax over the rows where the feature was observed: the weights are
// computed once for all features. Both sums run over what was observed only, so the
// time grows with the observations, not with rows times features. A feature that the
// sample never observed gives 0, and so does a sample without rows.
//
// y is [Samples·Steps, Heads·Width]. With Flags it has Width more columns: 1 where
// the sample observed the feature at least once, which is all that attending the
// mask channels, as the paper does, comes to.
type IrregularAttention[F Float] struct {
	Samples, Steps, Heads, Embed, Width int

	Flags bool

	grid, gridPhi, query []F // the grid's times, embedding and scaled projection
	turned, dturned      []F // [Embed, lanes]: query with the steps side by side, and its gradient
	phi, key             []F // the same of all rows of the series

	gridSlope, slope []F // derivatives of the embeddings by their sine's argument
	dquery, dkey     []F
	dqueries         []F // parts of dturned, of chunks of samples

	observed []observations[F] // of each sample
	// sums are what Backward needs of the sums over the rows, for each sample and head:
	// the two lines a feature of sumObserved, or, where every value was observed, one
	// line of the reciprocal sums of the weights.
	sums                    []F
	slots                   []attentionSlot[F] // of each worker
	gridGradient, gradients timeGradients[F]
}

// attentionSlot is what one worker needs for one sample after the other.
type attentionSlot[F Float] struct {
	weights []F // [rows, lanes] of one head, later the gradients of the scores
	dscores []F // [rows, lanes], where every value was observed
	totals  []F // [lanes]
	out     []F // one head's output, its rows filled up
	douts   []F // [lanes, Width], one head's gradients, where every value was observed
	grads   []F // [2·blockWidth, lanes], where not; lanes that no step is near stay 0
	own     []F // one feature's weights over its observations
}

// Forward fills y from the series.
func (a *IrregularAttention[F]) Forward(p *Pool, y []F, s *Series[F], w TimeWeights[F]) {
	a.check(y, s, w)
	a.project(p, s, w)
	a.sums = grow(a.sums, a.Samples*a.Heads*a.sumsSize(s))
	a.observed = grow(a.observed, a.Samples)
	block := a.Steps * a.outputWidth()
	a.slots = grow(a.slots, p.Workers())
	forEach(p, a.Samples, func(slot, i int) {
		out := y[i*block : (i+1)*block]
		if s.Rows(i) == 0 {
			clear(out)
			return
		}
		a.forwardSample(&a.slots[slot], out, s, i)
	})
}

// Backward fills the gradients that dw has room for, after Forward with the same
// series and weights on the same struct; a nil slice is unwanted.
func (a *IrregularAttention[F]) Backward(p *Pool, dw TimeWeights[F], dy []F, s *Series[F], w TimeWeights[F]) {
	a.check(dy, s, w)
	fitOrNil(a.Embed, dw.Weight, dw.Bias, dw.QueryBias, dw.KeyBias)
	fitOrNil(a.Embed*a.Embed, dw.Query, dw.Key)
	rows := len(s.Times)
	mustHold(len(a.query) == a.Steps*a.Embed && len(a.key) == rows*a.Embed)
	a.dkey = grow(a.dkey, rows*a.Embed)
	grain := chunkGrain(a.Samples, 1)
	chunks := (a.Samples + grain - 1) / grain
	part := a.Embed * a.lanes()
	a.dqueries = grow(a.dqueries, chunks*part)
	block := a.Steps * a.outputWidth()
	a.slots = grow(a.slots, p.Workers())
	forEach(p, chunks, func(slot, c int) {
		dquery := a.dqueries[c*part:][:part]
		clear(dquery)
		for i := c * grain; i < min((c+1)*grain, a.Samples); i++ {
			if s.Rows(i) > 0 {
				a.backwardSample(&a.slots[slot], dquery, dy[i*block:(i+1)*block], s, i)
			}
		}
	})
	a.sumQueries()
	a.backwardProjections(p, dw, s, w)
}

// sumQueries fills dquery from the chunks of samples.
func (a *IrregularAttention[F]) sumQueries() {
	n := a.lanes()
	a.dturned = grow(a.dturned, a.Embed*n)
	addParts(a.dturned, a.dqueries)
	a.dquery = grow(a.dquery, a.Steps*a.Embed)
	scale := a.scoreScale()
	for j := range a.Embed {
		for t, v := range a.dturned[j*n:][:a.Steps] {
			a.dquery[t*a.Embed+j] = v * scale
		}
	}
}

// project embeds and projects the grid and all rows of the series.
func (a *IrregularAttention[F]) project(p *Pool, s *Series[F], w TimeWeights[F]) {
	e, rows := a.Embed, len(s.Times)
	a.phi = grow(a.phi, rows*e)
	a.key = grow(a.key, rows*e)
	a.slope = grow(a.slope, rows*e)
	blocks := ceilDiv(rows, linearRows)
	p.For(1+blocks, 1, func(lo, hi int) {
		for i := lo; i < hi; i++ {
			if i == 0 {
				a.projectGrid(w)
				continue
			}
			_, r0, r1 := rowBlock(i-1, blocks, rows)
			phi := a.phi[r0*e : r1*e]
			embedTimes(phi, a.slope[r0*e:r1*e], s.Times[r0:r1], w)
			projectTimes(a.key[r0*e:r1*e], phi, w.Key, w.KeyBias)
		}
	})
}

func (a *IrregularAttention[F]) projectGrid(w TimeWeights[F]) {
	e := a.Embed
	a.grid = grow(a.grid, a.Steps)
	for j := range a.grid {
		a.grid[j] = F(j) / F(max(a.Steps-1, 1))
	}
	a.gridPhi = grow(a.gridPhi, a.Steps*e)
	a.query = grow(a.query, a.Steps*e)
	a.gridSlope = grow(a.gridSlope, a.Steps*e)
	embedTimes(a.gridPhi, a.gridSlope, a.grid, w)
	projectTimes(a.query, a.gridPhi, w.Query, w.QueryBias)
	scaleBy(a.query, a.scoreScale())
	a.turned = grow(a.turned, e*a.lanes())
	clear(a.turned)
	transposeTo(a.turned, a.lanes(), a.query, e, a.Steps, e)
}

// scoreScale is the factor of the scores, carried by the queries.
func (a *IrregularAttention[F]) scoreScale() F {
	return F(1 / math.Sqrt(float64(a.Embed/a.Heads)))
}

// lanes is the number of steps, filled up.
func (a *IrregularAttention[F]) lanes() int {
	return (a.Steps + stepLanes - 1) / stepLanes * stepLanes
}

// blockWidth is Width, filled up to the blocks that transposeTo works in.
func (a *IrregularAttention[F]) blockWidth() int { return (a.Width + 7) &^ 7 }

// sumsSize is what one sample and head has of sums.
func (a *IrregularAttention[F]) sumsSize(s *Series[F]) int {
	if s.Observed == nil {
		return a.lanes()
	}
	return 2 * a.Width * a.lanes()
}

// outputWidth is the number of columns of y.
func (a *IrregularAttention[F]) outputWidth() int {
	if a.Flags {
		return (a.Heads + 1) * a.Width
	}
	return a.Heads * a.Width
}

func (a *IrregularAttention[F]) check(y []F, s *Series[F], w TimeWeights[F]) {
	e := a.Embed
	mustHold(s.Samples() == a.Samples && s.Width == a.Width && a.Heads > 0 && e > 0 && e%a.Heads == 0)
	mustHold(len(y) == a.Samples*a.Steps*a.outputWidth() && len(s.Values) == len(s.Times)*s.Width)
	mustHold(s.Observed == nil || len(s.Observed) == len(s.Values))
	fit(e, w.Weight, w.Bias, w.QueryBias, w.KeyBias)
	fit(e*e, w.Query, w.Key)
}
