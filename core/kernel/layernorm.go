package kernel

import "math"

// LayerNorm brings each row to mean 0 and variance 1, then scales and shifts its
// columns: y = gamma·(x - mean)/sqrt(variance + Eps) + beta (Ba, Kiros and Hinton
// 2016), with its own gamma and beta for each group of rows.
type LayerNorm[F Float] struct {
	Groups, Rows, Width int // Rows is the number of rows of a group
	Eps                 float64

	moments []F // of each row, the mean and one over the deviation
	sums    []F
}

// Forward computes y [Groups·Rows, Width] from x of the same shape and gamma and beta
// [Groups, Width].
func (l *LayerNorm[F]) Forward(p *Pool, y, x, gamma, beta []F) {
	fit(l.Groups*l.Rows*l.Width, y, x)
	fit(l.Groups*l.Width, gamma, beta)
	l.moments = grow(l.moments, 2*l.Groups*l.Rows)
	p.For(l.Groups*l.Rows, blockGrain(l.Width), func(lo, hi int) {
		for lo < hi {
			g := lo / l.Rows
			next := min(hi, (g+1)*l.Rows)
			from, to, own := lo*l.Width, next*l.Width, g*l.Width
			l.forwardRows(y[from:to], l.moments[2*lo:2*next], x[from:to], gamma[own:own+l.Width], beta[own:own+l.Width])
			lo = next
		}
	})
}

// forwardRows is Forward for rows of one group, whose gamma and beta they are.
func (l *LayerNorm[F]) forwardRows(y, moments, x, gamma, beta []F) {
	if s := l.path(); s != generic {
		s.normalise(single(y), single(moments), single(x), single(gamma), single(beta), l.Eps)
		return
	}
	for ; len(x) > 0; y, moments, x = y[l.Width:], moments[2:], x[l.Width:] {
		mean, scale := l.momentsOf(x[:l.Width])
		moments[0], moments[1] = mean, scale
		for i, v := range x[:l.Width] {
			y[i] = (v-mean)*scale*gamma[i] + beta[i]
		}
	}
}

// path is that of the vector kernels where they serve the width: whole vectors only.
func (l *LayerNorm[F]) path() path {
	if isFloat32[F]() && l.Width > 0 && l.Width%16 == 0 {
		return activePath()
	}
	return generic
}

// momentsOf is the mean of a row and one over its standard deviation.
func (l *LayerNorm[F]) momentsOf(x []F) (mean, scale F) {
	mean = total(x) / F(l.Width)
	var a, b F // two sums side by side, as in total
	for ; len(x) >= 2; x = x[2:] {
		d, e := x[0]-mean, x[1]-mean
		a += d * d
		b += e * e
	}
	for _, v := range x {
		a += (v - mean) * (v - mean)
	}
	variance := float64(a+b) / float64(l.Width)
	return mean, F(1 / math.Sqrt(variance+l.Eps))
}

// Backward computes the gradients of x, gamma and beta from that of y, after Forward with
// the same x on the same struct.
func (l *LayerNorm[F]) Backward(p *Pool, dx, dgamma, dbeta, dy, x, gamma []F) {
	fit(l.Groups*l.Rows*l.Width, dy, x)
	fitOrNil(l.Groups*l.Rows*l.Width, dx)
	fit(l.Groups*l.Width, gamma)
	fitOrNil(l.Groups*l.Width, dgamma, dbeta)
	mustHold(len(l.moments) == 2*l.Groups*l.Rows)
	chunks := (l.Rows + sumChunk - 1) / sumChunk // of a group
	// First the parts of dgamma of each group and chunk, then those of dbeta.
	l.sums = grow(l.sums, 2*l.Groups*chunks*l.Width)
	parts, shifts := l.sums[:len(l.sums)/2], l.sums[len(l.sums)/2:]
	p.For(l.Groups*chunks, blockGrain(sumChunk*l.Width), func(lo, hi int) {
		for c := lo; c < hi; c++ {
			g := c / chunks
			first := g*l.Rows + c%chunks*sumChunk
			last := min(first+sumChunk, (g+1)*l.Rows)
			from, to, own := first*l.Width, last*l.Width, g*l.Width
			var out []F
			if dx != nil {
				out = dx[from:to]
			}
			l.backwardRows(out, dy[from:to], x[from:to], l.moments[2*first:2*last], gamma[own:own+l.Width],
				parts[c*l.Width:][:l.Width], shifts[c*l.Width:][:l.Width])
		}
	})
	for g := range l.Groups {
		lo, hi := g*chunks*l.Width, (g+1)*chunks*l.Width
		if dgamma != nil {
			addParts(dgamma[g*l.Width:][:l.Width], parts[lo:hi])
		}
		if dbeta != nil {
			addParts(dbeta[g*l.Width:][:l.Width], shifts[lo:hi])
		}
	}
}

// backwardRows is Backward for rows of one group, whose gamma it is. dgamma and dbeta
// receive the sums over these rows.
func (l *LayerNorm[F]) backwardRows(dx, dy, x, moments, gamma, dgamma, dbeta []F) {
	clear(dgamma)
	clear(dbeta)
	if s := l.path(); s != generic {
		s.normGradients(single(dx), single(dgamma), single(dbeta), single(dy), single(x), single(moments), single(gamma))
		return
	}
	for r := range len(x) / l.Width {
		lo := r * l.Width
		x, dy := x[lo:][:l.Width], dy[lo:][:l.Width]
		mean, scale := moments[2*r], moments[2*r+1]
		var along, sum F // of the normalised row and of the ones, with gamma·dy
		for i, v := range x {
			normed := (v - mean) * scale
			dgamma[i] += dy[i] * normed
			dbeta[i] += dy[i]
			scaled := dy[i] * gamma[i]
			along += scaled * normed
			sum += scaled
		}
		if dx == nil {
			continue
		}
		along, sum = along/F(l.Width), sum/F(l.Width)
		dx := dx[lo:][:l.Width]
		for i, v := range x {
			dx[i] = scale * (dy[i]*gamma[i] - sum - (v-mean)*scale*along)
		}
	}
}
