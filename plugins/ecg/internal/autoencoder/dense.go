package autoencoder

import (
	"math"
	"math/rand/v2"
)

// dense connects every value of a signal, over all its channels, with every value of another. Either is of one
// channel or of several.
type dense[F number] struct {
	channels, length int           // of what it returns
	in               int           // values that it reads
	weight           *parameter[F] // in x out, so that a sum over in runs along out
	bias             *parameter[F] // out

	xs    [][]F // the batch, flat
	dys   [][]F
	x     *tensor[F]
	y, dx *tensor[F]
}

func newDense[F number](r *rand.Rand, in, channels, length int) *dense[F] {
	out := channels * length
	l := &dense[F]{channels: channels, length: length, in: in, weight: newParameter[F](in * out), bias: newParameter[F](out)}
	// Glorot and Bengio, "Understanding the difficulty of training deep feedforward neural networks", 2010.
	l.weight.random(r, math.Sqrt(2/float64(in+out)))
	return l
}

func (l *dense[F]) parameters() []*parameter[F] { return []*parameter[F]{l.weight, l.bias} }

func (l *dense[F]) out() int { return l.channels * l.length }

// flat are the signals of a tensor with their channels one behind the other.
func flat[F number](into [][]F, t *tensor[F]) [][]F {
	if len(into) != t.batch {
		into = make([][]F, t.batch)
	}
	for i := range into {
		into[i] = into[i][:0]
		for c := range t.channels {
			into[i] = append(into[i], t.signal(c, i)...)
		}
	}
	return into
}

func (l *dense[F]) forward(p pass, x *tensor[F]) *tensor[F] {
	l.x, l.xs, l.y = x, flat(l.xs, x), reuse(l.y, l.channels, x.batch, l.length)
	p.threads.each(x.batch, func(i int) {
		y := append(make([]F, 0, l.out()), l.bias.value...)
		for j, v := range l.xs[i] {
			axpy(v, l.weight.value[j*l.out():], y)
		}
		for c := range l.channels {
			copy(l.y.signal(c, i), y[c*l.length:])
		}
	})
	return l.y
}

func (l *dense[F]) backward(p pass, dy *tensor[F], _ bool) *tensor[F] {
	l.dys, l.dx = flat(l.dys, dy), reuse(l.dx, l.x.channels, dy.batch, l.x.length)
	clear(l.bias.gradient)
	for _, d := range l.dys {
		axpy(1, d, l.bias.gradient)
	}
	p.threads.each(l.in, func(j int) {
		gradient := l.weight.gradient[j*l.out():][:l.out()]
		weight := l.weight.value[j*l.out():][:l.out()]
		clear(gradient)
		channel, at := j/l.x.length, j%l.x.length
		for i, d := range l.dys {
			axpy(l.xs[i][j], d, gradient)
			l.dx.signal(channel, i)[at] = dot(weight, d)
		}
	})
	return l.dx
}
