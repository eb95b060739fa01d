package kernel

import "math"

// The random numbers of this package have no state: number i of a key is a pure
// function of both, so that a resumed run draws what the killed one would have
// drawn, and any worker may draw any number.

// goldenGamma is 2^64 divided by the golden ratio, made odd: the increment of
// SplitMix64 (Steele, Lea and Flood 2014), under which successive counters are far
// apart.
const goldenGamma = 0x9e3779b97f4a7c15

// Key derives the key of one stream of random numbers from a seed and the parts
// that name the stream: epoch, step, layer and the like. The order of the parts
// matters.
func Key(seed uint64, parts ...uint64) uint64 {
	key := scramble(seed + goldenGamma)
	for _, part := range parts {
		key = scramble(scramble(key+goldenGamma) + part)
	}
	return key
}

// Uniform is number i of the key's stream, uniform over [0, 1).
func Uniform(key, i uint64) float64 {
	return float64(bits(key, i)>>11) * 0x1p-53
}

// Normal is number i of the key's stream, normal with mean 0 and variance 1: the
// inverse of the normal distribution function at a uniform number.
func Normal(key, i uint64) float64 {
	// The half keeps the argument inside (-1, 1), where the inverse is finite.
	u := (float64(bits(key, i)>>12) + 0.5) * 0x1p-52
	return math.Sqrt2 * math.Erfinv(2*u-1)
}

// bits is word i of the key's stream.
func bits(key, i uint64) uint64 {
	return scramble(key + (i+1)*goldenGamma)
}

// scramble is the output function of SplitMix64: every bit of x changes about half
// of the bits of the result.
func scramble(x uint64) uint64 {
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}
