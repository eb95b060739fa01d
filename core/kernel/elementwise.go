package kernel

// Add computes y += x.
func Add[F Float](p *Pool, y, x []F) {
	p.For(len(y), entryChunk, func(lo, hi int) { addTo(y[lo:hi], x[lo:hi]) })
}

// Scale computes x *= a.
func Scale[F Float](p *Pool, x []F, a F) {
	p.For(len(x), entryChunk, func(lo, hi int) { scaleBy(x[lo:hi], a) })
}

// Mix computes y = keep·y + (1-keep)·x.
func Mix[F Float](p *Pool, y, x []F, keep F) {
	p.For(len(y), entryChunk, func(lo, hi int) {
		for i := lo; i < hi; i++ {
			y[i] = keep*y[i] + (1-keep)*x[i]
		}
	})
}
