// Package autoencoder is the convolutional autoencoder of electrocardiograms of the FuseMoE paper (Han et al.,
// NeurIPS 2024, appendix D.1): six blocks of convolution, batch normalisation, rectifier, dropout and pooling
// and a dense layer make a window a few numbers, a decoder that mirrors them makes these the window again, and
// both learn to lose as little as possible.
//
//	set := autoencoder.NewSet(shape, 10_000, seed)
//	set.Add(window) // and so on
//	encoder, err := autoencoder.Train(ctx, set, autoencoder.Options{Epochs: 50})
//	vectors := encoder.Encode(windows)
//
// It runs on plain loops and gonum's BLAS. Gorgonia, which the core uses, unfolds a convolution into a matrix
// first and computes it an order of magnitude slower.
package autoencoder

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
)

// Encoder makes windows vectors. It is for one goroutine at a time.
type Encoder struct {
	shape     Shape
	threads   threads
	network   *network[float32] // its encoder alone
	deviation []float64         // of the leads, in mV
	// Of the numbers that the network makes.
	center, spread []float64
}

// Shape is what the encoder reads and returns.
func (e *Encoder) Shape() Shape { return e.shape }

// Encode makes vectors of windows, standardised on those that the encoder learned from. Each is the same, to
// the bit, in any company.
func (e *Encoder) Encode(windows []Window) [][]float32 {
	out := e.codes(windows)
	for _, v := range out {
		for j, x := range v {
			v[j] = clipped((float64(x) - e.center[j]) / e.spread[j])
		}
	}
	return out
}

// codes are the numbers that the network makes of windows.
func (e *Encoder) codes(windows []Window) [][]float32 {
	x := newTensor[float32](e.shape.Leads, len(windows), e.shape.Length)
	for i, w := range windows {
		for lead := range e.shape.Leads {
			to := x.signal(lead, i)
			for j := range min(len(to), len(w[lead])) {
				to[j] = clipped(w[lead][j] / e.deviation[lead])
			}
		}
	}
	return e.encode(x)
}

func (e *Encoder) encode(x *tensor[float32]) [][]float32 {
	z := forward(context.Background(), pass{threads: e.threads}, e.network.encoder, x)
	out := make([][]float32, x.batch)
	for i := range out {
		out[i] = append(out[i], z.signal(0, i)...)
	}
	return out
}

// State is an Encoder as it is kept.
type State struct {
	Shape     Shape     `json:"shape"`
	Deviation []float64 `json:"deviation"` // of the leads, in mV
	Center    []float64 `json:"center"`    // of the numbers of a vector
	Spread    []float64 `json:"spread"`
	Weights   []byte    `json:"weights"` // float32, little endian, in the order of the layers
}

// State returns what Restore needs.
func (e *Encoder) State() State {
	s := State{Shape: e.shape, Deviation: e.deviation, Center: e.center, Spread: e.spread}
	for _, values := range numbers(e.network.encoder) {
		for _, v := range values {
			s.Weights = binary.LittleEndian.AppendUint32(s.Weights, math.Float32bits(v))
		}
	}
	return s
}

// Restore makes an encoder of its state. The error says what is wrong with one that cannot be used.
func Restore(s State, workers int) (*Encoder, error) {
	if err := s.Shape.check(); err != nil {
		return nil, err
	}
	if len(s.Deviation) != s.Shape.Leads || len(s.Center) != s.Shape.Width || len(s.Spread) != s.Shape.Width {
		return nil, errors.New("has scales of another shape")
	}
	for _, scales := range [][]float64{s.Deviation, s.Spread} {
		for _, d := range scales {
			if d <= 0 {
				return nil, errors.New("has a deviation that is not positive")
			}
		}
	}
	if want := 4 * s.Shape.weights(); len(s.Weights) != want {
		return nil, fmt.Errorf("has %d bytes of weights, not %d", len(s.Weights), want)
	}
	e := &Encoder{shape: s.Shape, threads: threads(workers), deviation: s.Deviation, center: s.Center, spread: s.Spread}
	e.network = newEncoder[float32](s.Shape, rand.New(rand.NewPCG(0, 0)))
	rest := s.Weights
	for _, values := range numbers(e.network.encoder) {
		for i := range values {
			v := math.Float32frombits(binary.LittleEndian.Uint32(rest))
			if math.IsNaN(float64(v)) || math.IsInf(float64(v), 0) {
				return nil, errors.New("has weights that are no numbers")
			}
			values[i], rest = v, rest[4:]
		}
	}
	return e, nil
}
