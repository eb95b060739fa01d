package kernel_test

import (
	"slices"
	"testing"

	"github.com/fusemoe/fusemoe/core/kernel"
	"github.com/fusemoe/fusemoe/core/kernel/kerneltest"
)

func TestColumns(t *testing.T) {
	c := kernel.Columns[float64]{Groups: 2, Rows: 3, Width: 2}
	x := []float64{1, 2, 3, 4, 5, 6, 10, 20, 30, 40, 50, 60}
	y, back := garbage[float64](12), garbage[float64](12)
	c.Forward(nil, y, x)
	near(t, "y", y, []float64{1, 2, 10, 20, 3, 4, 30, 40, 5, 6, 50, 60}, 0)
	c.Backward(nil, back, y)
	near(t, "dx", back, x, 0)
	c.Backward(nil, nil, y)
}

// Outside training, and without a rate, AddColumns adds what Columns would undo.
func TestAddColumns(t *testing.T) {
	x, y := kerneltest.Random[float64](30, 1, 1), kerneltest.Random[float64](30, 1, 2)
	split := garbage[float64](30)
	(&kernel.Columns[float64]{Groups: 3, Rows: 2, Width: 5}).Backward(nil, split, y)
	for i := range split {
		split[i] += x[i]
	}
	for _, c := range []struct {
		rate     float64
		training bool
	}{{0, true}, {0.5, false}} {
		a := kernel.AddColumns[float64]{Groups: 3, Rows: 2, Width: 5, Rate: c.rate}
		out := garbage[float64](30)
		a.Forward(nil, out, x, y, 7, c.training)
		near(t, "out", out, split, 0)
	}
}

// In training a share of the values is dropped, and the mean stays what it was.
func TestAddColumnsDropsItsShare(t *testing.T) {
	const n = 8 * 1000 * 4
	a := kernel.AddColumns[float64]{Groups: 8, Rows: 1000, Width: 4, Rate: 0.25}
	x, y, out := make([]float64, n), make([]float64, n), garbage[float64](n)
	for i := range y {
		y[i] = 1
	}
	a.Forward(nil, out, x, y, 7, true)
	dropped, sum := 0, 0.0
	for _, v := range out {
		sum += v
		if v == 0 {
			dropped++
		}
	}
	if share := float64(dropped) / n; share < 0.24 || share > 0.26 {
		t.Errorf("dropped %v of the values, not a quarter", share)
	}
	if mean := sum / n; mean < 0.99 || mean > 1.01 {
		t.Errorf("the mean became %v", mean)
	}
}

func TestAddColumnsGradients(t *testing.T) {
	for _, training := range []bool{true, false} {
		a := kernel.AddColumns[float64]{Groups: 3, Rows: 2, Width: 5, Rate: 0.4}
		x, y := kerneltest.Random[float64](30, 1, 1), kerneltest.Random[float64](30, 1, 2)
		out, dout := garbage[float64](30), kerneltest.Random[float64](30, 1, 3)
		dx, dy := garbage[float64](30), garbage[float64](30)
		a.Backward(nil, dx, dy, dout, 7, training)
		kerneltest.CheckGradients(t, func() float64 {
			a.Forward(nil, out, x, y, 7, training)
			return weighted(out, dout)
		}, [][]float64{x, y}, [][]float64{dx, dy})
		a.Backward(nil, nil, nil, dout, 7, training)
	}
}

func TestAddColumnsWorkers(t *testing.T) {
	a := kernel.AddColumns[float32]{Groups: 3, Rows: 65, Width: 63, Rate: 0.4}
	n := 3 * 65 * 63
	x, y := kerneltest.Random[float32](n, 1, 1), kerneltest.Random[float32](n, 1, 2)
	sameForAnyWorkers(t, func(p *kernel.Pool) [][]float32 {
		out, dx, dy, side := garbage[float32](n), garbage[float32](n), garbage[float32](n), garbage[float32](n)
		a.Forward(p, out, x, y, 7, true)
		a.Backward(p, dx, dy, out, 7, true)
		(&kernel.Columns[float32]{Groups: 3, Rows: 65, Width: 63}).Forward(p, side, x)
		return [][]float32{out, dx, dy, side}
	})
}

// The last rows of a larger array are dropped as they are in the whole.
func TestAddColumnsOfAPart(t *testing.T) {
	const groups, rows, every, width, key = 2, 3, 4, 5, 7
	whole := kernel.AddColumns[float64]{Groups: groups, Rows: rows * every, Width: width, Rate: 0.4}
	part := kernel.AddColumns[float64]{Groups: groups, Rows: rows, Width: width, Rate: 0.4, Every: every}
	n := groups * rows * width
	x, y := normals(n*every, 1), normals(n*every, 2)
	px, py := make([]float64, 0, n), make([]float64, n)
	for r := range groups * rows {
		px = append(px, x[((r+1)*every-1)*width:][:width]...)
	}
	for r := range rows {
		copy(py[r*groups*width:][:groups*width], y[((r+1)*every-1)*groups*width:])
	}
	all, out := make([]float64, n*every), garbage[float64](n)
	whole.Forward(nil, all, x, y, key, true)
	part.Forward(nil, out, px, py, key, true)
	for r := range groups * rows {
		if !slices.Equal(out[r*width:][:width], all[((r+1)*every-1)*width:][:width]) {
			t.Errorf("row %d differs from that of the whole", r)
		}
	}
}
