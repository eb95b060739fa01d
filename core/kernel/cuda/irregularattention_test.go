//go:build gpu

package cuda

import (
	"fmt"
	"slices"
	"testing"

	"github.com/fusemoe/fusemoe/core/kernel"
	"github.com/fusemoe/fusemoe/core/kernel/kerneltest"
)

// randomSeries has the given numbers of rows, and share is how much is observed; from 1 on,
// all is, without a mask.
func randomSeries(d *Device, rows []int, width int, share float64) (Series, *kernel.Series[float64]) {
	s := &kernel.Series[float64]{Start: []int{0}, Width: width}
	starts := []int32{0}
	for i, n := range rows {
		times := kerneltest.Random[float32](n, 0.5, uint64(100+i))
		slices.Sort(times)
		for _, t := range times {
			s.Times = append(s.Times, float64(t+0.5))
		}
		s.Start = append(s.Start, len(s.Times))
		starts = append(starts, int32(len(s.Times)))
	}
	values := kerneltest.Random[float32](len(s.Times)*width, 1, 7)
	observed := make([]float32, len(values))
	for i := range observed {
		if kernel.Uniform(3, uint64(i)) < share {
			observed[i] = 1
		} else {
			values[i] = 0
		}
	}
	s.Values = widen(values)
	on := Series{Width: width, Start: d.New(len(starts)), Times: d.Upload(narrow(s.Times)), Values: d.Upload(values)}
	d.LoadInts(on.Start, starts)
	if share < 1 {
		on.Observed, s.Observed = d.Upload(observed), widen(observed)
	}
	return on, s
}

func narrow(x []float64) []float32 {
	y := make([]float32, len(x))
	for i, v := range x {
		y[i] = float32(v)
	}
	return y
}

func TestIrregularAttentionMatchesThatOfTheProcessor(t *testing.T) {
	for _, c := range []struct {
		rows                       []int
		steps, heads, embed, width int
		share, scale               float64
		flags                      bool
	}{
		{rows: []int{1}, steps: 1, heads: 1, embed: 1, width: 1, share: 1, scale: 0.5},
		{rows: []int{3, 0, 16}, steps: 5, heads: 2, embed: 6, width: 3, share: 1, scale: 0.5, flags: true},
		{rows: []int{17, 1, 0, 33}, steps: 15, heads: 4, embed: 16, width: 17, share: 0.3, scale: 0.5, flags: true},
		{rows: []int{0, 140, 65}, steps: 33, heads: 5, embed: 35, width: 9, share: 0.1, scale: 0.2},
		{rows: []int{4, 2}, steps: 3, heads: 1, embed: 8, width: 2, share: 0, scale: 0.5, flags: true},
		{rows: []int{0, 0}, steps: 3, heads: 1, embed: 8, width: 2, share: 0.5, scale: 0.5, flags: true},
	} {
		t.Run(fmt.Sprint(c), func(t *testing.T) {
			onBoth(t, func(t *testing.T, d *Device) {
				s, s64 := randomSeries(d, c.rows, c.width, c.share)
				w, w64 := randomTimeWeights(d, c.embed, c.scale)
				testIrregularAttention(t, d, kernel.IrregularAttention[float64]{
					Samples: len(c.rows), Steps: c.steps, Heads: c.heads, Embed: c.embed, Width: c.width, Flags: c.flags,
				}, s, s64, w, w64)
			})
		})
	}
}

func randomTimeWeights(d *Device, e int, scale float64) (TimeWeights, kernel.TimeWeights[float64]) {
	var on TimeWeights
	var w kernel.TimeWeights[float64]
	on.Weight, w.Weight = both(d, e, 3, 11)
	on.Bias, w.Bias = both(d, e, 1, 12)
	on.Query, w.Query = both(d, e*e, scale, 13)
	on.QueryBias, w.QueryBias = both(d, e, scale, 14)
	on.Key, w.Key = both(d, e*e, scale, 15)
	on.KeyBias, w.KeyBias = both(d, e, scale, 16)
	return on, w
}

func testIrregularAttention(t *testing.T, d *Device, a kernel.IrregularAttention[float64], s Series,
	s64 *kernel.Series[float64], w TimeWeights, w64 kernel.TimeWeights[float64],
) {
	e, columns := a.Embed, a.Heads*a.Width
	if a.Flags {
		columns += a.Width
	}
	y64 := make([]float64, a.Samples*a.Steps*columns)
	dy, dy64 := both(d, len(y64), 1, 21)
	dw64 := kernel.TimeWeights[float64]{
		Weight: make([]float64, e), Bias: make([]float64, e), Query: make([]float64, e*e),
		QueryBias: make([]float64, e), Key: make([]float64, e*e), KeyBias: make([]float64, e),
	}
	a.Forward(nil, y64, s64, w64)
	a.Backward(nil, dw64, dy64, s64, w64)

	on := IrregularAttention{
		Samples: a.Samples, Steps: a.Steps, Heads: a.Heads, Embed: a.Embed, Width: a.Width, Flags: a.Flags,
	}
	y := d.New(len(y64))
	// A softmax knows no shift, so the gradient of the key's bias is nothing but the rounding
	// of that of the key.
	keys := d.New(e*e + e)
	dw := TimeWeights{
		Weight: d.New(e), Bias: d.New(e), Query: d.New(e * e), QueryBias: d.New(e),
		Key: keys.Slice(0, e*e), KeyBias: keys.Slice(e*e, e),
	}
	for range 2 { // the second pass finds the memory of the first
		on.Forward(d, y, s, w)
		near(t, "y", d, y, y64)
		on.Backward(d, dw, dy, s, w)
		near(t, "dweight", d, dw.Weight, dw64.Weight)
		near(t, "dbias", d, dw.Bias, dw64.Bias)
		near(t, "dquery", d, dw.Query, dw64.Query)
		near(t, "dquerybias", d, dw.QueryBias, dw64.QueryBias)
		near(t, "dkey", d, keys, append(slices.Clone(dw64.Key), dw64.KeyBias...))
	}
	on.Forward(d, y, s, w)
	on.Backward(d, TimeWeights{}, dy, s, w)
}

// TestIrregularAttentionUnderflow attends a feature that was observed only where the
// sample's weights vanish, at a score gap below the highest.
func TestIrregularAttentionUnderflow(t *testing.T) {
	d := device(t)
	for _, gap := range []float32{60, 90, 100, 120} {
		wide := func(x ...float32) (Array, []float64) { return d.Upload(x), widen(x) }
		var w TimeWeights
		var w64 kernel.TimeWeights[float64]
		w.Weight, w64.Weight = wide(1)
		w.Bias, w64.Bias = wide(0.125)
		w.Query, w64.Query = wide(0.5)
		w.QueryBias, w64.QueryBias = wide(1)
		w.Key, w64.Key = wide(gap)
		w.KeyBias, w64.KeyBias = wide(0.25)
		s, s64 := Series{Width: 2, Start: d.New(2)}, &kernel.Series[float64]{Start: []int{0, 4}, Width: 2}
		d.LoadInts(s.Start, []int32{0, 4})
		s.Times, s64.Times = wide(0, 0.015625, 0.03125, 1)
		s.Values, s64.Values = wide(0, 2, 0, -1, 3, 0, 5, 0)
		s.Observed, s64.Observed = wide(0, 1, 0, 1, 1, 0, 1, 0)
		t.Run(fmt.Sprint(gap), func(t *testing.T) {
			testIrregularAttention(t, d,
				kernel.IrregularAttention[float64]{Samples: 1, Steps: 3, Heads: 1, Embed: 1, Width: 2}, s, s64, w, w64)
		})
	}
}
