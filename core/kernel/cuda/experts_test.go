//go:build gpu

package cuda

import (
	"fmt"
	"math"
	"testing"

	"github.com/fusemoe/fusemoe/core/kernel"
	"github.com/fusemoe/fusemoe/core/kernel/kerneltest"
)

// within is how far a result may be from the one in float64, relative to the largest entry:
// the bound that float32 on a device is held to.
const within = 1e-4

// near compares what is on the device with the reference.
func near(t *testing.T, what string, d *Device, got Array, want []float64) {
	t.Helper()
	nearBy(t, within, what, d, got, want)
}

func nearBy(t *testing.T, bound float64, what string, d *Device, got Array, want []float64) {
	t.Helper()
	values := make([]float32, got.Len())
	if err := d.Store(values, got); err != nil {
		t.Fatal(err)
	}
	if len(values) != len(want) {
		t.Fatalf("%s: %d entries, want %d", what, len(values), len(want))
	}
	largest := 1e-3
	for _, v := range want {
		largest = max(largest, math.Abs(v))
	}
	for i, v := range values {
		if !(math.Abs(float64(v)-want[i]) <= bound*largest) {
			t.Fatalf("%s: entry %d is %v, want %v", what, i, v, want[i])
		}
	}
}

// both is the same random numbers on the device and, to the same bits, in float64.
func both(d *Device, n int, scale float64, seed uint64) (Array, []float64) {
	x := kerneltest.Random[float32](n, scale, seed)
	return d.Upload(x), widen(x)
}

func widen(x []float32) []float64 {
	wide := make([]float64, len(x))
	for i, v := range x {
		wide[i] = float64(v)
	}
	return wide
}

func TestExpertsMatchThoseOfTheProcessor(t *testing.T) {
	for _, c := range []struct{ rows, outRows, experts, k, width, hidden, out int }{
		{1, 1, 1, 1, 1, 1, 1},
		{15, 5, 3, 3, 17, 16, 15},
		{66, 33, 5, 2, 3, 31, 1},
		{63, 63, 16, 4, 65, 127, 33},
		{650, 65, 2, 1, 3, 4, 5},
		{257, 257, 64, 4, 31, 33, 63}, // experts without rows
	} {
		t.Run(fmt.Sprint(c), func(t *testing.T) {
			onBoth(t, func(t *testing.T, d *Device) {
				testExperts(t, d, kernel.Experts[float64]{
					Rows: c.rows, OutRows: c.outRows, Experts: c.experts, Width: c.width, Hidden: c.hidden, Out: c.out,
				}, c.k, within)
			})
		})
	}
}

func testExperts(t *testing.T, d *Device, m kernel.Experts[float64], k int, bound float64) {
	t.Helper()
	x, x64 := both(d, m.Rows*m.Width, 1, 1)
	w1, w164 := both(d, m.Experts*m.Width*m.Hidden, 0.5, 2)
	b1, b164 := both(d, m.Experts*m.Hidden, 0.5, 3)
	w2, w264 := both(d, m.Experts*m.Hidden*m.Out, 0.5, 4)
	b2, b264 := both(d, m.Experts*m.Out, 0.5, 5)
	dy, dy64 := both(d, m.OutRows*m.Out, 1, 6)
	gates, gates64 := chosenGates(d, m.Rows, m.Experts, k)
	y64 := make([]float64, m.OutRows*m.Out)
	m.Forward(nil, y64, x64, gates64, w164, b164, w264, b264)
	var grads64 [6][]float64
	for i, s := range [][]float64{x64, gates64, w164, b164, w264, b264} {
		grads64[i] = make([]float64, len(s))
	}
	m.Backward(nil, grads64[0], grads64[1], grads64[2], grads64[3], grads64[4], grads64[5],
		dy64, x64, gates64, w164, b164, w264, b264)

	on := Experts{Rows: m.Rows, OutRows: m.OutRows, Experts: m.Experts, Width: m.Width, Hidden: m.Hidden, Out: m.Out}
	for range 2 { // the second pass finds the memory of the first
		y := d.New(len(y64))
		on.Forward(d, y, x, gates, w1, b1, w2, b2)
		nearBy(t, bound, "y", d, y, y64)
		var grads [6]Array
		for i, g := range grads64 {
			grads[i] = d.New(len(g))
		}
		on.Backward(d, grads[0], grads[1], grads[2], grads[3], grads[4], grads[5], dy, x, gates, w1, b1, w2, b2)
		for i, what := range []string{"dx", "dgates", "dw1", "db1", "dw2", "db2"} {
			nearBy(t, bound, what, d, grads[i], grads64[i])
		}
		d.Free(y)
		d.Free(grads[:]...)
	}
}

// TestExpertsInHalfPrecision holds bf16 to 2 % of the largest entry: its 8 bits of mantissa
// round each factor by up to 0.4 %, in three products one after the other.
func TestExpertsInHalfPrecision(t *testing.T) {
	d := device(t)
	if d.blas == nil {
		t.Skip("without cuBLAS all is float32")
	}
	d.Precision = BF16
	for _, m := range []kernel.Experts[float64]{
		{Rows: 300, OutRows: 300, Experts: 5, Width: 64, Hidden: 128, Out: 32},
		{Rows: 66, OutRows: 33, Experts: 3, Width: 15, Hidden: 17, Out: 9}, // rows that four does not divide
	} {
		testExperts(t, d, m, 2, 2e-2)
	}
}

// chosenGates are top-k gates, and none at all in every seventh row.
func chosenGates(d *Device, rows, experts, k int) (Array, []float64) {
	gates := make([]float32, rows*experts)
	active := make([]bool, rows)
	for r := range active {
		active[r] = r%7 != 3
	}
	top := kernel.TopK[float32]{Rows: rows, Experts: experts, K: k}
	top.Forward(nil, gates, kerneltest.Random[float32](rows*experts, 1, 7), active)
	return d.Upload(gates), widen(gates)
}

// TestGradientsNobodyWants leaves out those of the inputs and of the weights.
func TestGradientsNobodyWants(t *testing.T) {
	d := device(t)
	m := Experts{Rows: 9, OutRows: 9, Experts: 3, Width: 4, Hidden: 5, Out: 6}
	x, w1, b1 := d.New(9*4), d.New(3*4*5), d.New(3*5)
	w2, b2, y := d.New(3*5*6), d.New(3*6), d.New(9*6)
	d.Clear(x, w1, b1, w2, b2)
	gates, _ := chosenGates(d, 9, 3, 2)
	m.Forward(d, y, x, gates, w1, b1, w2, b2)
	m.Backward(d, Array{}, Array{}, Array{}, Array{}, Array{}, Array{}, y, x, gates, w1, b1, w2, b2)
}
