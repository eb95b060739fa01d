package kernel

import (
	"fmt"
	"math"
)

// Pooling says how the steps of a modality become one vector.
type Pooling uint8

// The poolings.
const (
	LastStep       Pooling = iota // the last step, as published
	MeanSteps                     // the mean of all steps
	AttentionSteps                // a weighted mean, by attention with a learned query
)

// poolingNames are the names in configurations, in the order of the constants.
var poolingNames = [...]string{"last", "mean", "attention"}

// String is the pooling's name in configurations.
func (k Pooling) String() string {
	if int(k) < len(poolingNames) {
		return poolingNames[k]
	}
	return fmt.Sprintf("Pooling(%d)", uint8(k))
}

// ParsePooling is the pooling of that name: last, mean or attention.
func ParsePooling(name string) (Pooling, error) {
	for k, known := range poolingNames {
		if name == known {
			return Pooling(k), nil
		}
	}
	return 0, fmt.Errorf("unknown pooling %q: use last, mean or attention", name)
}

// StepPooling makes one vector of the steps of each modality, the modalities side by
// side: x is [Modalities·Samples·Steps, Width], h [Samples, Modalities·Width].
// Attention weighs step t by softmax_t(<x[m,s,t], q[m]>/sqrt(Width)), q being
// [Modalities, Width]; the other poolings ignore q, which may then be nil.
type StepPooling[F Float] struct {
	Kind Pooling

	Modalities, Samples, Steps, Width int

	weights  []F // [Modalities·Samples, Steps]
	dweights []F // the same shape: gradients of the scores
	dqueries []F // [Modalities·Samples, Width]: each sample's share of dq
}

// Forward fills h.
func (s *StepPooling[F]) Forward(p *Pool, h, x, q []F) {
	s.check(h, x, q)
	w, block := s.Width, s.Steps*s.Width
	s.weights = grow(s.weights, s.Modalities*s.Samples*s.Steps)
	p.For(s.Modalities*s.Samples, blockGrain(block), func(lo, hi int) {
		for i := lo; i < hi; i++ {
			m, sample := i/s.Samples, i%s.Samples
			in, out := x[i*block:][:block], h[(sample*s.Modalities+m)*w:][:w]
			switch s.Kind {
			case LastStep:
				copy(out, in[block-w:])
			case MeanSteps:
				clear(out)
				for t := 0; t < block; t += w {
					addTo(out, in[t:][:w])
				}
				scaleBy(out, 1/F(s.Steps))
			case AttentionSteps:
				clear(out)
				for t, weight := range s.attend(i, in, q[m*w:][:w]) {
					accumulate(out, weight, in[t*w:][:w])
				}
			}
		}
	})
}

// Backward fills dx and dq. It needs no Forward before it.
func (s *StepPooling[F]) Backward(p *Pool, dx, dq, dh, x, q []F) {
	s.check(dh, x, q)
	fitOrNil(len(x), dx)
	fitOrNil(s.Modalities*s.Width, dq)
	w, block := s.Width, s.Steps*s.Width
	pairs := s.Modalities * s.Samples
	s.weights = grow(s.weights, pairs*s.Steps)
	s.dweights = grow(s.dweights, pairs*s.Steps)
	s.dqueries = grow(s.dqueries, pairs*w)
	p.For(pairs, blockGrain(block), func(lo, hi int) {
		for i := lo; i < hi; i++ {
			m, sample := i/s.Samples, i%s.Samples
			d := dh[(sample*s.Modalities+m)*w:][:w]
			if s.Kind == AttentionSteps {
				s.backwardAttention(i, dx, d, x[i*block:][:block], q[m*w:][:w])
			} else if dx != nil {
				s.spread(dx[i*block:][:block], d)
			}
		}
	})
	if dq == nil {
		return
	}
	clear(dq)
	if s.Kind == AttentionSteps {
		for i := range pairs {
			addTo(dq[i/s.Samples*w:][:w], s.dqueries[i*w:][:w])
		}
	}
}

// spread is the backward pass of LastStep and MeanSteps for one sequence.
func (s *StepPooling[F]) spread(dx, dh []F) {
	w := s.Width
	if s.Kind == LastStep {
		clear(dx)
		copy(dx[len(dx)-w:], dh)
		return
	}
	for t := 0; t < len(dx); t += w {
		scaled(dx[t:][:w], dh, 1/F(s.Steps))
	}
}

// attend fills and returns the attention weights of sequence i.
func (s *StepPooling[F]) attend(i int, x, q []F) []F {
	weights := s.weights[i*s.Steps:][:s.Steps]
	for t := range weights {
		weights[t] = inner(x[t*s.Width:][:s.Width], q)
	}
	softmaxRows(weights, s.Steps, s.root())
	return weights
}

// backwardAttention fills the sequence's part of dx and its share of dq.
func (s *StepPooling[F]) backwardAttention(i int, dx, dh, x, q []F) {
	w := s.Width
	weights := s.attend(i, x, q)
	dscores := s.dweights[i*s.Steps:][:s.Steps]
	var mean F
	for t := range dscores {
		dscores[t] = inner(x[t*w:][:w], dh)
		mean += weights[t] * dscores[t]
	}
	root := s.root()
	dq := s.dqueries[i*w:][:w]
	clear(dq)
	for t, weight := range weights {
		ds := weight * (dscores[t] - mean) * root
		accumulate(dq, ds, x[t*w:][:w])
		if dx != nil {
			out := dx[(i*s.Steps+t)*w:][:w]
			scaled(out, dh, weight)
			accumulate(out, ds, q)
		}
	}
}

// root is the factor of the scores.
func (s *StepPooling[F]) root() F { return F(1 / math.Sqrt(float64(s.Width))) }

func (s *StepPooling[F]) check(h, x, q []F) {
	mustHold(s.Kind <= AttentionSteps && s.Steps > 0)
	mustHold(len(h) == s.Modalities*s.Samples*s.Width && len(x) == len(h)*s.Steps)
	mustHold(s.Kind != AttentionSteps || len(q) == s.Modalities*s.Width)
}
