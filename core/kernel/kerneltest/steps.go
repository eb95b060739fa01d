package kerneltest

import (
	"math"
	"slices"

	"github.com/fusemoe/fusemoe/core/kernel"
)

// stepFamilies are the kernels of series and of sequences of steps.
func stepFamilies() []family {
	return []family{
		{"irregular attention", len(observing) + 1, [][]int{{3, 5, 4, 2, 3, 5}, {2, 8, 16, 2, 8, 8}}, []int{35, 23, 17, 2, 4, 9}, irregularCase},
		{"imputation", len(observing), [][]int{{3, 5, 4, 3}}, []int{17, 63, 48, 15}, imputationCase},
		{"unfold", 1, [][]int{{3, 5, 4, 3}, {2, 5, 16, 3}}, []int{17, 33, 31, 3}, unfoldCase},
		{"maximum over steps", 1, [][]int{{3, 5, 4}, {3, 5, 16}}, []int{63, 17, 33}, maxStepsCase},
		{"blend", 3, [][]int{{3, 5, 4}, {3, 5, 16}}, []int{17, 16, 33}, blendCase},
		{"assemble", 3, [][]int{{2, 3, 5, 4}, {2, 3, 5, 16}}, []int{3, 17, 16, 33}, assembleCase},
		{"pooling", 3, [][]int{{2, 3, 5, 4}, {2, 3, 5, 16}}, []int{3, 17, 15, 33}, poolingCase},
	}
}

// observing is how much of a series was observed, and all of it without a mask.
var observing = []float64{1, 0.4, 0.05, 0}

// series has the given number of rows in its first sample, fewer in the others and none in
// every fifth. Times are of 10 bits, so that float32 puts them into the cells of float64.
func series(samples, rows int, share float64, width int) (start []int, times, values, observed []float32) {
	start = []int{0}
	for i := range samples {
		n := max(1, rows-i*7%(rows+1))
		if i%5 == 3 {
			n = 0
		}
		var own []float32
		for r := range n {
			own = append(own, float32(math.Floor(1024*kernel.Uniform(kernel.Key(1, uint64(i)), uint64(r)))/1024))
		}
		slices.Sort(own)
		times = append(times, own...)
		start = append(start, len(times))
	}
	values = Random[float32](len(times)*width, 1, 7)
	if share == 1 {
		return start, times, values, nil
	}
	observed = make([]float32, len(values))
	for i := range observed {
		if kernel.Uniform(3, uint64(i)) < share {
			observed[i] = 1
		} else {
			values[i] = 0
		}
	}
	return start, times, values, observed
}

// irregularCase has samples, rows, steps, heads, the width of a head and features. Its last
// variant has scores so far apart that weights underflow.
func irregularCase(variant int, n []int) Case {
	underflow := variant == len(observing)
	share := 0.1
	if !underflow {
		share = observing[variant]
	}
	embed, flags := n[3]*n[4], variant%2 == 1
	start, times, values, observed := series(n[0], n[1], share, n[5])
	columns := n[3] * n[5]
	if flags {
		columns += n[5]
	}
	c := newCase([]int{embed, embed, embed * embed, embed, embed * embed, embed, len(values)},
		[]int{n[0] * n[2] * columns}, times, observed)
	copy(c.Inputs[6], values)
	c.Vanishing = []int{6} // a bias of the keys moves all scores of a step alike
	for _, i := range []int{2, 4} {
		c = c.scale(i, 1/math.Sqrt(float64(embed)))
	}
	if underflow {
		c = c.scale(3, 12).scale(5, 12).scale(2, 6).scale(4, 6)
		c.Loose = 1000 // the rounding of scores of hundreds becomes a relative error
	}
	return c.with(irregularPass[float32](n, start, flags), irregularPass[float64](n, start, flags))
}

func irregularPass[F kernel.Float](n, start []int, flags bool) func() Pass[F] {
	return func() Pass[F] {
		a := kernel.IrregularAttention[F]{Samples: n[0], Steps: n[2], Heads: n[3], Embed: n[3] * n[4], Width: n[5], Flags: flags}
		weights := func(x [][]F) kernel.TimeWeights[F] {
			return kernel.TimeWeights[F]{Weight: x[0], Bias: x[1], Query: x[2], QueryBias: x[3], Key: x[4], KeyBias: x[5]}
		}
		return func(p *kernel.Pool, r, x [][]F) {
			s := &kernel.Series[F]{Start: start, Times: x[7], Width: n[5], Values: x[6], Observed: x[8]}
			a.Forward(p, r[0], s, weights(x))
			a.Backward(p, weights(r[1:]), x[9], s, weights(x))
			if r[7] != nil {
				a.BackwardValues(p, r[7], x[9], s)
			}
		}
	}
}

// imputationCase has samples, rows, steps and features.
func imputationCase(variant int, n []int) Case {
	start, times, values, observed := series(n[0], n[1], observing[variant], n[3])
	c := newCase([]int{len(values)}, []int{n[0] * n[2] * 2 * n[3]}, times, observed, Random[float32](n[3], 1, 8))
	copy(c.Inputs[0], values)
	return c.with(imputationPass[float32](n, start), imputationPass[float64](n, start))
}

