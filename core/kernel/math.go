package kernel

import "math"

// The elementary functions of float32 work in float64, where a short polynomial
// between the nodes of a table is exact to well below half a unit of the float32
// result, and costs no more than in float32. Those of float64 are the library's, so
// that gradients can be checked against differences.

// exp is e^x.
func exp[F Float](x F) F {
	if isFloat32[F]() {
		return F(exp32(float64(x)))
	}
	return F(math.Exp(float64(x)))
}

// sigmoid is 1 / (1 + e^-x).
func sigmoid[F Float](x F) F {
	if isFloat32[F]() {
		return F(1 / (1 + exp32(-float64(x))))
	}
	return F(1 / (1 + math.Exp(-float64(x))))
}

// softplus is log(1 + e^x), without overflow.
func softplus[F Float](x F) F {
	v := float64(x)
	return F(max(v, 0) + math.Log1p(math.Exp(-math.Abs(v))))
}

// normal is the distribution function of the standard normal distribution at x,
// (1 + erf(x/√2))/2, and its density.
func normal[F Float](x F) (cdf, density F) {
	if isFloat32[F]() {
		c, d := normal32(float64(x))
		return F(c), F(d)
	}
	c, d := normal64(float64(x))
	return F(c), F(d)
}

// gelu fills values with x·Φ(x), Φ the distribution function of the standard normal
// distribution (Hendrycks and Gimpel 2016, in its exact form).
func gelu[F Float](values, x []F) {
	if isFloat32[F]() {
		geluOn(activePath(), single(values), single(x))
		return
	}
	plainGELU(values, x)
}

// geluSlopes fills values with gelu of x and slopes with its derivative Φ(x) + x·Φ'(x).
func geluSlopes[F Float](values, slopes, x []F) {
	if isFloat32[F]() {
		geluSlopesOn(activePath(), single(values), single(slopes), single(x))
		return
	}
	plainGELUSlopes(values, slopes, x)
}

// exponentialsOn replaces each x by e^x.
func exponentialsOn[F Float](s path, x []F) {
	if isFloat32[F]() {
		expOn(s, single(x), single(x), 0)
		return
	}
	for i, v := range x {
		x[i] = exp(v)
	}
}

// The plain loops are what the vector kernels of float32 are tested against.

func plainGELU[F Float](values, x []F) {
	values = values[:len(x)]
	for i, v := range x {
		cdf, _ := normal(v)
		values[i] = v * cdf
	}
}

func plainGELUSlopes[F Float](values, slopes, x []F) {
	values, slopes = values[:len(x)], slopes[:len(x)]
	for i, v := range x {
		cdf, density := normal(v)
		values[i], slopes[i] = v*cdf, cdf+v*density
	}
}

// expNodes is the number of nodes between one power of two and the next.
const expNodes = 64

// expTable holds the bits of 2^(i/expNodes).
var expTable = func() (t [expNodes]uint64) {
	for i := range t {
		t[i] = math.Float64bits(math.Exp2(float64(i) / expNodes))
	}
	return t
}()

// exp32 is e^x with a relative error below 1e-10, infinite above 700 and 0 below -700,
// which is far outside of what a float32 can hold.
func exp32(x float64) float64 {
	const (
		// shifter moves the integer part of a small number into its lowest bits.
		shifter = 0x1.8p52
		limit   = 700
	)
	if x > limit {
		return math.Inf(1)
	}
	if x < -limit {
		return 0
	}
	// x = (64·exponent + i)·ln2/64 + r with |r| <= ln2/128, where the next term of the
	// series, r^4/24, is 4e-11.
	shifted := x*(expNodes/math.Ln2) + shifter
	n := math.Float64bits(shifted)
	r := x - (shifted-shifter)*(math.Ln2/expNodes)
	power := math.Float64frombits(expTable[n%expNodes] + n/expNodes<<52)
	return power * (1 + r*(1+r*(0.5+r*(1.0/6))))
}

// normal64 is the distribution function and the density of the normal distribution.
func normal64(x float64) (cdf, density float64) {
	return 0.5 * math.Erfc(-x/math.Sqrt2), math.Exp(-0.5*x*x) / math.Sqrt(2*math.Pi)
}

const (
	// Below normalLow the distribution function is 0 as a float32, and above normalHigh it
	// is 1 and the slope of GELU too.
	normalLow, normalHigh = -14, 6
	// normalNodes is the number of nodes in a unit.
	normalNodes = 256
)

// normalTable holds the distribution function and the density at the nodes.
var normalTable = func() (t [(normalHigh-normalLow)*normalNodes + 1]struct{ cdf, density float64 }) {
	for i := range t {
		t[i].cdf, t[i].density = normal64(normalLow + float64(i)/normalNodes)
	}
	return t
}()

// normal32 is normal64 with a relative error below 2e-8 wherever the result is not
// negligible in float32: a Taylor series about the nearest node, whose coefficients are
// the Hermite polynomials of the node times the density.
func normal32(x float64) (cdf, density float64) {
	if !(x > normalLow && x < normalHigh) {
		switch {
		case x >= normalHigh:
			return 1, 0
		case x <= normalLow:
			return 0, 0
		}
		return x, x // NaN
	}
	i := int((x-normalLow)*normalNodes + 0.5)
	node := &normalTable[i]
	a := normalLow + float64(i)*(1.0/normalNodes)
	h, aa := x-a, a*a
	cdf = node.cdf + node.density*h*(1-h*(a*0.5-h*((aa-1)*(1.0/6))))
	density = node.density * (1 - h*(a-h*((aa-1)*0.5+h*(a*(3-aa)*(1.0/6)))))
	return cdf, density
}
