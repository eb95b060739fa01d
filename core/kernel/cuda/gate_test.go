//go:build gpu

package cuda

import (
	"fmt"
	"testing"

	"github.com/fusemoe/fusemoe/core/kernel"
	"github.com/fusemoe/fusemoe/core/kernel/kerneltest"
)

func TestGateLogitsMatchThoseOfTheProcessor(t *testing.T) {
	for _, kind := range []kernel.Gate{kernel.Softmax, kernel.Laplace, kernel.Gaussian} {
		for _, c := range []struct{ groups, rows, width, experts int }{{1, 1, 1, 1}, {2, 33, 17, 5}, {3, 65, 127, 16}} {
			t.Run(fmt.Sprint(kind, c), func(t *testing.T) {
				onBoth(t, func(t *testing.T, d *Device) {
					testGate(t, d, kernel.GateLogits[float64]{
						Kind: kind, Groups: c.groups, Rows: c.rows, Width: c.width, Experts: c.experts,
					})
				})
			})
		}
	}
}

func testGate(t *testing.T, d *Device, l kernel.GateLogits[float64]) {
	x, x64 := both(d, l.Groups*l.Rows*l.Width, 1, 1)
	w, w64 := both(d, l.Groups*l.Experts*l.Width, 1, 2)
	bias, bias64 := both(d, l.Groups*l.Experts, 1, 3)
	dlogits, dlogits64 := both(d, l.Groups*l.Rows*l.Experts, 1, 4)
	if l.Kind != kernel.Softmax {
		bias, bias64 = Array{}, nil
	}
	logits64, dx64, dw64 := make([]float64, len(dlogits64)), make([]float64, len(x64)), make([]float64, len(w64))
	var dbias64 []float64 // of the softmax gate alone
	if bias64 != nil {
		dbias64 = make([]float64, len(bias64))
	}
	l.Forward(nil, logits64, x64, w64, bias64)
	l.Backward(nil, dx64, dw64, dbias64, dlogits64, x64, w64, logits64)

	on := GateLogits{Kind: l.Kind, Groups: l.Groups, Rows: l.Rows, Width: l.Width, Experts: l.Experts}
	logits, dx, dw, dbias := d.New(len(logits64)), d.New(len(dx64)), d.New(len(dw64)), d.New(len(dbias64))
	on.Forward(d, logits, x, w, bias)
	near(t, "logits", d, logits, logits64)
	on.Backward(d, dx, dw, dbias, dlogits, x, w, logits)
	near(t, "dx", d, dx, dx64)
	near(t, "dw", d, dw, dw64)
	near(t, "dbias", d, dbias, dbias64)
}

// TestNearDistances puts rows next to experts, where |x|² - 2x·w + |w|² would lose its
// digits, and one upon an expert, where the Laplace gate has no slope.
func TestNearDistances(t *testing.T) {
	onBoth(t, func(t *testing.T, d *Device) {
		l := kernel.GateLogits[float64]{Kind: kernel.Laplace, Groups: 1, Rows: 3, Width: 31, Experts: 2}
		w32 := kerneltest.Random[float32](2*31, 100, 1)
		x32 := append(append(append([]float32{}, w32[:31]...), w32[31:]...), w32[:31]...)
		for i := range 31 {
			x32[31+i] += 0.01
		}
		logits64 := make([]float64, 6)
		l.Forward(nil, logits64, widen(x32), widen(w32), nil)
		on := GateLogits{Kind: kernel.Laplace, Groups: 1, Rows: 3, Width: 31, Experts: 2}
		logits, x, w := d.New(6), d.Upload(x32), d.Upload(w32)
		on.Forward(d, logits, x, w, Array{})
		got := make([]float32, 6)
		if err := d.Store(got, logits); err != nil {
			t.Fatal(err)
		}
		if got[0] != 0 || got[4] != 0 {
			t.Errorf("upon an expert the distance is %v and %v", got[0], got[4])
		}
		if r := float64(got[3]) / logits64[3]; r < 1-within || r > 1+within {
			t.Errorf("near an expert the logit is %v, want %v", got[3], logits64[3])
		}
		dx, dlogits := d.New(len(x32)), d.Upload([]float32{1, 0, 0, 0, 0, 0})
		on.Backward(d, dx, Array{}, Array{}, dlogits, x, w, logits)
		near(t, "dx", d, dx, make([]float64, len(x32)))
	})
}

func TestTopKMatchesThatOfTheProcessor(t *testing.T) {
	d := device(t)
	for _, c := range []struct{ rows, experts, k int }{{1, 1, 1}, {65, 16, 4}, {300, 5, 5}, {17, 64, 2}} {
		logits32 := kerneltest.Random[float32](c.rows*c.experts, 2, 1)
		for i := range logits32 { // ties
			logits32[i] = float32(int(logits32[i]))
		}
		active := make([]bool, c.rows)
		marks := make([]int32, c.rows)
		for r := range active {
			if active[r] = r%5 != 2; active[r] {
				marks[r] = 1
			}
		}
		dgates, dgates64 := both(d, c.rows*c.experts, 1, 2)
		gates64, dlogits64 := make([]float64, len(logits32)), make([]float64, len(logits32))
		top := kernel.TopK[float64]{Rows: c.rows, Experts: c.experts, K: c.k}
		top.Forward(nil, gates64, widen(logits32), active)
		top.Backward(nil, dlogits64, dgates64, gates64)

		marked := d.New(c.rows)
		d.LoadInts(marked, marks)
		gates, dlogits := d.New(len(logits32)), d.New(len(logits32))
		on := TopK{Rows: c.rows, Experts: c.experts, K: c.k}
		on.Forward(d, gates, d.Upload(logits32), marked)
		near(t, fmt.Sprint(c, " gates"), d, gates, gates64)
		on.Backward(d, dlogits, dgates, gates)
		near(t, fmt.Sprint(c, " dlogits"), d, dlogits, dlogits64)
	}
}
