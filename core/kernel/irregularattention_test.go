package kernel_test

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/fusemoe/fusemoe/core/kernel"
	"github.com/fusemoe/fusemoe/core/kernel/kerneltest"
)

// randomSeries has the given numbers of rows; share is how much is observed, and 1
// or more means that all is, without a mask.
func randomSeries[F kernel.Float](rows []int, width int, share float64, seed uint64) *kernel.Series[F] {
	s := &kernel.Series[F]{Start: []int{0}, Width: width}
	for i, n := range rows {
		times := make([]float64, n)
		for r := range times {
			times[r] = kernel.Uniform(kernel.Key(seed, 1, uint64(i)), uint64(r))
		}
		slices.Sort(times)
		for _, t := range times {
			s.Times = append(s.Times, F(t))
		}
		s.Start = append(s.Start, len(s.Times))
	}
	s.Values = kerneltest.Random[F](len(s.Times)*width, 1, seed+1)
	if share >= 1 {
		return s
	}
	s.Observed = make([]F, len(s.Values))
	for i := range s.Observed {
		if kernel.Uniform(kernel.Key(seed, 2), uint64(i)) < share {
			s.Observed[i] = 1
		} else {
			s.Values[i] = 0
		}
	}
	return s
}

func randomTimeWeights[F kernel.Float](e int, scale float64, seed uint64) kernel.TimeWeights[F] {
	return kernel.TimeWeights[F]{
		Weight: kerneltest.Random[F](e, 3, seed), Bias: kerneltest.Random[F](e, 1, seed+1),
		Query: kerneltest.Random[F](e*e, scale, seed+2), QueryBias: kerneltest.Random[F](e, scale, seed+3),
		Key: kerneltest.Random[F](e*e, scale, seed+4), KeyBias: kerneltest.Random[F](e, scale, seed+5),
	}
}

// toFloat64 is the same numbers in float64.
func toFloat64(x []float32) []float64 {
	if x == nil {
		return nil
	}
	y := make([]float64, len(x))
	for i, v := range x {
		y[i] = float64(v)
	}
	return y
}

func weightsToFloat64(w kernel.TimeWeights[float32]) kernel.TimeWeights[float64] {
	return kernel.TimeWeights[float64]{
		Weight: toFloat64(w.Weight), Bias: toFloat64(w.Bias), Query: toFloat64(w.Query),
		QueryBias: toFloat64(w.QueryBias), Key: toFloat64(w.Key), KeyBias: toFloat64(w.KeyBias),
	}
}

func seriesToFloat64(s *kernel.Series[float32]) *kernel.Series[float64] {
	return &kernel.Series[float64]{
		Start: s.Start, Width: s.Width, Times: toFloat64(s.Times),
		Values: toFloat64(s.Values), Observed: toFloat64(s.Observed),
	}
}

// embedAndProject is Time2Vec and one projection, written out.
func embedAndProject(t float64, weight, bias, project, projectBias []float64) []float64 {
	e := len(weight)
	out := slices.Clone(projectBias)
	for i := range e {
		phi := weight[i]*t + bias[i]
		if i > 0 {
			phi = math.Sin(phi)
		}
		for j := range e {
			out[j] += phi * project[i*e+j]
		}
	}
	return out
}

// naiveAttention is the method as published: one masked softmax for every sample,
// head, step and feature.
func naiveAttention(a *kernel.IrregularAttention[float64], s *kernel.Series[float64], w kernel.TimeWeights[float64]) []float64 {
	columns := a.Heads * a.Width
	if a.Flags {
		columns += a.Width
	}
	y := make([]float64, a.Samples*a.Steps*columns)
	d := a.Embed / a.Heads
	for i := range a.Samples {
		for t := range a.Steps {
			out := y[(i*a.Steps+t)*columns:][:columns]
			q := embedAndProject(float64(t)/float64(max(a.Steps-1, 1)), w.Weight, w.Bias, w.Query, w.QueryBias)
			for c := range a.Width {
				var rows []int
				for r := s.Start[i]; r < s.Start[i+1]; r++ {
					if s.Observed == nil || s.Observed[r*a.Width+c] != 0 {
						rows = append(rows, r)
					}
				}
				if len(rows) == 0 {
					continue
				}
				if a.Flags {
					out[a.Heads*a.Width+c] = 1
				}
				for h := range a.Heads {
					scores := make([]float64, len(rows))
					for j, r := range rows {
						k := embedAndProject(s.Times[r], w.Weight, w.Bias, w.Key, w.KeyBias)
						for n := h * d; n < (h+1)*d; n++ {
							scores[j] += q[n] * k[n] / math.Sqrt(float64(d))
						}
					}
					highest := slices.Max(scores)
					var sum, value float64
					for j, r := range rows {
						p := math.Exp(scores[j] - highest)
						sum += p
						value += p * s.Values[r*a.Width+c]
					}
					out[h*a.Width+c] = value / sum
				}
			}
		}
	}
	return y
}

