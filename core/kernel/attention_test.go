package kernel_test

import (
	"math"
	"slices"
	"testing"

	"github.com/fusemoe/fusemoe/core/kernel"
	"github.com/fusemoe/fusemoe/core/kernel/kerneltest"
)

// attend is attention as its formula says, one head of one sequence at a time.
func attend(s kernel.SelfAttention[float64], qkv []float64) []float64 {
	t, w, head := s.Steps, s.Width, s.Width/s.Heads
	y := make([]float64, s.Sequences*t*w)
	for i := range s.Sequences * s.Heads {
		first, column := i/s.Heads*t, i%s.Heads*head
		at := func(part, step, c int) float64 { return qkv[(first+step)*3*w+part*w+column+c] }
		for a := range t {
			weights, sum := make([]float64, t), 0.0
			for b := range t {
				score := 0.0
				for c := range head {
					score += at(0, a, c) * at(1, b, c)
				}
				weights[b] = math.Exp(score / math.Sqrt(float64(head)))
				sum += weights[b]
			}
			for b := range t {
				for c := range head {
					y[(first+a)*w+column+c] += weights[b] / sum * at(2, b, c)
				}
			}
		}
	}
	return y
}

func TestSelfAttentionMatchesItsDefinition(t *testing.T) {
	for _, steps := range sizes {
		for _, heads := range []int{1, 3} {
			s := kernel.SelfAttention[float64]{Sequences: 2, Steps: steps, Heads: heads, Width: 6}
			qkv, y := normals(2*steps*18, 1), garbage[float64](2*steps*6)
			s.Forward(nil, y, qkv)
			near(t, name(steps, heads), y, attend(s, qkv), 1e-12)
		}
	}
}

func TestSelfAttentionGradients(t *testing.T) {
	s := kernel.SelfAttention[float64]{Sequences: 2, Steps: 5, Heads: 2, Width: 4}
	qkv, dy, y, dqkv := normals(120, 1), normals(40, 2), make([]float64, 40), garbage[float64](120)
	s.Forward(nil, y, qkv)
	s.Backward(nil, dqkv, dy, qkv)
	kerneltest.CheckGradients(t, func() float64 {
		s.Forward(nil, y, qkv)
		return weighted(y, dy)
	}, [][]float64{qkv}, [][]float64{dqkv})
}

func TestSelfAttentionIgnoresWorkersAndOtherSequences(t *testing.T) {
	s := kernel.SelfAttention[float32]{Sequences: 7, Steps: 17, Heads: 4, Width: 12}
	qkv, dy := kerneltest.Random[float32](7*17*36, 1, 1), kerneltest.Random[float32](7*17*12, 1, 2)
	y := make([]float32, len(dy))
	sameForAnyWorkers(t, func(p *kernel.Pool) [][]float32 {
		dqkv := make([]float32, len(qkv))
		s.Forward(p, y, qkv)
		s.Backward(p, dqkv, dy, qkv)
		return [][]float32{slices.Clone(y), dqkv}
	})
	one := kernel.SelfAttention[float32]{Sequences: 1, Steps: 17, Heads: 4, Width: 12}
	alone := make([]float32, 17*12)
	one.Forward(nil, alone, qkv[3*17*36:4*17*36])
	if !slices.Equal(alone, y[3*17*12:4*17*12]) {
		t.Error("a sequence alone differs from the same sequence in company")
	}
}

func TestSelfAttentionSurvivesLargeScores(t *testing.T) {
	s := kernel.SelfAttention[float32]{Sequences: 1, Steps: 2, Heads: 1, Width: 1}
	y := make([]float32, 2)
	s.Forward(nil, y, []float32{1e4, 1e4, 3, -1e4, -1e4, 7})
	if y[0] != 3 || y[1] != 7 {
		t.Errorf("y = %v, want [3 7]: each step attends to itself alone", y)
	}
}

func TestSelfAttentionRefusesHeadsThatDoNotDivide(t *testing.T) {
	s := kernel.SelfAttention[float64]{Sequences: 1, Steps: 1, Heads: 2, Width: 3}
	panicsOnShape(t, func() { s.Forward(nil, make([]float64, 3), make([]float64, 9)) })
}
