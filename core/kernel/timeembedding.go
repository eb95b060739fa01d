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

// timeRows is how many times one worker takes at once: some microseconds.
const timeRows = 32

// embedTimes fills phi [len(times), E] with the embedding of each time and slope with
// its derivative by Weight·t+Bias.
func embedTimes[F Float](phi, slope, times []F, w TimeWeights[F]) {
	width := len(w.Weight)
	steepest, furthest := magnitude(w.Weight), magnitude(w.Bias)
	for lo := 0; lo < len(times); {
		within, next := steepest*abs(times[lo])+furthest < sincosRange, lo+1
		for next < len(times) && steepest*abs(times[next])+furthest < sincosRange == within {
			next++
		}
		from, to := lo*width, next*width
		sinesOn(activePath(), phi[from:to], slope[from:to], w.Weight, w.Bias, times[lo:next], within)
		for ; lo < next; lo++ {
			phi[lo*width], slope[lo*width] = w.Weight[0]*times[lo]+w.Bias[0], 1
		}
	}
}

// projectTimes computes out = phi·weight + bias, row by row.
func projectTimes[F Float](out, phi, weight, bias []F) {
	width := len(bias)
	matMulFrom(activePath(), nil, NN, len(out)/width, width, width, phi, width, weight, width, out, width, bias, 0)
}

// sinesOn fills a row of sin and cos for each time t with those of weight·t + bias; within
// says that all arguments are below sincosRange.
func sinesOn[F Float](s path, sin, cos, weight, bias, times []F, within bool) {
	done, width := 0, len(weight)
	if within && isFloat32[F]() && s != generic {
		done = s.sines(single(sin), single(cos), single(weight), single(bias), single(times))
	}
	for r, t := range times {
		sin, cos := sin[r*width:][:width], cos[r*width:][:width]
		for i := done; i < width; i++ {
			sin[i], cos[i] = sincos(weight[i]*t + bias[i])
		}
	}
}

// magnitude is the largest magnitude in x.
func magnitude[F Float](x []F) (most F) {
	for _, v := range x {
		most = max(most, abs(v))
	}
	return most
}

func abs[F Float](x F) F { return F(math.Abs(float64(x))) }

// timeGradients is the backward pass of embedTimes and projectTimes for one set of times.
type timeGradients[F Float] struct {
	dphi    []F              // [n, E], the gradient of the embedding
	weights sharedWeights[F] // of the projection
	parts   []F              // per chunk of rows: gradients of Weight, Bias and the projection's bias
	sum     []F              // their sum, [3E]
}

// start makes ready for n times, in chunks of the returned grain.
func (g *timeGradients[F]) start(n int, weight []F, width int) (chunks, grain int) {
	grain = chunkGrain(n, timeRows)
	chunks = ceilDiv(n, grain)
	g.dphi = grow(g.dphi, n*width)
	g.parts = grow(g.parts, chunks*3*width)
	g.sum = grow(g.sum, 3*width)
	g.weights.take(activePath(), chunks, weight, width, width)
	return chunks, grain
}

// chunk makes the parts of the times lo to hi: slope [n,E] is the derivative of the
// embedding, dprojected [n,E] the gradient of its projection.
func (g *timeGradients[F]) chunk(number, lo, hi int, slope, dprojected, times []F) {
	width := len(g.sum) / 3
	part := g.parts[number*3*width:][:3*width]
	dweight, dbias, dproject := part[:width], part[width:2*width], part[2*width:]
	clear(part)
	dphi, dprojected := g.dphi[lo*width:hi*width], dprojected[lo*width:hi*width]
	g.weights.multiply(dphi, dprojected, hi-lo)
	addSlopesOn(activePath(), dbias, dweight, dphi, slope[lo*width:hi*width], times[lo:hi])
	addRows(dproject, dprojected)
}

// end leaves the sums in g.sum.
func (g *timeGradients[F]) end() {
	addParts(g.sum, g.parts)
}

// addSlopesOn adds the rows of grads·slopes to sums and each row's weight times them to
// weighted.
func addSlopesOn[F Float](s path, sums, weighted, grads, slopes, weights []F) {
	done, width := 0, len(sums)
	if isFloat32[F]() && s != generic {
		done = s.slopes(single(sums), single(weighted), single(grads), single(slopes), single(weights))
	}
	for r, weight := range weights {
		grads, slopes := grads[r*width:][:width], slopes[r*width:][:width]
		for i := done; i < width; i++ {
			v := grads[i] * slopes[i]
			sums[i] += v
			weighted[i] += v * weight
		}
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
