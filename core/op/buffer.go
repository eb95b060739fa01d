package op

import "github.com/fusemoe/fusemoe/core/kernel"

// buffer is memory for gradients. As the backward nodes run in a fixed order, a gradient's
// memory is free for others once the node that needs it has run: a pass back takes little
// more of it than two gradients need at a time, which stays in the caches.
type buffer[F kernel.Float] struct {
	values []F
	users  int // gradients that it is a term of, and the node at hand
}

// buffers are those of a graph that no gradient needs any more, the last freed first.
type buffers[F kernel.Float] struct{ free []*buffer[F] }

// take gives memory for n values of any content: the smallest that holds them, and of equal
// ones the last that was in use.
func (b *buffers[F]) take(n int) *buffer[F] {
	best := -1
	for i, f := range b.free {
		if len(f.values) >= n && (best < 0 || len(f.values) <= len(b.free[best].values)) {
			best = i
		}
	}
	if best < 0 {
		return &buffer[F]{values: make([]F, n), users: 1}
	}
	taken := b.free[best]
	b.free = append(b.free[:best], b.free[best+1:]...)
	taken.users = 1
	return taken
}

// release tells that one user less needs it. What no pool has given stays.
func (b *buffers[F]) release(x *buffer[F]) {
	if x == nil {
		return
	}
	if x.users--; x.users == 0 {
		b.free = append(b.free, x)
	}
}

func (x *buffer[F]) retain() *buffer[F] {
	if x != nil {
		x.users++
	}
	return x
}
