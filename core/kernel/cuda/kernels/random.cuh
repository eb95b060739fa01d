// The processor's random numbers: number i of a key, to the same bits.

#pragma once

// random_bits is word i of the key's stream, the output function of SplitMix64 at a counter.
__device__ inline unsigned long long random_bits(unsigned long long key, unsigned long long i) {
  unsigned long long x = key + (i + 1) * 0x9e3779b97f4a7c15ull;
  x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9ull;
  x = (x ^ x >> 27) * 0x94d049bb133111ebull;
  return x ^ x >> 31;
}

// seventh_ratio is the quotient of two polynomials of degree 7, the lowest coefficient first.
__device__ inline double seventh_ratio(const double *over, const double *under, double r) {
  double above = over[7], below = under[7];
  for (int i = 6; i >= 0; i--) {
    above = above * r + over[i];
    below = below * r + under[i];
  }
  return above / below;
}

// inverse_erf is the inverse of the error function within (-1, 1), by the approximations of
// Wichura (1988, AS 241) as Go's library has them.
__device__ inline double inverse_erf(double x) {
  const double a[] = {1.1975323115670913, 47.07268811238398, 697.062665343896, 4854.886889384388,
                      16235.862515167575, 23782.041382114385, 11819.493347062295, 887.0940696254552};
  const double b[] = {1.0, 42.31333070160091, 687.1870074920579, 5394.196021424751,
                      21213.794301586597, 39307.89580009271, 28729.085735721943, 5226.495278852854};
  const double c[] = {1.4234371107496835, 4.630337846156546, 5.769497221460691, 3.6478483247632045,
                      1.2704582524523684, 0.2417807251774506, 0.022723844989269184, 0.0007745450142783414};
  const double d[] = {1.4142135623730951, 2.9036514445419948, 2.3707661626024534, 0.9754783200178743,
                      0.2094506521051275, 0.021494160384252878, 0.0007744145906515771, 1.4859850019840355e-09};
  const double e[] = {6.657904643501103, 5.463784911164114, 1.7848265399172913, 0.29656057182850487,
                      0.026532189526576124, 0.0012426609473880784, 2.7115555687434876e-05, 2.0103343992922881e-07};
  const double f[] = {1.4142135623730951, 0.8482908416595164, 0.19364809469506591, 0.02103693768272069,
                      0.0011128009970788597, 2.6110884050805935e-05, 2.010321207683943e-07, 2.8910246058729655e-15};
  const double size = fabs(x);
  if (size <= 0.85) return x * seventh_ratio(a, b, 0.180625 - 0.25 * x * x);
  const double r = sqrt(0.6931471805599453 - log(1 - size));
  const double y = r <= 5 ? seventh_ratio(c, d, r - 1.6) : seventh_ratio(e, f, r - 5);
  return x < 0 ? -y : y;
}

// random_normal is number i of the key's stream, normal with mean 0 and variance 1.
__device__ inline double random_normal(unsigned long long key, unsigned long long i) {
  // The half keeps the argument inside (-1, 1), where the inverse is finite.
  const double u = ((double)(random_bits(key, i) >> 12) + 0.5) / 4503599627370496.0;
  return 1.4142135623730951 * inverse_erf(2 * u - 1);
}

// dropped is entry i after dropout: 0 where its 32 random bits are below the threshold,
// scaled elsewhere. A threshold of 0 says that nothing is dropped.
__device__ inline float dropped(float x, unsigned long long key, size_t i, unsigned threshold, float scale) {
  if (threshold == 0) return x;
  const unsigned long long both = random_bits(key, i / 2);
  return (unsigned)(i % 2 ? both >> 32 : both) < threshold ? 0 : x * scale;
}
