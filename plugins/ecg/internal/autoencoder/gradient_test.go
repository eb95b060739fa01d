package autoencoder

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
)

// randomTensor holds normal numbers.
func randomTensor(r *rand.Rand, channels, batch, length int) *tensor[float64] {
	t := newTensor[float64](channels, batch, length)
	for c := range channels {
		for i := range batch {
			for j := range t.signal(c, i) {
				t.signal(c, i)[j] = r.NormFloat64()
			}
		}
	}
	return t
}

// checkGradients compares what backward returns and leaves in the parameters with what the sum of the outputs,
// each with a weight of its own, changes by when a number changes by a little.
func checkGradients(t *testing.T, l layer[float64], x *tensor[float64], p pass) {
	t.Helper()
	y := l.forward(p, x)
	weights := randomTensor(rand.New(rand.NewPCG(5, 5)), y.channels, y.batch, y.length)
	sum := func() (total float64) {
		y := l.forward(p, x)
		for i, v := range y.data {
			total += v * weights.data[i]
		}
		return total
	}
	dy := newTensor[float64](y.channels, y.batch, y.length)
	copy(dy.data, weights.data)
	dx := l.backward(p, dy, true)
	check := func(name string, value *float64, got float64) {
		t.Helper()
		const step = 1e-6
		old := *value
		*value = old + step
		up := sum()
		*value = old - step
		down := sum()
		*value = old
		if want := (up - down) / (2 * step); math.Abs(got-want) > 1e-6*(1+math.Abs(want)) {
			t.Errorf("the gradient of %s is %g, not %g", name, got, want)
		}
	}
	gradients := append([]float64(nil), dx.data...)
	for c := range x.channels {
		for i := range x.batch {
			for j := range x.signal(c, i) {
				at := c*x.width() + i*x.stride() + margin + j
				check(fmt.Sprintf("input %d,%d,%d", c, i, j), &x.data[at], gradients[at])
			}
		}
	}
	for k, parameter := range l.parameters() {
		gradients := append([]float64(nil), parameter.gradient...)
		for i := range parameter.value {
			check(fmt.Sprintf("parameter %d,%d", k, i), &parameter.value[i], gradients[i])
		}
	}
}

func TestGradientsAreThoseOfFiniteDifferences(t *testing.T) {
	for _, length := range []int{2, 6, 18} {
		r := rand.New(rand.NewPCG(1, uint64(length)))
		layers := map[string]layer[float64]{
			"convolution of 5":       newConvolution[float64](r, 3, 4, 5, true),
			"convolution of 3":       newConvolution[float64](r, 3, 2, 3, false),
			"activation":             newActivation[float64](3, false),
			"activation and dropout": newActivation[float64](3, true),
			"pool":                   &pool[float64]{},
			"repeat":                 &repeat[float64]{},
			"dense to one channel":   newDense[float64](r, 3*length, 1, 5),
			"dense to many channels": newDense[float64](r, 3*length, 2, 3),
		}
		for name, l := range layers {
			t.Run(fmt.Sprintf("%s, length %d", name, length), func(t *testing.T) {
				for _, p := range l.parameters() {
					for i := range p.value {
						p.value[i] += 0.3 * r.NormFloat64()
					}
				}
				checkGradients(t, l, randomTensor(r, 3, 2, length), pass{threads: 2, training: true, seed: 7})
			})
		}
	}
}

// TestTheNetworkPassesGradientsThrough checks some of the parameters of all layers, through the loss.
func TestTheNetworkPassesGradientsThrough(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	n := newNetwork[float64](Shape{Leads: 2, Length: Multiple, Width: 3}, 1)
	x, mask := randomTensor(r, 2, 3, Multiple), newTensor[float64](2, 3, Multiple)
	for c := range 2 {
		for i := range 3 {
			for j := range mask.signal(c, i)[:Multiple-10*i] {
				mask.signal(c, i)[j] = 1
			}
		}
	}
	p := pass{threads: 1, training: true, seed: 3}
	loss := func() float64 {
		return squaredError(forward(t.Context(), p, n.layers(), x), x, mask)
	}
	y := forward(t.Context(), p, n.layers(), x)
	squaredError(y, x, mask)
	n.backward(t.Context(), p, y)
	for k, parameter := range parameters(n.layers()) {
		gradients := append([]float64(nil), parameter.gradient...)
		for _, i := range []int{0, len(gradients) / 2, len(gradients) - 1} {
			const step = 1e-6
			old := parameter.value[i]
			parameter.value[i] = old + step
			up := loss()
			parameter.value[i] = old - step
			down := loss()
			parameter.value[i] = old
			if want := (up - down) / (2 * step); math.Abs(gradients[i]-want) > 1e-5*(0.1+math.Abs(want)) {
				t.Errorf("parameter %d,%d: the gradient is %g, not %g", k, i, gradients[i], want)
			}
		}
	}
}

func TestAConvolutionIsItsDefinition(t *testing.T) {
	r := rand.New(rand.NewPCG(2, 2))
	l := newConvolution[float64](r, 3, 2, 5, true)
	l.bias.value[1] = 0.5
	// Long enough for several chunks.
	x := randomTensor(r, 3, 4, 700)
	y := l.forward(pass{threads: 2}, x)
	for o := range 2 {
		for b := range 4 {
			for j := range 700 {
				want := l.bias.value[o]
				for i := range 3 {
					for k := range 5 {
						if at := j + k - 2; at >= 0 && at < 700 {
							want += l.weights(l.weight.value, o, i)[k] * x.signal(i, b)[at]
						}
					}
				}
				if got := y.signal(o, b)[j]; math.Abs(got-want) > 1e-12 {
					t.Fatalf("%g at %d,%d,%d, not %g", got, o, b, j, want)
				}
			}
		}
	}
}

func TestDropoutTakesATenthAndKeepsTheMean(t *testing.T) {
	l := newActivation[float32](1, true)
	x := newTensor[float32](1, 100, 1000)
	r := rand.New(rand.NewPCG(3, 3))
	for i := range x.data {
		x.data[i] = 1 + 0.1*float32(r.NormFloat64()) // never below zero after it is normalised and shifted
	}
	l.shift.value[0] = 20
	y := l.forward(pass{threads: 1, training: true, seed: 9}, x)
	zeros, sum := 0.0, 0.0
	for i := range 100 {
		for _, v := range y.signal(0, i) {
			sum += float64(v)
			if v == 0 {
				zeros++
			}
		}
	}
	if share := zeros / 1e5; math.Abs(share-0.1) > 0.005 {
		t.Errorf("%g is dropped", share)
	}
	if mean := sum / 1e5; math.Abs(mean-20) > 0.1 {
		t.Errorf("the mean is %g, not 20", mean)
	}
	for i, v := range l.forward(pass{threads: 1}, x).signal(0, 0) {
		if v == 0 {
			t.Fatalf("value %d is dropped in prediction", i)
		}
	}
}
