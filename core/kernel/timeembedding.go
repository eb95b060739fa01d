package kernel

import "math"

// TimeWeights are the parameters that all modalities share to look at time: the
// embedding Time2Vec (Kazemi et al. 2019) and the two projections of irregular-time
// attention. With E embedding features, a projection is phi·Query + QueryBias,
// Query being [in, out].
type TimeWeights[F Float] struct {
	Weight, Bias     []F // [E]: feature 0 is Weight·t+Bias, the others its sine
	Query, QueryBias []F // [E,E] and [E]
	Key, KeyBias     []F // [E,E] and [E]
}

// timeRows is how many times one worker embeds at once: some ten microseconds.
const timeRows = 32

// embedTimes fills phi [len(times), E] with the embedding of each time and slope with
// its derivative by Weight·t+Bias.
func embedTimes[F Float](p *Pool, phi, slope, times []F, w TimeWeights[F]) {
	width := len(w.Weight)
	p.For(len(times), timeRows, func(lo, hi int) {
		for r := lo; r < hi; r++ {
			t := times[r]
			row := phi[r*width : (r+1)*width]
			weight, bias := w.Weight[:len(row)], w.Bias[:len(row)]
			row[0] = weight[0]*t + bias[0]
			slopes := slope[r*width:][:len(row)]
			slopes[0] = 1
			for i := 1; i < len(row); i++ {
				row[i], slopes[i] = sincos(weight[i]*t + bias[i])
			}
		}
	})
}

// timeGradients is the backward pass of embedTimes for one set of times, with the
// gradient of the bias that was added to the projection of the same rows.
type timeGradients[F Float] struct {
	parts []F // per chunk of rows: gradients of Weight, Bias and the projection's bias
	sum   []F // their sum, [3E]
}

// run leaves the sums in g.sum: with E = width, dphi [n,E] is the gradient of the
// embedding, slope its derivative, dprojected [n,E] the gradient of its projection.
func (g *timeGradients[F]) run(p *Pool, width int, dphi, slope, dprojected, times []F) {
	n := len(times)
	g.parts = grow(g.parts, chunkLimit*3*width)
	g.sum = grow(g.sum, 3*width)
	clear(g.parts)
	grain := chunkGrain(n, timeRows)
	p.For(n, grain, func(lo, hi int) {
		part := g.parts[lo/grain*3*width:][:3*width]
		dweight, dbias, dproject := part[:width], part[width:2*width], part[2*width:]
		for r := lo; r < hi; r++ {
			t := times[r]
			d, slopes := dphi[r*width:][:width], slope[r*width:][:width]
			for i, v := range d {
				v *= slopes[i]
				dweight[i] += v * t
				dbias[i] += v
			}
			addTo(dproject, dprojected[r*width:][:width])
		}
	})
	clear(g.sum)
	for lo := 0; lo < n; lo += grain {
		addTo(g.sum, g.parts[lo/grain*3*width:][:3*width])
	}
}

// sincos is exact in float64 and within 1e-7 in float32.
func sincos[F Float](x F) (sin, cos F) {
	a := float64(x)
	if !isFloat32[F]() || math.Abs(a) > sincosRange {
		s, c := math.Sincos(a)
		return F(s), F(c)
	}
	// Reduce to [-π/4, π/4] in float64, which is exact enough for a float32 result;
	// adding and subtracting 1.5·2^52 rounds to the nearest whole number.
	const round = 3 << 51
	n := (a*(2/math.Pi) + round) - round
	r := a - n*(math.Pi/2)
	r2 := r * r
	s := r + r*r2*(-1.0/6+r2*(1.0/120+r2*(-1.0/5040+r2*(1.0/362880))))
	c := 1 + r2*(-1.0/2+r2*(1.0/24+r2*(-1.0/720+r2*(1.0/40320+r2*(-1.0/3628800)))))
	// The quadrant swaps the two and sets their signs, on the bits: a branch that
	// depends on it would be guessed wrongly half of the time.
	quadrant := uint64(int64(n))
	sb, cb := math.Float64bits(s), math.Float64bits(c)
	swap := (sb ^ cb) & -(quadrant & 1)
	sb ^= swap ^ quadrant&2<<62
	cb ^= swap ^ (quadrant+1)&2<<62
	return F(math.Float64frombits(sb)), F(math.Float64frombits(cb))
}

// sincosRange is how large an argument the one-step reduction serves: beyond it the
// rounding of n·π/2 would reach the last bits of a float32.
const sincosRange = 1 << 20