// The two products give what a softmax over each feature's own rows gives.
func TestIrregularAttentionIsTheMaskedSoftmax(t *testing.T) {
	for _, c := range []struct {
		rows                       []int
		steps, heads, embed, width int
		share, scale               float64
		flags                      bool
	}{
		{rows: []int{1}, steps: 1, heads: 1, embed: 1, width: 1, share: 1, scale: 0.5},
		{rows: []int{3, 0, 16}, steps: 5, heads: 2, embed: 6, width: 3, share: 1, scale: 0.5, flags: true},
		{rows: []int{17, 1, 0, 33}, steps: 15, heads: 4, embed: 16, width: 17, share: 0.3, scale: 0.5, flags: true},
		{rows: []int{63, 65}, steps: 16, heads: 8, embed: 64, width: 33, share: 0.05, scale: 0.2},
		{rows: []int{4, 2}, steps: 3, heads: 1, embed: 8, width: 2, share: 0, scale: 0.5, flags: true},
		{rows: []int{31, 16}, steps: 7, heads: 2, embed: 8, width: 15, share: 0.1, scale: 4}, // underflows
	} {
		t.Run(fmt.Sprintf("rows=%v width=%d", c.rows, c.width), func(t *testing.T) {
			w := randomTimeWeights[float32](c.embed, c.scale, 7)
			s := randomSeries[float32](c.rows, c.width, c.share, 11)
			wide := &kernel.IrregularAttention[float64]{
				Samples: len(c.rows), Steps: c.steps, Heads: c.heads, Embed: c.embed, Width: c.width, Flags: c.flags,
			}
			want := naiveAttention(wide, seriesToFloat64(s), weightsToFloat64(w))

			got := garbage[float64](len(want))
			wide.Forward(nil, got, seriesToFloat64(s), weightsToFloat64(w))
			near(t, "float64", got, want, 1e-10)

			narrow := &kernel.IrregularAttention[float32]{
				Samples: len(c.rows), Steps: c.steps, Heads: c.heads, Embed: c.embed, Width: c.width, Flags: c.flags,
			}
			single := garbage[float32](len(want))
			narrow.Forward(nil, single, s, w)
			// Scores of hundreds carry the rounding of their own size into the exponent.
			tolerance := 1e-5 * max(1, c.scale*c.scale*10)
			near(t, "float32", toFloat64(single), want, tolerance)
		})
	}
}

// underflowCase is a sample whose second feature was observed only where the first
// product's weights vanish: at a score `gap` below the maximum.
func underflowCase(gap float64) (*kernel.IrregularAttention[float64], *kernel.Series[float64], kernel.TimeWeights[float64]) {
	w := kernel.TimeWeights[float64]{
		Weight: []float64{1}, Bias: []float64{0.125},
		Query: []float64{0.5}, QueryBias: []float64{1},
		Key: []float64{gap}, KeyBias: []float64{0.25},
	}
	s := &kernel.Series[float64]{
		Start: []int{0, 4}, Width: 2, Times: []float64{0, 0.015625, 0.03125, 1},
		Values:   []float64{0, 2, 0, -1, 3, 0, 5, 0},
		Observed: []float64{0, 1, 0, 1, 1, 0, 1, 0},
	}
	return &kernel.IrregularAttention[float64]{Samples: 1, Steps: 3, Heads: 1, Embed: 1, Width: 2}, s, w
}

