package autoencoder

import (
	"math"
	"math/rand/v2"
)

// pass is one run through a network.
type pass struct {
	threads threads
	// training: statistics of the batch, and dropout.
	training bool
	// seed is that of the pass's dropout.
	seed uint64
}

// layer is one step from signals to signals. The tensors that it returns are its own, until its next pass.
type layer[F number] interface {
	forward(p pass, x *tensor[F]) *tensor[F]
	// backward takes the gradient of what forward last returned, keeps that of the parameters, and returns
	// that of what forward was given; nil if want is false.
	backward(p pass, dy *tensor[F], want bool) *tensor[F]
	parameters() []*parameter[F]
}

// parameter is weights and their gradient.
type parameter[F number] struct {
	value, gradient []F
}

func newParameter[F number](n int) *parameter[F] {
	return &parameter[F]{value: make([]F, n), gradient: make([]F, n)}
}

// random sets the weights to normal numbers of that deviation.
func (p *parameter[F]) random(r *rand.Rand, deviation float64) {
	for i := range p.value {
		p.value[i] = F(r.NormFloat64() * deviation)
	}
}

// chunk is how much of a row a convolution computes at a time: what it reads for that, up to 64 rows, stays in
// the second-level cache, what it writes in the first.
const chunk = 1024

// convolution filters signals; what is beyond their ends is zero.
type convolution[F number] struct {
	in, out, kernel int
	weight          *parameter[F] // out x in x kernel
	bias            *parameter[F] // out; nil: none

	x, y, dx *tensor[F]
}

func newConvolution[F number](r *rand.Rand, in, out, kernel int, bias bool) *convolution[F] {
	l := &convolution[F]{in: in, out: out, kernel: kernel, weight: newParameter[F](out * in * kernel)}
	// He et al., "Delving deep into rectifiers", 2015.
	l.weight.random(r, math.Sqrt(2/float64(in*kernel)))
	if bias {
		l.bias = newParameter[F](out)
	}
	return l
}

func (l *convolution[F]) parameters() []*parameter[F] {
	if l.bias == nil {
		return []*parameter[F]{l.weight}
	}
	return []*parameter[F]{l.weight, l.bias}
}

// weights are those from channel i to channel o.
func (l *convolution[F]) weights(values []F, o, i int) []F {
	return values[(o*l.in+i)*l.kernel:][:l.kernel]
}

func (l *convolution[F]) forward(p pass, x *tensor[F]) *tensor[F] {
	l.x, l.y = x, reuse(l.y, l.out, x.batch, x.length)
	p.threads.each(l.out, func(o int) {
		y := l.y.row(o)
		if l.bias != nil {
			for i := range y {
				y[i] = l.bias.value[o]
			}
		}
		chunks(len(y), func(begin, end int) {
			for i := range l.in {
				row := x.row(i)
				for k, w := range l.weights(l.weight.value, o, i) {
					axpy(w, row[begin+k-l.kernel/2:], y[begin:end])
				}
			}
		})
		l.y.clearMargins(o)
	})
	return l.y
}

// chunks calls f for the parts of a row but for its first and last margin.
func chunks(width int, f func(begin, end int)) {
	for begin := margin; begin < width-margin; begin += chunk {
		f(begin, min(begin+chunk, width-margin))
	}
}

func (l *convolution[F]) backward(p pass, dy *tensor[F], want bool) *tensor[F] {
	p.threads.each(l.out, func(o int) { l.weigh(o, dy.row(o)) })
	if !want {
		return nil
	}
	l.dx = reuse(l.dx, l.in, dy.batch, dy.length)
	p.threads.each(l.in, func(i int) {
		dx := l.dx.row(i)
		chunks(len(dx), func(begin, end int) {
			for o := range l.out {
				row := dy.row(o)
				for k, w := range l.weights(l.weight.value, o, i) {
					axpy(w, row[begin-k+l.kernel/2:], dx[begin:end])
				}
			}
		})
		l.dx.clearMargins(i)
	})
	return l.dx
}

// weigh sets the gradient of the weights to channel o.
func (l *convolution[F]) weigh(o int, dy []F) {
	clear(l.weight.gradient[o*l.in*l.kernel:][:l.in*l.kernel])
	chunks(len(dy), func(begin, end int) {
		for i := range l.in {
			row := l.x.row(i)
			gradient := l.weights(l.weight.gradient, o, i)
			for k := range gradient {
				gradient[k] += dot(row[begin+k-l.kernel/2:], dy[begin:end])
			}
		}
	})
	if l.bias == nil {
		return
	}
	sum := F(0)
	for _, d := range dy { // zero in the margins
		sum += d
	}
	l.bias.gradient[o] = sum
}
