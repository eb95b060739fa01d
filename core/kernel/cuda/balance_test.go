//go:build gpu

package cuda

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/fusemoe/fusemoe/core/kernel"
	"github.com/fusemoe/fusemoe/core/kernel/kerneltest"
)

// marked is every third entry off, on the device and on the processor.
func marked(d *Device, n int) (Array, []bool) {
	marks, active := make([]int32, n), make([]bool, n)
	for i := range active {
		if active[i] = i%3 != 1; active[i] {
			marks[i] = 1
		}
	}
	a := d.New(n)
	d.LoadInts(a, marks)
	return a, active
}

// growth is how many times the mass of the last run the sums hold.
func growth(sums, prior []float64) float64 {
	all, last := 0.0, 0.0
	for e, v := range sums {
		all += v
		last += v
		if prior != nil {
			last -= prior[e]
		}
	}
	if last <= 0 {
		return 1
	}
	return all / last
}

// TestImportanceMatchesThatOfTheProcessor runs twice within an optimizer step, so that the
// second run starts from the sums of the first, and once more after a reset.
func TestImportanceMatchesThatOfTheProcessor(t *testing.T) {
	d := device(t)
	for _, c := range []struct{ rows, experts int }{{1, 1}, {65, 16}, {700, 33}} {
		var prior []float64
		var a Accumulator
		on := Importance{Rows: c.rows, Experts: c.experts}
		m := kernel.Importance[float64]{Rows: c.rows, Experts: c.experts}
		dloss, dgates, dgates64 := d.Upload([]float32{0.5}), d.New(c.rows*c.experts), make([]float64, c.rows*c.experts)
		for run := range 3 {
			if run == 2 {
				a.Reset(d)
				prior = nil
			}
			gates32 := kerneltest.Random[float32](c.rows*c.experts, 1, uint64(run))
			for i, v := range gates32 {
				gates32[i] = max(v, 0)
			}
			loss := d.New(1)
			want := m.Forward(nil, widen(gates32), prior)
			m.Backward(nil, dgates64, 0.5*growth(m.Sums(), prior))
			on.Forward(d, loss, d.Upload(gates32), &a)
			near(t, fmt.Sprint(c, " loss"), d, loss, []float64{want})
			on.Backward(d, dgates, dloss, &a)
			near(t, fmt.Sprint(c, " dgates"), d, dgates, dgates64)
			prior = slices.Clone(m.Sums())
			a.Carry(d)
		}
	}
}

func TestLoadMatchesThatOfTheProcessor(t *testing.T) {
	d := device(t)
	for _, c := range []struct{ rows, experts, k int }{{1, 1, 1}, {65, 16, 4}, {300, 5, 5}, {130, 33, 1}} {
		for _, masked := range []bool{false, true} {
			n := c.rows * c.experts
			logits, logits64 := both(d, n, 1, 1)
			raw, raw64 := both(d, n, 1, 2)
			noisy32 := kerneltest.Random[float32](n, 2, 3)
			for i := range noisy32 { // ties
				noisy32[i] = float32(int(4*noisy32[i])) / 4
			}
			noisy, noisy64 := d.Upload(noisy32), widen(noisy32)
			var marks Array
			var active []bool
			if masked {
				marks, active = marked(d, c.rows)
			}
			m := kernel.Load[float64]{Rows: c.rows, Experts: c.experts, K: c.k}
			dlogits64, draw64 := make([]float64, n), make([]float64, n)
			on := Load{Rows: c.rows, Experts: c.experts, K: c.k}
			var a Accumulator
			var prior []float64
			for range 2 {
				want := m.Forward(nil, logits64, noisy64, raw64, active, prior)
				m.Backward(nil, dlogits64, nil, draw64, 10*growth(m.Sums(), prior), logits64, noisy64, raw64, active)
				loss, dloss := d.New(1), d.Upload([]float32{10})
				dlogits, dnoisy, draw := d.New(n), d.New(n), d.New(n)
				on.Forward(d, loss, logits, noisy, raw, marks, &a)
				near(t, fmt.Sprint(c, " loss"), d, loss, []float64{want})
				on.Backward(d, dlogits, dnoisy, draw, dloss, logits, noisy, raw, marks, &a)
				near(t, fmt.Sprint(c, " dlogits"), d, dlogits, dlogits64)
				near(t, fmt.Sprint(c, " draw"), d, draw, draw64)
				near(t, fmt.Sprint(c, " dnoisy"), d, dnoisy, make([]float64, n))
				prior = slices.Clone(m.Sums())
				a.Carry(d)
			}
			on.Backward(d, Array{}, Array{}, Array{}, d.Upload([]float32{1}), logits, noisy, raw, marks, &a)
		}
	}
}

func TestEntropyMatchesThatOfTheProcessor(t *testing.T) {
	d := device(t)
	for _, c := range []struct{ groups, rows, experts int }{{1, 1, 1}, {3, 70, 5}, {2, 200, 33}} {
		n := c.groups * c.rows * c.experts
		logits, logits64 := both(d, n, 3, 1)
		marks, active := marked(d, c.groups*c.rows)
		if c.groups > 2 { // one without any active row
			for i := range c.rows {
				active[i] = false
			}
			d.Clear(marks.Slice(0, c.rows))
		}
		for _, masked := range []bool{false, true} {
			marks, active := marks, active
			if !masked {
				marks, active = Array{}, nil
			}
			m := kernel.Entropy[float64]{Groups: c.groups, Rows: c.rows, Experts: c.experts}
			want, dlogits64 := m.Forward(nil, logits64, active), make([]float64, n)
			m.Backward(nil, dlogits64, 100, logits64, active)
			on := Entropy{Groups: c.groups, Rows: c.rows, Experts: c.experts}
			loss, dlogits := d.New(1), d.New(n)
			on.Forward(d, loss, logits, marks)
			near(t, fmt.Sprint(c, " loss"), d, loss, []float64{want})
			on.Backward(d, dlogits, d.Upload([]float32{100}), logits, marks)
			near(t, fmt.Sprint(c, " dlogits"), d, dlogits, dlogits64)
			if math.IsNaN(want) {
				t.Fatal("the reference is not a number")
			}
		}
	}
}
