package kernel

import "math"

// Trained is one array of weights as an optimizer sees it: the values, their gradient and
// its two running means.
type Trained[F Float] struct {
	Value, Grad, First, Second []F
	// Decays says that weight decay applies.
	Decays bool
	// Mean follows the values, nil where nothing does.
	Mean []F
}

// Optimizer makes steps of AdamW over arrays of all sizes, with one norm for the whole
// gradient. A step takes two loops, in which small arrays share a chunk; what it does to an
// array does not depend on the others, the norm apart.
type Optimizer[F Float] struct {
	arrays []Trained[F]
	pieces []piece
	sums   []float64 // of the squares of each piece
	chunks []int     // where the pieces of each chunk begin, and where those of the last end
}

// optimizerGrain is how many parameters one worker updates at a time: the update is
// bound by memory, and four arrays of this many float32 fit a second-level cache.
const optimizerGrain = 16384

// piece is a part of an array that is summed by itself.
type piece struct{ array, lo, hi int }

// NewOptimizer is an optimizer of the arrays, which stay where they are.
func NewOptimizer[F Float](arrays []Trained[F]) *Optimizer[F] {
	o := &Optimizer[F]{arrays: arrays}
	size := optimizerGrain
	for i, a := range arrays {
		n := len(a.Value)
		mustHold(len(a.Grad) == n && len(a.First) == n && len(a.Second) == n && (a.Mean == nil || len(a.Mean) == n))
		grain := chunkGrain(n, optimizerGrain)
		for lo := 0; lo < n; lo += grain {
			if size >= optimizerGrain {
				o.chunks, size = append(o.chunks, len(o.pieces)), 0
			}
			hi := min(lo+grain, n)
			o.pieces = append(o.pieces, piece{i, lo, hi})
			size += hi - lo
		}
	}
	o.chunks = append(o.chunks, len(o.pieces))
	o.sums = make([]float64, len(o.pieces))
	return o
}

// each runs body for every piece.
func (o *Optimizer[F]) each(p *Pool, body func(number int, q piece)) {
	p.For(len(o.chunks)-1, 1, func(lo, hi int) {
		for i := o.chunks[lo]; i < o.chunks[hi]; i++ {
			body(i, o.pieces[i])
		}
	})
}

// Step updates all arrays and returns the norm of the gradient, which is scaled down to
// clip where it is above, unless that is 0. step counts from 1; keep is what is left of a
// Mean. The gradients are 0 afterwards.
func (o *Optimizer[F]) Step(p *Pool, adam AdamW, step int, clip float64, keep F) (norm float64) {
	mustHold(step > 0)
	norm = o.norm(p)
	scale := F(1)
	if clip > 0 && norm > clip {
		scale = F(clip / norm)
	}
	decaying, other := factorsOf[F](adam, step, adam.Decay), factorsOf[F](adam, step, 0)
	o.each(p, func(_ int, q piece) {
		a := &o.arrays[q.array]
		grad, value := a.Grad[q.lo:q.hi], a.Value[q.lo:q.hi]
		if scale != 1 {
			scaleBy(grad, scale)
		}
		f := &other
		if a.Decays {
			f = &decaying
		}
		adamWOn(activePath(), value, grad, a.First[q.lo:q.hi], a.Second[q.lo:q.hi], f)
		clear(grad)
		if a.Mean != nil {
			mix(a.Mean[q.lo:q.hi], value, keep)
		}
	})
	return norm
}

// mix computes y = keep·y + (1-keep)·x.
func mix[F Float](y, x []F, keep F) {
	x = x[:len(y)]
	for i, v := range y {
		y[i] = keep*v + (1-keep)*x[i]
	}
}

// norm sums piece by piece, and then array by array.
func (o *Optimizer[F]) norm(p *Pool) float64 {
	o.each(p, func(number int, q piece) { o.sums[number] = sumSquares(o.arrays[q.array].Grad[q.lo:q.hi]) })
	var all, one float64
	for i, q := range o.pieces {
		one += o.sums[i]
		if q.hi == len(o.arrays[q.array].Grad) {
			all, one = all+one, 0
		}
	}
	return math.Sqrt(all)
}

// sumSquares is Σ x² in float64.
func sumSquares[F Float](x []F) float64 {
	var a, b float64
	i := 0
	for ; i+1 < len(x); i += 2 {
		u, v := float64(x[i]), float64(x[i+1])
		a += u * u
		b += v * v
	}
	if i < len(x) {
		a += float64(x[i]) * float64(x[i])
	}
	return a + b
}
