package kernel

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// oddSizes lie around the edges of tiles, vectors and blocks.
var oddSizes = []int{1, 3, 15, 16, 17, 31, 33, 63, 65, 127}

var productNames = [...]string{NN: "NN", NT: "NT", TN: "TN"}

// matrices is one problem for MatMul, with rows further apart than they are long.
type matrices struct {
	kind          Product
	m, n, k       int
	a, b, c       []float32
	lda, ldb, ldc int
}

func newMatrices(kind Product, m, n, k, slack int, seed uint64) matrices {
	x := matrices{kind: kind, m: m, n: n, k: k, lda: k + slack, ldb: n + 2*slack, ldc: n + slack}
	aRows, bRows := m, k
	switch kind {
	case NT:
		bRows, x.ldb = n, k+2*slack
	case TN:
		aRows, x.lda = k, m+slack
	}
	r := rand.New(rand.NewPCG(seed, 0))
	fill := func(n int) []float32 {
		v := make([]float32, n)
		for i := range v {
			v[i] = float32(r.NormFloat64())
		}
		return v
	}
	x.a, x.b, x.c = fill(aRows*x.lda), fill(bRows*x.ldb), fill(m*x.ldc)
	return x
}

func (x *matrices) String() string {
	return fmt.Sprintf("%s %dx%dx%d strides %d %d %d", productNames[x.kind], x.m, x.n, x.k, x.lda, x.ldb, x.ldc)
}

// on computes the product on a copy of C.
func (x *matrices) on(s path, p *Pool, accumulate bool) []float32 {
	c := slices.Clone(x.c)
	matMulOn(s, p, x.kind, x.m, x.n, x.k, x.a, x.lda, x.b, x.ldb, c, x.ldc, accumulate)
	return c
}

// from computes it with sums that begin with a row of numbers.
func (x *matrices) from(s path, p *Pool, row []float32) []float32 {
	c := slices.Clone(x.c)
	matMulFrom(s, p, x.kind, x.m, x.n, x.k, x.a, x.lda, x.b, x.ldb, c, x.ldc, row, 0)
	return c
}

// filled is x with a row of numbers in all rows of C.
func (x matrices) filled(row []float32) matrices {
	x.c = slices.Clone(x.c)
	for i := range x.m {
		copy(x.c[i*x.ldc:], row)
	}
	return x
}

// check compares c with sums in float64, within the rounding bound of k steps in
// float32, and what lies between the rows of C with what it was.
func (x *matrices) check(t *testing.T, c []float32, accumulate bool) {
	t.Helper()
	for i := range x.m {
		for j := range x.n {
			sum, scale := 0.0, 0.0
			if accumulate {
				sum = float64(x.c[i*x.ldc+j])
				scale = math.Abs(sum)
			}
			for q := range x.k {
				ai, bi := i*x.lda+q, q*x.ldb+j
				switch x.kind {
				case NT:
					bi = j*x.ldb + q
				case TN:
					ai = q*x.lda + i
				}
				product := float64(x.a[ai]) * float64(x.b[bi])
				sum += product
				scale += math.Abs(product)
			}
			bound := float64(2*x.k+2) * 0x1p-24 * scale
			if got := float64(c[i*x.ldc+j]); !(math.Abs(got-sum) <= bound) {
				t.Fatalf("%v: C[%d,%d] is %v, want %v ± %.1g", x, i, j, got, sum, bound)
			}
		}
		between := slices.Equal(c[i*x.ldc+x.n:(i+1)*x.ldc], x.c[i*x.ldc+x.n:(i+1)*x.ldc])
		if !between {
			t.Fatalf("%v: wrote beside row %d of C", x, i)
		}
	}
}

// Sums that begin with a row have the bits of those of a C that is filled with it before.
func TestMatMulFromARow(t *testing.T) {
	pool := NewPool(3)
	defer pool.Close()
	row := normals32(700, 5)
	for _, s := range paths() {
		for _, kind := range []Product{NN, NT, TN} {
			for _, shape := range [][3]int{{1, 1, 1}, {3, 9, 17}, {17, 15, 400}, {40, 33, 8}, {300, 96, 32}, {200, 700, 390}, {5, 7, 0}} {
				x := newMatrices(kind, shape[0], shape[1], shape[2], 2, 3)
				x.c = normals32(len(x.c), 4)
				full := x.filled(row[:x.n])
				want := full.on(s, nil, true)
				for _, p := range []*Pool{nil, pool} {
					if got := x.from(s, p, row[:x.n]); !slices.Equal(got, want) {
						t.Errorf("%v %v: other bits", s, &x)
					}
				}
			}
		}
	}
}

