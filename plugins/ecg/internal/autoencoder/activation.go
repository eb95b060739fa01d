package autoencoder

import (
	"math"
	"math/rand/v2"
)

const (
	// droppedOf65536 in as many values are set to zero by dropout: the published tenth.
	droppedOf65536 = 6554
	// gain makes up for them with the others.
	gain = 65536. / (65536 - droppedOf65536)
	// epsilon keeps the division by a deviation from that by zero.
	epsilon = 1e-5
	// memory is how much of the running statistics a batch leaves, once there were enough batches.
	memory = 0.95
)

// activation is batch normalisation (Ioffe and Szegedy, 2015), a rectifier, and dropout if it is to drop.
type activation[F number] struct {
	drops          bool
	scale, shift   *parameter[F]
	mean, variance []F // running, for what is not training
	batches        int // that they are of

	inverse  []F // of the batch's deviation
	center   []F // the batch's mean
	x, y, dx *tensor[F]
}

func newActivation[F number](channels int, drops bool) *activation[F] {
	l := &activation[F]{
		drops: drops,
		scale: newParameter[F](channels), shift: newParameter[F](channels),
		mean: make([]F, channels), variance: make([]F, channels),
		inverse: make([]F, channels), center: make([]F, channels),
	}
	for c := range channels {
		l.scale.value[c], l.variance[c] = 1, 1
	}
	return l
}

func (l *activation[F]) parameters() []*parameter[F] { return []*parameter[F]{l.scale, l.shift} }

func (l *activation[F]) forward(p pass, x *tensor[F]) *tensor[F] {
	l.x, l.y = x, reuse(l.y, x.channels, x.batch, x.length)
	kept := F(memory)
	if p.training {
		kept = F(min(memory, float64(l.batches)/float64(l.batches+1)))
		l.batches++
	}
	p.threads.each(x.channels, func(c int) {
		mean, variance := l.mean[c], l.variance[c]
		if p.training {
			mean, variance = l.statistics(c)
			l.mean[c] = kept*l.mean[c] + (1-kept)*mean
			l.variance[c] = kept*l.variance[c] + (1-kept)*variance
		}
		l.center[c], l.inverse[c] = mean, F(1/math.Sqrt(float64(variance)+epsilon))
		factor := l.scale.value[c] * l.inverse[c]
		for i := range x.batch {
			y := l.y.signal(c, i)
			for j, v := range x.signal(c, i) {
				y[j] = max(0, (v-mean)*factor+l.shift.value[c])
			}
		}
		if p.training && l.drops {
			l.drop(c, rand.NewPCG(p.seed, uint64(c)))
		}
	})
	return l.y
}

// statistics are the mean and the variance of a channel.
func (l *activation[F]) statistics(c int) (mean, variance F) {
	// In float64: a float32 would lose digits over a long row.
	var sum, squares float64
	for i := range l.x.batch {
		for _, v := range l.x.signal(c, i) {
			sum += float64(v)
			squares += float64(v) * float64(v)
		}
	}
	n := float64(l.x.batch * l.x.length)
	m := sum / n
	return F(m), F(max(0, squares/n-m*m))
}

// drop sets some values of a channel to zero and makes the others larger.
func (l *activation[F]) drop(c int, source *rand.PCG) {
	for i := range l.y.batch {
		y := l.y.signal(c, i)
		bits := uint64(0) // decide four values
		for j := range y {
			if j%4 == 0 {
				bits = source.Uint64()
			}
			if uint16(bits) < droppedOf65536 {
				y[j] = 0
			} else {
				y[j] *= gain
			}
			bits >>= 16
		}
	}
}

func (l *activation[F]) backward(p pass, dy *tensor[F], _ bool) *tensor[F] {
	l.dx = reuse(l.dx, dy.channels, dy.batch, dy.length)
	kept := F(1)
	if l.drops {
		kept = gain
	}
	p.threads.each(dy.channels, func(c int) {
		mean, inverse := l.center[c], l.inverse[c]
		var sum, product float64
		for i := range dy.batch {
			dx, y, x := l.dx.signal(c, i), l.y.signal(c, i), l.x.signal(c, i)
			for j, d := range dy.signal(c, i) {
				if y[j] <= 0 { // dropped, or below zero before
					continue
				}
				d *= kept
				dx[j] = d
				sum += float64(d)
				product += float64(d) * float64((x[j]-mean)*inverse)
			}
		}
		l.shift.gradient[c], l.scale.gradient[c] = F(sum), F(product)
		n := float64(dy.batch * dy.length)
		first, second := F(sum/n), F(product/n)*inverse
		factor := l.scale.value[c] * inverse
		for i := range dy.batch {
			dx, x := l.dx.signal(c, i), l.x.signal(c, i)
			for j := range dx {
				dx[j] = factor * (dx[j] - first - (x[j]-mean)*second)
			}
		}
	})
	return l.dx
}
