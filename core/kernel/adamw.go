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

// adamWFactors are the constants of one step, in the order that the vector kernels read.
type adamWFactors[F Float] struct {
	rate, root, keep, epsilon F
	b1, c1, b2, c2            F
}

// factorsOf are those of a step, which counts from 1, for arrays of the given weight decay.
func factorsOf[F Float](o AdamW, step int, decay float64) adamWFactors[F] {
	return adamWFactors[F]{
		rate: F(o.Rate / (1 - math.Pow(o.Beta1, float64(step)))),
		root: F(1 / math.Sqrt(1-math.Pow(o.Beta2, float64(step)))),
		keep: F(1 - o.Rate*decay), epsilon: F(o.Epsilon),
		b1: F(o.Beta1), c1: F(1 - o.Beta1), b2: F(o.Beta2), c2: F(1 - o.Beta2),
	}
}

// adamWOn updates some parameters; every path gives the same bits.
func adamWOn[F Float](s path, param, grad, first, second []F, f *adamWFactors[F]) {
	if narrow, ok := any(f).(*adamWFactors[float32]); ok && s != generic {
		s.adamW(single(param), single(grad), single(first), single(second), narrow)
		return
	}
	plainAdamW(param, grad, first, second, f)
}

func plainAdamW[F Float](param, grad, first, second []F, f *adamWFactors[F]) {
	g, m, v := grad[:len(param)], first[:len(param)], second[:len(param)]
	for i := range param {
		d := g[i]
		mean := f.b1*m[i] + f.c1*d
		square := f.b2*v[i] + f.c2*d*d
		m[i], v[i] = mean, square
		param[i] = f.keep*param[i] - f.rate*mean/(F(math.Sqrt(float64(square)))*f.root+f.epsilon)
	}
}
