package kernel

const (
	// fusedColumns is how many columns of a head the fused kernels take at a time.
	fusedColumns = 8
	// fusedWidth is the widest head that they take. Wider ones leave matrix products
	// enough to do that these are as fast or faster, whatever the number of steps.
	fusedWidth = 32
	// fusedGrain is how many heads one worker takes at a time: ten microseconds at 24 steps
	// and heads 8 wide.
	fusedGrain = 32
)

// fused says whether the fused kernels take the heads.
func (s *SelfAttention[F]) fused(on path) bool {
	head := s.Width / s.Heads
	return isFloat32[F]() && on != generic && head%fusedColumns == 0 && head <= fusedWidth
}

// forwardFused is Forward by one kernel for each head.
func (s *SelfAttention[F]) forwardFused(on path, p *Pool, y, qkv []float32) {
	heads, size := s.Sequences*s.Heads, on.fusedSize(s.Steps)
	s.weights = grow(s.weights, heads*size)
	weights, head, scale := single(s.weights), s.Width/s.Heads, float32(s.scale())
	p.For(heads, fusedGrain, func(lo, hi int) {
		for i := lo; i < hi; i++ {
			s.prefetchNext(on, i, size, weights, y, qkv)
			in, out := s.offset(i)
			on.attend(s.Steps, head, s.Width, y[in+out:], qkv[3*in+out:], weights[i*size:][:size], scale)
		}
	})
}

// backwardFused is Backward after forwardFused. A worker's scratch has room for the
// gradients of the scores and for a copy of eight columns, filled up to an even number of
// steps.
func (s *SelfAttention[F]) backwardFused(on path, p *Pool, dqkv, dy, qkv []float32) {
	heads, size := s.Sequences*s.Heads, on.fusedSize(s.Steps)
	room := size + (s.Steps+1)&^1*fusedColumns
	s.scratch = grow(s.scratch, p.Workers()*room)
	weights, head, scale := single(s.weights), s.Width/s.Heads, float32(s.scale())
	scratch := single(s.scratch)
	forEach(p, (heads+fusedGrain-1)/fusedGrain, func(slot, chunk int) {
		scratch := scratch[slot*room:][:room]
		for i := chunk * fusedGrain; i < min((chunk+1)*fusedGrain, heads); i++ {
			s.prefetchNext(on, i, size, weights, dy, qkv, dqkv)
			in, out := s.offset(i)
			on.attendBackward(s.Steps, head, s.Width, dqkv[3*in+out:], dy[in+out:], qkv[3*in+out:],
				weights[i*size:][:size], scratch[:size], scratch[size:], scale)
		}
	})
}

// prefetchNext asks, before head i, for the weights of the next and for a share of the rows
// of the next sequence, which its heads have in common. A training step touches more than
// the caches hold before it comes back to them.
func (s *SelfAttention[F]) prefetchNext(on path, i, size int, weights []float32, rows ...[]float32) {
	if i+1 < s.Sequences*s.Heads {
		on.prefetch(weights[(i+1)*size:][:size])
	}
	sequence, h := i/s.Heads+1, i%s.Heads
	if sequence == s.Sequences {
		return
	}
	for _, x := range rows {
		n := len(x) / s.Sequences
		on.prefetch(x[sequence*n:][h*n/s.Heads : (h+1)*n/s.Heads])
	}
}
