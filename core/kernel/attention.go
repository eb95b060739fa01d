package kernel

import "math"

// SelfAttention lets the steps of each sequence attend to each other (Vaswani et al.
// 2017): per head softmax(q·kᵀ/sqrt(Width/Heads))·v. Width is a multiple of Heads.
type SelfAttention[F Float] struct {
	Sequences, Steps, Heads, Width int

	// Those of the last Forward, [Sequences, Heads, Steps, Steps], or as the fused kernels
	// lay them out.
	weights []F
	scratch []F // for the gradients of one head a worker
}

// attentionGrain is how many heads of sequences one worker takes at a time.
const attentionGrain = 4

// Forward computes y [Sequences·Steps, Width] from qkv [Sequences·Steps, 3·Width],
// which holds queries, keys and values side by side, each divided into heads.
func (s *SelfAttention[F]) Forward(p *Pool, y, qkv []F) {
	s.check(y, qkv)
	s.forwardOn(activePath(), p, y, qkv)
}

func (s *SelfAttention[F]) forwardOn(on path, p *Pool, y, qkv []F) {
	if s.fused(on) {
		s.forwardFused(on, p, single(y), single(qkv))
		return
	}
	t, w := s.Steps, s.Width
	head, scale := w/s.Heads, s.scale()
	s.weights = grow(s.weights, s.Sequences*s.Heads*t*t)
	p.For(s.Sequences*s.Heads, attentionGrain, func(lo, hi int) {
		for i := lo; i < hi; i++ {
			weights := s.weights[i*t*t:][:t*t]
			in, out := s.offset(i)
			q, k, v := qkv[3*in+out:], qkv[3*in+out+w:], qkv[3*in+out+2*w:]
			MatMul(nil, NT, t, t, head, q, 3*w, k, 3*w, weights, t, false)
			softmaxRows(weights, t, scale)
			MatMul(nil, NN, t, head, t, weights, t, v, 3*w, y[in+out:], w, false)
		}
	})
}

// Backward computes the gradient of qkv from that of y, after Forward with the same
// qkv on the same struct.
func (s *SelfAttention[F]) Backward(p *Pool, dqkv, dy, qkv []F) {
	if dqkv == nil {
		return
	}
	s.check(dy, qkv)
	fit(len(qkv), dqkv)
	s.backwardOn(activePath(), p, dqkv, dy, qkv)
}

func (s *SelfAttention[F]) backwardOn(on path, p *Pool, dqkv, dy, qkv []F) {
	if s.fused(on) {
		s.backwardFused(on, p, single(dqkv), single(dy), single(qkv))
		return
	}
	t, w := s.Steps, s.Width
	head, scale := w/s.Heads, s.scale()
	s.scratch = grow(s.scratch, p.Workers()*t*t)
	forEach(p, s.Sequences*s.Heads, func(slot, i int) {
		weights, dscores := s.weights[i*t*t:][:t*t], s.scratch[slot*t*t:][:t*t]
		in, out := s.offset(i)
		dy := dy[in+out:]
		q, k, v := qkv[3*in+out:], qkv[3*in+out+w:], qkv[3*in+out+2*w:]
		dq, dk, dv := dqkv[3*in+out:], dqkv[3*in+out+w:], dqkv[3*in+out+2*w:]
		MatMul(nil, TN, t, head, t, weights, t, dy, w, dv, 3*w, false)
		MatMul(nil, NT, t, t, head, dy, w, v, 3*w, dscores, t, false)
		for j := range t {
			weights, dscores := weights[j*t:][:t], dscores[j*t:][:t]
			mean := inner(weights, dscores)
			for c, weight := range weights {
				dscores[c] = weight * (dscores[c] - mean) * scale
			}
		}
		MatMul(nil, NN, t, head, t, dscores, t, k, 3*w, dq, 3*w, false)
		MatMul(nil, TN, t, head, t, dscores, t, q, 3*w, dk, 3*w, false)
	})
}

// offset says where head i, counted over all sequences, begins in [Sequences·Steps,
// Width]: the offset of its sequence and that of the head within a row.
func (s *SelfAttention[F]) offset(i int) (sequence, column int) {
	return i / s.Heads * s.Steps * s.Width, i % s.Heads * (s.Width / s.Heads)
}

func (s *SelfAttention[F]) scale() F {
	return F(1 / math.Sqrt(float64(s.Width/s.Heads)))
}

func (s *SelfAttention[F]) check(y, qkv []F) {
	if s.Width%s.Heads != 0 {
		panic(ErrShape)
	}
	fit(s.Sequences*s.Steps*s.Width, y)
	fit(s.Sequences*s.Steps*s.Width*3, qkv)
}