// A feature keeps its attention where the weights of its rows underflow.
func TestIrregularAttentionUnderflow(t *testing.T) {
	for _, gap := range []float64{60, 90, 100, 120, 600, 700, 750, 900} {
		a, s, w := underflowCase(gap)
		want := naiveAttention(a, s, w)
		if want[1] == 2 || want[1] == -1 || want[1] == 0 {
			t.Fatalf("gap %v: the case proves nothing: %v", gap, want)
		}
		got := garbage[float64](len(want))
		a.Forward(nil, got, s, w)
		near(t, fmt.Sprintf("float64 gap %v", gap), got, want, 1e-9)

		narrow := &kernel.IrregularAttention[float32]{Samples: 1, Steps: 3, Heads: 1, Embed: 1, Width: 2}
		single := garbage[float32](len(want))
		narrow.Forward(nil, single, toFloat32Series(s), toFloat32Weights(w))
		// The scores' own rounding, 2^-24 of their size, comes back as a relative error.
		near(t, fmt.Sprintf("float32 gap %v", gap), toFloat64(single), want, max(1e-5, gap*4e-7))
	}
}

func toFloat32(x []float64) []float32 {
	y := make([]float32, len(x))
	for i, v := range x {
		y[i] = float32(v)
	}
	return y
}

func toFloat32Series(s *kernel.Series[float64]) *kernel.Series[float32] {
	return &kernel.Series[float32]{
		Start: s.Start, Width: s.Width, Times: toFloat32(s.Times),
		Values: toFloat32(s.Values), Observed: toFloat32(s.Observed),
	}
}

func toFloat32Weights(w kernel.TimeWeights[float64]) kernel.TimeWeights[float32] {
	return kernel.TimeWeights[float32]{
		Weight: toFloat32(w.Weight), Bias: toFloat32(w.Bias), Query: toFloat32(w.Query),
		QueryBias: toFloat32(w.QueryBias), Key: toFloat32(w.Key), KeyBias: toFloat32(w.KeyBias),
	}
}

// checkAttentionGradients compares Backward with finite differences of Forward.
func checkAttentionGradients(t *testing.T, a *kernel.IrregularAttention[float64], s *kernel.Series[float64], w kernel.TimeWeights[float64]) {
	t.Helper()
	y := make([]float64, len(naiveAttention(a, s, w)))
	dy := kerneltest.Random[float64](len(y), 1, 5)
	e := a.Embed
	dw := timeWeightsOf[float64](e)
	a.Forward(nil, y, s, w)
	a.Backward(nil, dw, dy, s, w)
	kerneltest.CheckGradients(t, func() float64 {
		a.Forward(nil, y, s, w)
		return weighted(y, dy)
	}, [][]float64{w.Weight, w.Bias, w.Query, w.QueryBias, w.Key, w.KeyBias},
		[][]float64{dw.Weight, dw.Bias, dw.Query, dw.QueryBias, dw.Key, dw.KeyBias})
}

func TestIrregularAttentionGradients(t *testing.T) {
	for _, c := range []struct {
		name  string
		rows  []int
		share float64
		flags bool
	}{
		{"masked", []int{7, 0, 3, 1}, 0.4, true},
		{"every value observed", []int{5, 0, 4}, 1, false},
		{"nothing observed", []int{2, 3}, 0, true},
		{"no rows at all", []int{0, 0}, 0.5, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			a := &kernel.IrregularAttention[float64]{
				Samples: len(c.rows), Steps: 3, Heads: 2, Embed: 6, Width: 3, Flags: c.flags,
			}
			checkAttentionGradients(t, a, randomSeries[float64](c.rows, 3, c.share, 3), randomTimeWeights[float64](6, 0.5, 9))
		})
	}
	t.Run("underflow", func(t *testing.T) {
		a, s, w := underflowCase(900)
		w.Weight[0], s.Times = 0.8, []float64{0, 0.001, 0.002, 1}
		checkAttentionGradients(t, a, s, w)
	})
}

