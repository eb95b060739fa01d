// Package pca finds the principal components of vectors that come in blocks and are not
// kept.
package pca

import (
	"math"
	"math/rand/v2"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas64"
	"gonum.org/v1/gonum/lapack/lapack64"
	"gonum.org/v1/gonum/mat"
)

// Sums accumulates vectors of one width, D.
type Sums struct {
	width  int
	n      float64
	origin []float64 // near the mean, so that the sums stay small; nil before the first block
	sum    []float64
	cross  blas64.Symmetric // D x D
}

// NewSums returns the sums of no vectors of that width.
func NewSums(width int) *Sums {
	return &Sums{width: width, sum: make([]float64, width), cross: blas64.Symmetric{
		N: width, Stride: width, Uplo: blas.Upper, Data: make([]float64, width*width),
	}}
}

// Len is the number of vectors so far.
func (s *Sums) Len() int { return int(s.n) }

// Add adds vectors of width D. The time is mostly that of one product of matrices, so a
// hundred at once are faster than one by one.
func (s *Sums) Add(vectors [][]float32) {
	if len(vectors) == 0 {
		return
	}
	block := blas64.General{Rows: len(vectors), Cols: s.width, Stride: s.width, Data: make([]float64, len(vectors)*s.width)}
	if s.origin == nil {
		s.origin = make([]float64, s.width)
		for _, v := range vectors {
			for j, x := range v {
				s.origin[j] += float64(x) / float64(len(vectors))
			}
		}
	}
	for i, v := range vectors {
		row := block.Data[i*s.width : (i+1)*s.width]
		for j, x := range v {
			row[j] = float64(x) - s.origin[j]
			s.sum[j] += row[j]
		}
	}
	s.n += float64(len(vectors))
	blas64.Syrk(blas.Trans, 1, block, 1, s.cross)
}

// Basis is the principal components of standardised vectors.
type Basis struct {
	// Mean and Deviation are of each of the D values; a constant value has deviation 0.
	Mean, Deviation []float64
	// Components are K orthonormal vectors of width D, those of the largest variance
	// first. A vector's coordinates are their products with its standardised values.
	Components [][]float64
	// Variances are those of the K coordinates.
	Variances []float64
	// Kept is the share of all variance that the K coordinates have.
	Kept float64
}

// Basis returns the leading components, at most D.
func (s *Sums) Basis(components int) Basis {
	b := Basis{Mean: make([]float64, s.width), Deviation: make([]float64, s.width)}
	correlation := s.correlation(&b)
	var total float64
	for j := range s.width {
		total += correlation.At(j, j)
	}
	vectors, variances := leading(correlation, components)
	for k := range components {
		v := mat.Col(nil, k, vectors)
		orient(v)
		b.Components = append(b.Components, v)
		b.Variances = append(b.Variances, max(variances[k], 0))
		b.Kept += b.Variances[k] / max(total, math.SmallestNonzeroFloat64)
	}
	return b
}

// correlation is the covariance of the standardised values. It fills in mean and
// deviation.
func (s *Sums) correlation(b *Basis) *mat.SymDense {
	// constant is the deviation, against the mean, below which float32 cannot tell values
	// apart.
	const constant = 0x1p-22
	for j := range s.width {
		shift := s.sum[j] / s.n
		b.Mean[j] = s.origin[j] + shift
		d := math.Sqrt(max(s.cross.Data[j*s.width+j]/s.n-shift*shift, 0))
		if d > constant*math.Abs(b.Mean[j]) {
			b.Deviation[j] = d
		}
	}
	out := mat.NewSymDense(s.width, nil)
	for i, di := range b.Deviation {
		for j := i; j < s.width; j++ {
			if dj := b.Deviation[j]; di > 0 && dj > 0 {
				covariance := s.cross.Data[i*s.width+j]/s.n - s.sum[i]/s.n*(s.sum[j]/s.n)
				out.SetSym(i, j, covariance/(di*dj))
			}
		}
	}
	return out
}

const (
	// spare directions beside those asked for speed up convergence, which goes by the
	// ratio of the first eigenvalue left out to the last one asked for.
	spare = 32
	// enough is the relative gain of variance that ends the iteration, mostly after 10
	// to 30 rounds; mostRounds is for matrices that have little to choose from.
	enough     = 1e-6
	mostRounds = 200
)

// leading returns the eigenvectors of the largest eigenvalues of a positive semidefinite
// matrix, as columns, by subspace iteration (Golub and Van Loan, "Matrix computations",
// section 8.2.4). All eigenvectors at once would take ten times as long.
func leading(a *mat.SymDense, k int) (vectors *mat.Dense, values []float64) {
	n := a.SymmetricDim()
	p := min(k+spare, n)
	q, z := mat.NewDense(n, p, nil), mat.NewDense(n, p, nil)
	random := rand.New(rand.NewPCG(1, 1)) // any start will do, but always the same
	for i := range n {
		for j := range p {
			q.Set(i, j, random.NormFloat64())
		}
	}
	last := 0.0
	for round := 1; ; round++ {
		orthonormalize(q)
		z.Mul(a, q)
		trace := mat.Dot(flat(z), flat(q)) // of q' a q: the variance that q holds
		if trace-last <= enough*trace || round == mostRounds {
			return ritz(q, z, k)
		}
		last = trace
		q, z = z, q
	}
}

// flat is a matrix as one vector.
func flat(m *mat.Dense) *mat.VecDense {
	data := m.RawMatrix().Data
	return mat.NewVecDense(len(data), data)
}

// ritz returns the best k approximations to eigenvectors within the orthonormal columns
// of q, of which z are the images, and their eigenvalues.
func ritz(q, z *mat.Dense, k int) (vectors *mat.Dense, values []float64) {
	_, p := q.Dims()
	var small mat.Dense
	small.Mul(q.T(), z)
	symmetric := mat.NewSymDense(p, nil)
	for i := range p {
		for j := i; j < p; j++ {
			symmetric.SetSym(i, j, (small.At(i, j)+small.At(j, i))/2)
		}
	}
	var eigen mat.EigenSym
	if !eigen.Factorize(symmetric, true) {
		panic(notFinite)
	}
	var inner, all mat.Dense
	eigen.VectorsTo(&inner) // ascending
	all.Mul(q, &inner)
	n, _ := q.Dims()
	vectors = mat.NewDense(n, k, nil)
	ascending := eigen.Values(nil)
	for j := range k {
		vectors.SetCol(j, mat.Col(nil, p-1-j, &all))
		values = append(values, ascending[p-1-j])
	}
	return vectors, values
}

const notFinite = "pca: a value is not finite"

// orthonormalize replaces the columns of m by orthonormal ones that span the same space.
func orthonormalize(m *mat.Dense) {
	a := m.RawMatrix()
	tau := make([]float64, a.Cols)
	size := []float64{0}
	lapack64.Geqrf(a, tau, size, -1)
	work := make([]float64, int(size[0]))
	lapack64.Geqrf(a, tau, work, len(work))
	lapack64.Orgqr(a, tau, size, -1)
	work = make([]float64, int(size[0]))
	lapack64.Orgqr(a, tau, work, len(work))
}

// orient chooses the sign of a vector: its largest value is positive.
func orient(v []float64) {
	largest := 0.0
	for _, x := range v {
		if math.Abs(x) > math.Abs(largest) {
			largest = x
		}
	}
	if largest < 0 {
		for i := range v {
			v[i] = -v[i]
		}
	}
}