func imputationPass[F kernel.Float](n, start []int) func() Pass[F] {
	return func() Pass[F] {
		return func(p *kernel.Pool, r, x [][]F) {
			m := kernel.Imputation[F]{Samples: n[0], Steps: n[2], Width: n[3], Mean: x[3]}
			s := &kernel.Series[F]{Start: start, Times: x[1], Width: n[3], Values: x[0], Observed: x[2]}
			m.Fill(p, r[0], s)
			if r[1] != nil { // to which it adds
				clear(r[1])
				m.Backward(p, r[1], x[4], s)
			}
		}
	}
}

// unfoldCase has samples, steps, a width and taps.
func unfoldCase(_ int, n []int) Case {
	size := n[0] * n[1] * n[2]
	c := newCase([]int{size}, []int{size * n[3]})
	return c.with(unfoldPass[float32](n), unfoldPass[float64](n))
}

func unfoldPass[F kernel.Float](n []int) func() Pass[F] {
	return func() Pass[F] {
		u := kernel.Unfold[F]{Samples: n[0], Steps: n[1], Width: n[2], Taps: n[3]}
		return func(p *kernel.Pool, r, x [][]F) {
			u.Forward(p, r[0], x[0])
			u.Backward(p, r[1], x[1])
		}
	}
}

func maxStepsCase(_ int, n []int) Case {
	c := newCase([]int{n[0] * n[1] * n[2]}, []int{n[0] * n[2]})
	c.Kinked = true
	return c.with(maxStepsPass[float32](n), maxStepsPass[float64](n))
}

func maxStepsPass[F kernel.Float](n []int) func() Pass[F] {
	return func() Pass[F] {
		m := kernel.MaxSteps[F]{Samples: n[0], Steps: n[1], Width: n[2]}
		return func(p *kernel.Pool, r, x [][]F) {
			m.Forward(p, r[0], x[0])
			m.Backward(p, r[1], x[1], x[0])
		}
	}
}

func blendCase(variant int, n []int) Case {
	level := []kernel.Level{kernel.PerFeature, kernel.PerStep, kernel.PerSample}[variant]
	size := n[0] * n[1] * n[2]
	gates := []int{size, n[0] * n[1], n[0]}[variant]
	c := newCase([]int{size, size, gates}, []int{size})
	return c.with(blendPass[float32](level, n), blendPass[float64](level, n))
}

func blendPass[F kernel.Float](level kernel.Level, n []int) func() Pass[F] {
	return func() Pass[F] {
		m := kernel.Blend[F]{Samples: n[0], Steps: n[1], Width: n[2], Level: level}
		return func(p *kernel.Pool, r, x [][]F) {
			m.Forward(p, r[0], x[0], x[1], x[2])
			m.Backward(p, r[1], r[2], r[3], x[3], x[0], x[1], x[2])
		}
	}
}

// assembleCase has modalities, samples, steps and a width; all samples have all
// modalities, or some, or none has any.
func assembleCase(variant int, n []int) Case {
	present := make([]bool, n[0]*n[1])
	for i := range present {
		present[i] = variant == 0 || variant == 1 && i%3 != 1
	}
	grid := n[1] * n[2] * n[3]
	gradients := append(slices.Repeat([]int{grid}, n[0]), n[0]*n[2]*n[3], n[0]*n[3], n[2]*n[3])
	c := newCase(gradients, []int{n[0] * grid})
	return c.with(assemblePass[float32](n, present), assemblePass[float64](n, present))
}

func assemblePass[F kernel.Float](n []int, present []bool) func() Pass[F] {
	return func() Pass[F] {
		a := kernel.Assemble[F]{Modalities: n[0], Samples: n[1], Steps: n[2], Width: n[3], Scale: 2.5}
		return func(p *kernel.Pool, r, x [][]F) {
			m := n[0]
			a.Forward(p, r[0], x[:m], x[m], x[m+1], x[m+2], present)
			a.Backward(p, r[1:m+1], r[m+1], r[m+2], r[m+3], x[m+3], present)
		}
	}
}

// poolingCase has modalities, samples, steps and a width.
func poolingCase(variant int, n []int) Case {
	kind := []kernel.Pooling{kernel.LastStep, kernel.MeanSteps, kernel.AttentionSteps}[variant]
	gradients := []int{n[0] * n[1] * n[2] * n[3], n[0] * n[3]}
	if kind != kernel.AttentionSteps {
		gradients = gradients[:1]
	}
	c := newCase(gradients, []int{n[0] * n[1] * n[3]})
	return c.with(poolingPass[float32](kind, n), poolingPass[float64](kind, n))
}

func poolingPass[F kernel.Float](kind kernel.Pooling, n []int) func() Pass[F] {
	return func() Pass[F] {
		s := kernel.StepPooling[F]{Kind: kind, Modalities: n[0], Samples: n[1], Steps: n[2], Width: n[3]}
		return func(p *kernel.Pool, r, x [][]F) {
			if kind == kernel.AttentionSteps {
				s.Forward(p, r[0], x[0], x[1])
				s.Backward(p, r[1], r[2], x[2], x[0], x[1])
				return
			}
			s.Forward(p, r[0], x[0], nil)
			s.Backward(p, r[1], nil, x[1], x[0], nil)
		}
	}
}
