package kernel

import "math"

// AdamW is the optimizer of Loshchilov and Hutter (2019): Adam whose weight decay
// acts on the parameters themselves, not through the gradient.
type AdamW struct {
	Rate    float64 // learning rate of this step
	Beta1   float64 // decay of the gradient's running mean
	Beta2   float64 // decay of the squared gradient's running mean
	Epsilon float64 // added to the root of the latter
	Decay   float64 // weight decay, multiplied by Rate
}

// optimizerGrain is how many parameters one worker updates at a time: the update is
// bound by memory, and four arrays of this many float32 fit a second-level cache.
const optimizerGrain = 16384

// AdamWStep updates param in place with the gradient grad. first and second are the
// running means, 0 before the first step; step counts from 1, for the correction of
// their bias towards 0.
func AdamWStep[F Float](p *Pool, o AdamW, step int, param, grad, first, second []F) {
	mustHold(len(grad) == len(param) && len(first) == len(param) && len(second) == len(param) && step > 0)
	rate := F(o.Rate / (1 - math.Pow(o.Beta1, float64(step))))
	root := F(1 / math.Sqrt(1-math.Pow(o.Beta2, float64(step))))
	keep, epsilon := F(1-o.Rate*o.Decay), F(o.Epsilon)
	b1, c1, b2, c2 := F(o.Beta1), F(1-o.Beta1), F(o.Beta2), F(1-o.Beta2)
	p.For(len(param), optimizerGrain, func(lo, hi int) {
		w := param[lo:hi]
		g, m, v := grad[lo:hi][:len(w)], first[lo:hi][:len(w)], second[lo:hi][:len(w)]
		for i := range w {
			d := g[i]
			mean := b1*m[i] + c1*d
			square := b2*v[i] + c2*d*d
			m[i], v[i] = mean, square
			w[i] = keep*w[i] - rate*mean/(F(math.Sqrt(float64(square)))*root+epsilon)
		}
	})
}

// SumSquares is Σ x², summed in float64 within fixed chunks and then over them.
func SumSquares[F Float](p *Pool, x []F) float64 {
	return sumChunks(p, len(x), optimizerGrain, func(lo, hi int) float64 {
		var a, b float64
		part := x[lo:hi]
		i := 0
		for ; i+1 < len(part); i += 2 {
			u, v := float64(part[i]), float64(part[i+1])
			a += u * u
			b += v * v
		}
		if i < len(part) {
			a += float64(part[i]) * float64(part[i])
		}
		return a + b
	})
}