func TestMatMulMatchesFloat64(t *testing.T) {
	for _, s := range paths() {
		t.Run(s.String(), func(t *testing.T) {
			r := rand.New(rand.NewPCG(1, 2))
			pick := func() int { return oddSizes[r.IntN(len(oddSizes))] }
			for i := range 240 {
				accumulate := i%2 == 0
				x := newMatrices(Product(i%3), pick(), pick(), pick(), r.IntN(4), uint64(i))
				x.check(t, x.on(s, nil, accumulate), accumulate)
			}
		})
	}
}

// The inner length and the width are cut into blocks where they exceed one.
func TestMatMulAcrossBlocks(t *testing.T) {
	shapes := []struct{ m, n, k int }{{57, 97, 600}, {3, 4100, 9}, {61, 4099, 17}, {120, 33, 257}, {1, 1, 1000}}
	for _, s := range paths() {
		t.Run(s.String(), func(t *testing.T) {
			for _, shape := range shapes {
				for _, kind := range []Product{NN, NT, TN} {
					x := newMatrices(kind, shape.m, shape.n, shape.k, 1, 5)
					x.check(t, x.on(s, nil, true), true)
				}
			}
		})
	}
}

func TestMatMulEmpty(t *testing.T) {
	for _, s := range paths() {
		c := []float32{1, 2}
		matMulOn(s, nil, NN, 1, 2, 0, nil, 0, nil, 2, c, 2, true)
		if !slices.Equal(c, []float32{1, 2}) {
			t.Errorf("%v: adding a sum of nothing gives %v", s, c)
		}
		matMulOn(s, nil, NN, 1, 2, 0, nil, 0, nil, 2, c, 2, false)
		if !slices.Equal(c, []float32{0, 0}) {
			t.Errorf("%v: a sum of nothing is %v", s, c)
		}
	}
	MatMul[float32](nil, NN, 0, 0, 5, nil, 5, nil, 0, nil, 0, false)
}

// One row or one column computed by itself has the same bits as among the others,
// however small the rest: predictions must not depend on the batch.
func TestMatMulRowAlone(t *testing.T) {
	shapes := []struct{ m, n, k int }{{96, 64, 64}, {31, 24, 8}, {200, 130, 300}, {48, 16, 48}, {1000, 128, 36}}
	for _, s := range paths() {
		t.Run(s.String(), func(t *testing.T) {
			for _, shape := range shapes {
				for _, kind := range []Product{NN, NT, TN} {
					x := newMatrices(kind, shape.m, shape.n, shape.k, 0, 9)
					all := x.on(s, nil, true)
					for _, i := range []int{0, x.m / 2, x.m - 1} {
						row := x
						row.m, row.c = 1, x.c[i*x.ldc:(i+1)*x.ldc]
						if kind == TN {
							row.a = x.a[i:]
						} else {
							row.a = x.a[i*x.lda:]
						}
						if !slices.Equal(row.on(s, nil, true), all[i*x.ldc:(i+1)*x.ldc]) {
							t.Errorf("%v: row %d differs alone", &x, i)
						}
					}
				}
			}
		})
	}
}

func TestMatMulSameBitsForAnyWorkers(t *testing.T) {
	shapes := []struct{ m, n, k int }{{700, 130, 65}, {33, 700, 300}, {128, 128, 700}}
	for _, workers := range []int{1, 2, 3, 8} {
		p := NewPool(workers)
		for _, s := range paths() {
			for _, shape := range shapes {
				for _, kind := range []Product{NN, NT, TN} {
					x := newMatrices(kind, shape.m, shape.n, shape.k, 0, 4)
					if !slices.Equal(x.on(s, p, true), x.on(s, nil, true)) {
						t.Errorf("%v with %d workers: %v differs", s, workers, &x)
					}
				}
			}
		}
		p.Close()
	}
}

// Every instruction set rounds once for each multiply-add in the same order.
func TestMatMulSameBitsOnFastPaths(t *testing.T) {
	fast := paths()[1:]
	if len(fast) < 2 {
		t.Skip("needs a machine with AVX-512")
	}
	r := rand.New(rand.NewPCG(3, 3))
	for i := range 60 {
		x := newMatrices(Product(i%3), 1+r.IntN(150), 1+r.IntN(150), 1+r.IntN(400), 0, uint64(i))
		if !slices.Equal(x.on(fast[0], nil, false), x.on(fast[1], nil, false)) {
			t.Fatalf("%v: %v and %v differ", &x, fast[0], fast[1])
		}
	}
}

