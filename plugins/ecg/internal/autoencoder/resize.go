package autoencoder

// pool keeps the larger of two values in a row.
type pool[F number] struct{ x, y, dx *tensor[F] }

func (*pool[F]) parameters() []*parameter[F] { return nil }

func (l *pool[F]) forward(p pass, x *tensor[F]) *tensor[F] {
	l.x, l.y = x, reuse(l.y, x.channels, x.batch, x.length/2)
	p.threads.each(x.channels, func(c int) {
		for i := range x.batch {
			from := x.signal(c, i)
			for j := range l.y.signal(c, i) {
				l.y.signal(c, i)[j] = max(from[2*j], from[2*j+1])
			}
		}
	})
	return l.y
}

func (l *pool[F]) backward(p pass, dy *tensor[F], _ bool) *tensor[F] {
	l.dx = reuse(l.dx, dy.channels, dy.batch, 2*dy.length)
	p.threads.each(dy.channels, func(c int) {
		for i := range dy.batch {
			x, dx := l.x.signal(c, i), l.dx.signal(c, i)
			for j, d := range dy.signal(c, i) {
				if x[2*j] >= x[2*j+1] {
					dx[2*j] = d
				} else {
					dx[2*j+1] = d
				}
			}
		}
	})
	return l.dx
}

// repeat says each value twice.
type repeat[F number] struct{ y, dx *tensor[F] }

func (*repeat[F]) parameters() []*parameter[F] { return nil }

func (l *repeat[F]) forward(p pass, x *tensor[F]) *tensor[F] {
	l.y = reuse(l.y, x.channels, x.batch, 2*x.length)
	p.threads.each(x.channels, func(c int) {
		for i := range x.batch {
			y := l.y.signal(c, i)
			for j, v := range x.signal(c, i) {
				y[2*j], y[2*j+1] = v, v
			}
		}
	})
	return l.y
}

func (l *repeat[F]) backward(p pass, dy *tensor[F], _ bool) *tensor[F] {
	l.dx = reuse(l.dx, dy.channels, dy.batch, dy.length/2)
	p.threads.each(dy.channels, func(c int) {
		for i := range dy.batch {
			dx, d := l.dx.signal(c, i), dy.signal(c, i)
			for j := range dx {
				dx[j] = d[2*j] + d[2*j+1]
			}
		}
	})
	return l.dx
}
