package autoencoder

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
)

// The blocks of the encoder, as published; those of the decoder are the same in reverse.
var (
	filters = []int{16, 16, 32, 32, 64, 64}
	kernels = []int{5, 5, 5, 3, 3, 3}
)

// Multiple is what the length of a window must be a multiple of: each block halves it.
const Multiple = 1 << 6

// Shape is what a network reads, and makes of it.
type Shape struct {
	Leads  int `json:"leads"`  // channels of a window
	Length int `json:"length"` // samples of a window, a multiple of Multiple
	Width  int `json:"width"`  // numbers that a window becomes
}

// Longest is the most samples of a window, and of whatever else a Shape counts: far beyond what is of use, and
// small enough to multiply.
const Longest = 1 << 16

// check returns what is wrong with a shape.
func (s Shape) check() error {
	if s.Leads < 1 || s.Leads > Longest || s.Width < 1 || s.Width > Longest || s.Length < Multiple || s.Length > Longest {
		return fmt.Errorf("of %d leads, %d samples and %d numbers is out of bounds", s.Leads, s.Length, s.Width)
	}
	if s.Length%Multiple != 0 {
		return fmt.Errorf("has %d samples, no multiple of %d", s.Length, Multiple)
	}
	return nil
}

// weights is how many numbers an encoder learns.
func (s Shape) weights() int {
	n, channels := 0, s.Leads
	for i, out := range filters {
		n += channels*out*kernels[i] + 4*out
		channels = out
	}
	return n + (channels*s.Length/Multiple+1)*s.Width
}

// network is the autoencoder: an encoder to Width numbers and a decoder back to the window.
type network[F number] struct {
	shape            Shape
	encoder, decoder []layer[F]
}

func newNetwork[F number](shape Shape, seed uint64) *network[F] {
	r := rand.New(rand.NewPCG(seed, 0))
	n := newEncoder[F](shape, r)
	channels, length := filters[len(filters)-1], shape.Length/Multiple
	narrow, widen := n.encoder[len(n.encoder)-1].(*dense[F]), newDense[F](r, shape.Width, channels, length)
	startLocal(r, narrow, widen)
	n.decoder = append(n.decoder, widen)
	for i, out := range slices.Backward(filters) {
		n.decoder = append(n.decoder,
			newConvolution[F](r, channels, out, kernels[i], false), newActivation[F](out, false), &repeat[F]{})
		channels = out
	}
	last := newConvolution[F](r, channels, shape.Leads, kernels[0], true)
	// The first reconstruction is all but flat. A larger one is noise, which training would unlearn by making
	// the decoder deaf: it then stays at the mean for hundreds of steps.
	for i := range last.weight.value {
		last.weight.value[i] *= 0.01
	}
	n.decoder = append(n.decoder, last)
	return n
}

// startLocal lets the dense layers, which are free to connect everything, begin as convolutions: each number
// of a vector reads one place, with the same random weights as at other places, and speaks to that place. With
// all of their weights random a few hundred records do not tell where in the window a beat is.
func startLocal[F number](r *rand.Rand, narrow, widen *dense[F]) {
	places, channels := widen.length, widen.channels
	each := narrow.out() / places // numbers for a place
	if each == 0 {
		return
	}
	clear(narrow.weight.value)
	clear(widen.weight.value)
	for k := range each {
		for c := range channels {
			w := r.NormFloat64()
			for at := range places {
				value, number := c*places+at, at*each+k
				narrow.weight.value[value*narrow.out()+number] = F(w / math.Sqrt(float64(channels)))
				widen.weight.value[number*widen.out()+value] = F(w / math.Sqrt(float64(each)))
			}
		}
	}
}

// newEncoder is a network without a decoder.
func newEncoder[F number](shape Shape, r *rand.Rand) *network[F] {
	n := &network[F]{shape: shape}
	channels := shape.Leads
	for i, out := range filters {
		n.encoder = append(n.encoder,
			newConvolution[F](r, channels, out, kernels[i], false), newActivation[F](out, true), &pool[F]{})
		channels = out
	}
	n.encoder = append(n.encoder, newDense[F](r, channels*shape.Length/Multiple, 1, shape.Width))
	return n
}

// layers are those of the encoder, then those of the decoder.
func (n *network[F]) layers() []layer[F] { return slices.Concat(n.encoder, n.decoder) }

func parameters[F number](layers []layer[F]) (all []*parameter[F]) {
	for _, l := range layers {
		all = append(all, l.parameters()...)
	}
	return all
}

// numbers are all that layers have learned: parameters and running statistics.
func numbers[F number](layers []layer[F]) (all [][]F) {
	for _, l := range layers {
		for _, p := range l.parameters() {
			all = append(all, p.value)
		}
		if a, ok := l.(*activation[F]); ok {
			all = append(all, a.mean, a.variance)
		}
	}
	return all
}

// forward runs layers one after the other. It ends early, with nil, when the context does.
func forward[F number](ctx context.Context, p pass, layers []layer[F], x *tensor[F]) *tensor[F] {
	for _, l := range layers {
		if ctx.Err() != nil {
			return nil
		}
		x = l.forward(p, x)
	}
	return x
}

// backward leaves in every parameter its gradient, from that of what the network returned.
func (n *network[F]) backward(ctx context.Context, p pass, dy *tensor[F]) {
	for i, l := range slices.Backward(n.layers()) {
		if ctx.Err() != nil {
			return
		}
		dy = l.backward(p, dy, i > 0)
	}
}