// An unwanted gradient does not change the others.
func TestIrregularAttentionUnwantedGradients(t *testing.T) {
	a := &kernel.IrregularAttention[float64]{Samples: 2, Steps: 3, Heads: 2, Embed: 4, Width: 3}
	s, w := randomSeries[float64]([]int{4, 5}, 3, 0.5, 3), randomTimeWeights[float64](4, 0.5, 9)
	dy := kerneltest.Random[float64](2*3*2*3, 1, 1)
	all := kernel.TimeWeights[float64]{Weight: make([]float64, 4), Key: make([]float64, 16)}
	a.Forward(nil, garbage[float64](len(dy)), s, w)
	a.Backward(nil, all, dy, s, w)
	one := kernel.TimeWeights[float64]{Weight: make([]float64, 4)}
	a.Backward(nil, one, dy, s, w)
	near(t, "dWeight", one.Weight, all.Weight, 0)
	a.Backward(nil, kernel.TimeWeights[float64]{}, dy, s, w)
}

// More samples than chunks, and as many workers as there are.
func TestIrregularAttentionWorkers(t *testing.T) {
	rows := make([]int, 67)
	for i := range rows {
		rows[i] = i * 7 % 23
	}
	s, w := randomSeries[float32](rows, 5, 0.5, 3), randomTimeWeights[float32](8, 0.5, 9)
	dy := kerneltest.Random[float32](67*4*3*5, 1, 1)
	sameForAnyWorkers(t, func(p *kernel.Pool) [][]float32 {
		a := &kernel.IrregularAttention[float32]{Samples: 67, Steps: 4, Heads: 2, Embed: 8, Width: 5, Flags: true}
		y := garbage[float32](len(dy))
		a.Forward(p, y, s, w)
		dw := timeWeightsOf[float32](8)
		a.Backward(p, dw, dy, s, w)
		return [][]float32{y, dw.Weight, dw.Bias, dw.Query, dw.QueryBias, dw.Key, dw.KeyBias}
	})
}

// A sample gives the same bits alone and in company.
func TestIrregularAttentionSampleIndependence(t *testing.T) {
	s, w := randomSeries[float32]([]int{3, 33, 0, 17}, 5, 0.5, 3), randomTimeWeights[float32](8, 0.5, 9)
	batch := &kernel.IrregularAttention[float32]{Samples: 4, Steps: 6, Heads: 2, Embed: 8, Width: 5}
	block := 6 * 2 * 5
	together := garbage[float32](4 * block)
	batch.Forward(nil, together, s, w)
	single := &kernel.IrregularAttention[float32]{Samples: 1, Steps: 6, Heads: 2, Embed: 8, Width: 5}
	for i := range 4 {
		from, to := s.Start[i], s.Start[i+1]
		one := &kernel.Series[float32]{
			Start: []int{0, to - from}, Times: s.Times[from:to], Width: 5,
			Values: s.Values[from*5 : to*5], Observed: s.Observed[from*5 : to*5],
		}
		alone := garbage[float32](block)
		single.Forward(nil, alone, one, w)
		near(t, fmt.Sprintf("sample %d", i), alone, together[i*block:(i+1)*block], 0)
	}
}

// The size of the targets in the design, 16 samples of 200 times and 36 features, and one
// modality of the PhysioNet example.
func BenchmarkIrregularAttention(b *testing.B) {
	pool := kernel.NewPool(0)
	defer pool.Close()
	for _, c := range []struct {
		name                 string
		samples, rows, width int
		attention            kernel.IrregularAttention[float32]
	}{
		{"design", 16, 200, 36, kernel.IrregularAttention[float32]{Steps: 48, Heads: 8, Embed: 64}},
		{"physionet", 32, 12, 13, kernel.IrregularAttention[float32]{Steps: 24, Heads: 4, Embed: 16, Flags: true}},
	} {
		a := c.attention
		a.Samples, a.Width = c.samples, c.width
		s := randomSeries[float32](slices.Repeat([]int{c.rows}, c.samples), c.width, 0.2, 3)
		w, dw := randomTimeWeights[float32](a.Embed, 0.1, 9), timeWeightsOf[float32](a.Embed)
		columns := a.Heads * a.Width
		if a.Flags {
			columns += a.Width
		}
		y := kerneltest.Random[float32](a.Samples*a.Steps*columns, 1, 1)
		dy := slices.Clone(y)
		for _, pass := range []string{"forward", "both"} {
			b.Run(c.name+"/"+pass, func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					a.Forward(pool, y, s, w)
					if pass == "both" {
						a.Backward(pool, dw, dy, s, w)
					}
				}
				b.ReportMetric(float64(a.Samples)*float64(b.N)/b.Elapsed().Seconds(), "samples/s")
			})
		}
	}
}

