package kernel_test

import (
	"math"
	"slices"
	"testing"

	"github.com/fusemoe/fusemoe/core/kernel"
	"github.com/fusemoe/fusemoe/core/kernel/kerneltest"
)

func TestDropoutKeepsTheRateAndTheMean(t *testing.T) {
	const n = 200_000
	for _, rate := range []float64{0.1, 0.5, 0.9} {
		d := kernel.Dropout[float64]{Size: n, Rate: rate}
		x, y := make([]float64, n), garbage[float64](n)
		for i := range x {
			x[i] = 1
		}
		d.Forward(nil, y, x, kernel.Key(1), true)
		dropped := 0
		for i, v := range y {
			if v == 0 {
				dropped++
			} else if math.Abs(v-1/(1-rate)) > 1e-12 {
				t.Fatalf("rate %v: entry %d is %v", rate, i, v)
			}
		}
		if got := float64(dropped) / n; math.Abs(got-rate) > 4*math.Sqrt(rate*(1-rate)/n) {
			t.Errorf("rate %v: dropped %v", rate, got)
		}
	}
}

func TestDropoutDependsOnTheKeyAlone(t *testing.T) {
	d := kernel.Dropout[float32]{Size: 10_001, Rate: 0.3}
	x := kerneltest.Random[float32](d.Size, 1, 1)
	draw := func(p *kernel.Pool, key uint64) []float32 {
		y := make([]float32, d.Size)
		d.Forward(p, y, x, key, true)
		return y
	}
	sameForAnyWorkers(t, func(p *kernel.Pool) [][]float32 { return [][]float32{draw(p, 5)} })
	if slices.Equal(draw(nil, 5), draw(nil, 6)) {
		t.Error("two keys drop the same entries")
	}
}

func TestDropoutDoesNothingOutsideTraining(t *testing.T) {
	x, y := normals(33, 1), garbage[float64](33)
	d := kernel.Dropout[float64]{Size: 33, Rate: 0.5}
	d.Forward(nil, y, x, 1, false)
	if !slices.Equal(x, y) {
		t.Error("dropout changed its input in prediction")
	}
	d.Rate = 0
	d.Forward(nil, y, x, 1, true)
	if !slices.Equal(x, y) {
		t.Error("dropout at rate 0 changed its input")
	}
}

func TestDropoutAndResidualGradients(t *testing.T) {
	for _, training := range []bool{false, true} {
		const n, key = 65, 9
		d := kernel.Dropout[float64]{Size: n, Rate: 0.4}
		r := kernel.Residual[float64]{Size: n, Rate: 0.4}
		x, z, dy, y := normals(n, 1), normals(n, 2), normals(n, 3), make([]float64, n)
		dx, dz := garbage[float64](n), garbage[float64](n)
		d.Backward(nil, dx, dy, key, training)
		kerneltest.CheckGradients(t, func() float64 {
			d.Forward(nil, y, x, key, training)
			return weighted(y, dy)
		}, [][]float64{x}, [][]float64{dx})
		r.Backward(nil, dx, dz, dy, key, training)
		kerneltest.CheckGradients(t, func() float64 {
			r.Forward(nil, y, x, z, key, training)
			return weighted(y, dy)
		}, [][]float64{x, z}, [][]float64{dx, dz})
	}
}

func TestResidualAddsTheDroppedOutBranch(t *testing.T) {
	const n, key = 9000, 4
	x, z := kerneltest.Random[float32](n, 1, 1), kerneltest.Random[float32](n, 1, 2)
	want := make([]float32, n)
	d := kernel.Dropout[float32]{Size: n, Rate: 0.2}
	d.Forward(nil, want, z, key, true)
	for i := range want {
		want[i] += x[i]
	}
	r := kernel.Residual[float32]{Size: n, Rate: 0.2}
	sameForAnyWorkers(t, func(p *kernel.Pool) [][]float32 {
		y := garbage[float32](n)
		r.Forward(p, y, x, z, key, true)
		if !slices.Equal(y, want) {
			t.Error("the residual is not x + dropout(z)")
		}
		return [][]float32{y}
	})
}

// What is left of a larger array drops what the larger one drops there, of even and odd
// rows.
func TestPartsDropWhatTheWholeDrops(t *testing.T) {
	const rows, every, key = 65, 3, 4
	for _, width := range []int{1, 7, 16, 33} {
		last := kernel.LastOf{Width: width, Every: every}
		x, z := kerneltest.Random[float32](rows*every*width, 1, 1), kerneltest.Random[float32](rows*every*width, 1, 2)
		lastRows := func(whole []float32) (part []float32) {
			for r := range rows {
				part = append(part, whole[((r+1)*every-1)*width:][:width]...)
			}
			return part
		}
		equal := func(what string, got, whole []float32) {
			t.Helper()
			if !slices.Equal(got, lastRows(whole)) {
				t.Errorf("width %d: %s of a part differs from that of the whole", width, what)
			}
		}
		all, y := garbage[float32](len(x)), garbage[float32](rows*width)
		whole := kernel.Residual[float32]{Size: len(x), Rate: 0.4}
		part := kernel.Residual[float32]{Size: len(y), Rate: 0.4, Last: last}
		whole.Forward(nil, all, x, z, key, true)
		sameForAnyWorkers(t, func(p *kernel.Pool) [][]float32 {
			part.Forward(p, y, lastRows(x), lastRows(z), key, true)
			return [][]float32{y}
		})
		equal("the residual", y, all)

		whole.Backward(nil, nil, all, x, key, true)
		part.Backward(nil, nil, y, lastRows(x), key, true)
		equal("the gradient of the residual", y, all)

		(&kernel.Dropout[float32]{Size: len(y), Rate: 0.4, Last: last}).Forward(nil, y, lastRows(x), key, true)
		equal("dropout", y, all)
	}
}
