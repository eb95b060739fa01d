package kernel

import (
	"fmt"
	"math"
	"testing"
)

// cellWidths are odd ones, and numbers of whole vectors that are odd and even.
var cellWidths = []int{1, 3, 15, 16, 17, 31, 32, 33, 48, 63, 64, 65, 80, 127, 128}

// cellCase is a block of cells of n values.
type cellCase[F Float] struct {
	n                       int
	begin                   []int32
	before, dhidden, gates  []F
	hidden, dbefore         []F
	sums, along, work, more []F
}

// newCellCase has cells of 1 to 4 pairs, which are not the first ones of their expert, and
// special values among what is known.
func newCellCase[F Float](n, cells int) *cellCase[F] {
	c := &cellCase[F]{n: n, begin: []int32{7}}
	for i := range cells {
		c.begin = append(c.begin, c.begin[i]+1+int32(i*i%4))
	}
	pairs := int(c.begin[cells] - 7)
	of := func(n int, key uint64) []F {
		x := make([]F, n)
		for i, v := range normals32(n, key) {
			x[i] = F(v)
		}
		return x
	}
	c.before, c.dhidden, c.gates = of(pairs*n, 1), of(cells*n, 2), of(pairs, 3)
	copy(c.before[len(c.before)/2:], []F{-100, 100, 0, F(math.Copysign(0, -1)), -1e-30, -15, 15})
	c.hidden, c.dbefore = of(cells*n, 4), of(pairs*n, 5)
	c.sums, c.along, c.work, c.more = of(n, 6), of(pairs, 7), of(pairs*n, 8), of(2*pairs*n, 9)
	return c
}

func (c *cellCase[F]) run() {
	weighCells(c.hidden, c.before, c.gates, c.begin, c.work)
	cellGradients(c.dbefore, c.sums, c.along, c.dhidden, c.before, c.gates, c.begin, c.more)
}

// results are everything that run fills.
func (c *cellCase[F]) results() [][]F { return [][]F{c.hidden, c.dbefore, c.sums, c.along} }

// parts does what run does in the kernels of single rows.
func parts(s path, c *cellCase[float32]) {
	n := c.n
	for i := range len(c.begin) - 1 {
		hidden, dhidden := c.hidden[i*n:][:n], c.dhidden[i*n:][:n]
		clear(hidden)
		for pair := int(c.begin[i] - 7); pair < int(c.begin[i+1]-7); pair++ {
			before, dbefore := c.before[pair*n:][:n], c.dbefore[pair*n:][:n]
			values, slopes := c.more[:n], c.more[n:][:n]
			geluSlopesOn(s, values, slopes, before)
			axpyOn(s, hidden, c.gates[pair], values)
			c.along[pair] = dotOn(s, values, dhidden)
			copy(dbefore, dhidden)
			weighOn(s, dbefore, c.sums, slopes, c.gates[pair])
		}
	}
}

// On every path, whole cells give the bits of their rows one by one, and what float64
// gives; the fast paths agree to the last bit.
func TestCellsMatchTheirRows(t *testing.T) {
	for _, n := range cellWidths {
		for _, cells := range []int{1, 2, 3, 40} {
			double := newCellCase[float64](n, cells)
			double.run()
			var fast [][]float32
			for _, s := range paths() {
				got, want := newCellCase[float32](n, cells), newCellCase[float32](n, cells)
				OnPath(s.String(), got.run)
				parts(s, want)
				for i, x := range got.results() {
					sameEntries(t, s, x, want.results()[i], true)
					nearDouble(t, fmt.Sprintf("%v: result %d of %d cells of %d", s, i, cells, n), x, double.results()[i])
					if fast != nil {
						sameEntries(t, s, x, fast[i], true)
					}
				}
				if s != generic {
					fast = got.results()
				}
			}
		}
	}
}

// nearDouble allows the rounding of a sum of some hundred values.
func nearDouble(t *testing.T, name string, got []float32, want []float64) {
	t.Helper()
	for i, v := range got {
		if !(math.Abs(float64(v)-want[i]) <= 2e-5*(1+math.Abs(want[i]))) {
			t.Fatalf("%s: entry %d is %v, want %v", name, i, v, want[i])
		}
	}
}

// A NaN stays one, in its row and nowhere else.
func TestCellsKeepNaN(t *testing.T) {
	for _, s := range paths() {
		c := newCellCase[float32](32, 3)
		c.before[5] = float32(math.NaN())
		OnPath(s.String(), c.run)
		for i, v := range c.hidden {
			if isNaN(v) != (i == 5) {
				t.Errorf("%v: hidden entry %d is %v", s, i, v)
			}
		}
		for i, v := range c.dbefore {
			if isNaN(v) != (i == 5) {
				t.Errorf("%v: gradient %d is %v", s, i, v)
			}
		}
		if !isNaN(c.along[0]) || isNaN(c.along[1]) {
			t.Errorf("%v: gradients of gates %v", s, c.along)
		}
	}
}