func TestMatMulDoesNotAllocate(t *testing.T) {
	p := NewPool(2)
	defer p.Close()
	for _, kind := range []Product{NN, NT, TN} {
		for _, shape := range []struct{ m, n, k int }{{24, 24, 8}, {300, 200, 300}} {
			for _, pool := range []*Pool{nil, p} {
				x := newMatrices(kind, shape.m, shape.n, shape.k, 0, 1)
				allocs := testing.AllocsPerRun(50, func() {
					MatMul(pool, x.kind, x.m, x.n, x.k, x.a, x.lda, x.b, x.ldb, x.c, x.ldc, false)
				})
				if allocs > 0 && (pool == nil || activePath() != generic) {
					t.Errorf("%v on %d workers: %v allocations", &x, pool.Workers(), allocs)
				}
			}
		}
	}
}

func TestMatMulRefusesShortOperands(t *testing.T) {
	tests := []struct {
		name    string
		a, b, c int
		lda     int
	}{
		{name: "A", a: 5, b: 6, c: 6, lda: 3},
		{name: "B", a: 6, b: 5, c: 6, lda: 3},
		{name: "C", a: 6, b: 6, c: 3, lda: 3},
		{name: "stride", a: 6, b: 6, c: 6, lda: 2},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			defer func() {
				if v := recover(); v != errMatMul {
					t.Errorf("panicked with %v", v)
				}
			}()
			MatMul(nil, NN, 2, 2, 3, make([]float64, test.a), test.lda, make([]float64, test.b), 2, make([]float64, test.c), 2, false)
		})
	}
}

func TestMatMulFloat64(t *testing.T) {
	// [1 2; 3 4] · [5 6; 7 8], and with the one or the other transposed.
	a, b := []float64{1, 2, 3, 4}, []float64{5, 6, 7, 8}
	for kind, want := range map[Product][]float64{
		NN: {19, 22, 43, 50},
		NT: {17, 23, 39, 53},
		TN: {26, 30, 38, 44},
	} {
		c := make([]float64, 4)
		MatMul(nil, kind, 2, 2, 2, a, 2, b, 2, c, 2, false)
		if !slices.Equal(c, want) {
			t.Errorf("%s: %v, want %v", productNames[kind], c, want)
		}
	}
}

func FuzzMatMul(f *testing.F) {
	f.Add(uint8(0), uint8(96), uint8(64), uint16(64), uint8(0), uint64(1), false)
	f.Add(uint8(1), uint8(15), uint8(33), uint16(300), uint8(3), uint64(2), true)
	f.Add(uint8(2), uint8(29), uint8(9), uint16(513), uint8(1), uint64(3), true)
	f.Fuzz(func(t *testing.T, kind, m, n uint8, k uint16, slack uint8, seed uint64, accumulate bool) {
		x := newMatrices(Product(kind%3), 1+int(m), 1+int(n), int(k%600), int(slack%8), seed)
		for _, s := range paths() {
			x.check(t, x.on(s, nil, accumulate), accumulate)
		}
	})
}

func BenchmarkMatMul(b *testing.B) {
	shapes := []struct {
		kind    Product
		m, n, k int
	}{
		{NN, 14, 32, 128}, // one tile in the first-level cache: the micro-kernel's own rate
		{NN, 2048, 2048, 2048},
		{NT, 2048, 2048, 2048},
		{TN, 2048, 2048, 2048},
		// Layers.
		{NN, 96, 128, 128},
		{NN, 96, 512, 128},
		{NN, 768, 512, 128},
		{NN, 768, 128, 512},
		{NT, 768, 128, 512},
		{TN, 128, 512, 768},
		{NN, 3072, 512, 512},
		{NN, 10000, 64, 64},
		{NT, 10000, 64, 64},
		{TN, 64, 64, 10000},
		{NN, 10000, 32, 36},
		// One head of attention.
		{NT, 48, 48, 8},
		{NT, 48, 48, 16},
		{NN, 48, 16, 48},
		{TN, 48, 16, 48},
		{NT, 24, 24, 8},
		{NN, 24, 8, 24},
		{TN, 24, 8, 24},
	}
	for _, workers := range []int{1, 2} {
		p := NewPool(workers)
		for _, s := range shapes {
			if workers > 1 && s.m*s.n*s.k < 1<<20 {
				continue
			}
			x := newMatrices(s.kind, s.m, s.n, s.k, 0, 1)
			b.Run(fmt.Sprintf("workers=%d/%s/%dx%dx%d", workers, productNames[s.kind], s.m, s.n, s.k), func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					MatMul(p, x.kind, x.m, x.n, x.k, x.a, x.lda, x.b, x.ldb, x.c, x.ldc, false)
				}
				flops := 2 * float64(s.m) * float64(s.n) * float64(s.k) * float64(b.N)
				b.ReportMetric(flops/b.Elapsed().Seconds()/1e9, "GFLOP/s")
			})
		}
		p.Close()
	}
}