// float32, whose exponential is another one, has the gradients of float64.
func TestIrregularAttentionGradientsInFloat32(t *testing.T) {
	for _, share := range []float64{0.3, 1} {
		s, w := randomSeries[float32]([]int{17, 0, 33}, 5, share, 3), randomTimeWeights[float32](16, 0.3, 9)
		dy := kerneltest.Random[float32](3*7*5*4, 1, 1)
		got, want := timeWeightsOf[float32](16), timeWeightsOf[float64](16)
		single := &kernel.IrregularAttention[float32]{Samples: 3, Steps: 7, Heads: 4, Embed: 16, Width: 5}
		single.Forward(nil, garbage[float32](len(dy)), s, w)
		single.Backward(nil, got, dy, s, w)
		double := &kernel.IrregularAttention[float64]{Samples: 3, Steps: 7, Heads: 4, Embed: 16, Width: 5}
		s64, w64 := seriesToFloat64(s), weightsToFloat64(w)
		double.Forward(nil, garbage[float64](len(dy)), s64, w64)
		double.Backward(nil, want, toFloat64(dy), s64, w64)
		near(t, "dWeight", toFloat64(got.Weight), want.Weight, 1e-4)
		near(t, "dBias", toFloat64(got.Bias), want.Bias, 1e-4)
		near(t, "dQuery", toFloat64(got.Query), want.Query, 1e-4)
		near(t, "dQueryBias", toFloat64(got.QueryBias), want.QueryBias, 1e-4)
		near(t, "dKey", toFloat64(got.Key), want.Key, 1e-4)
		near(t, "dKeyBias", toFloat64(got.KeyBias), want.KeyBias, 1e-4)
	}
}

// Projections of many wide rows are products of their own, on all workers.
func TestIrregularAttentionOfManyWideRows(t *testing.T) {
	rows := []int{400, 0, 640}
	s, w := randomSeries[float32](rows, 2, 0.5, 3), randomTimeWeights[float32](128, 0.05, 9)
	dy := kerneltest.Random[float32](3*2*8*2, 1, 1)
	want := timeWeightsOf[float64](128)
	double := &kernel.IrregularAttention[float64]{Samples: 3, Steps: 2, Heads: 8, Embed: 128, Width: 2}
	double.Forward(nil, garbage[float64](len(dy)), seriesToFloat64(s), weightsToFloat64(w))
	double.Backward(nil, want, toFloat64(dy), seriesToFloat64(s), weightsToFloat64(w))
	sameForAnyWorkers(t, func(p *kernel.Pool) [][]float32 {
		dw := timeWeightsOf[float32](128)
		a := &kernel.IrregularAttention[float32]{Samples: 3, Steps: 2, Heads: 8, Embed: 128, Width: 2}
		a.Forward(p, garbage[float32](len(dy)), s, w)
		a.Backward(p, dw, dy, s, w)
		near(t, "dKey", toFloat64(dw.Key), want.Key, 1e-4)
		near(t, "dQuery", toFloat64(dw.Query), want.Query, 1e-4)
		near(t, "dWeight", toFloat64(dw.Weight), want.Weight, 1e-4)
		return [][]float32{dw.Weight, dw.Bias, dw.Query, dw.QueryBias, dw.Key, dw.KeyBias}
	})
}

// timeWeightsOf has room for the gradients of all weights with e features.
func timeWeightsOf[F kernel.Float](e int) kernel.TimeWeights[F] {
	return kernel.TimeWeights[F]{
		Weight: garbage[F](e), Bias: garbage[F](e), Query: garbage[F](e * e), QueryBias: garbage[F](e),
		Key: garbage[F](e * e), KeyBias: garbage[F](e),
	}
}
