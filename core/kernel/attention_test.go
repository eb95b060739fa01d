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

// Heads are 3 and 8 wide: matrix products take the former, the fused kernels the latter.
func TestSelfAttentionIgnoresWorkersAndOtherSequences(t *testing.T) {
	const sequences, steps, heads = 7, 17, 4
	for _, width := range []int{12, 32} {
		s := kernel.SelfAttention[float32]{Sequences: sequences, Steps: steps, Heads: heads, Width: width}
		entries := sequences * steps * width
		qkv, dy := kerneltest.Random[float32](3*entries, 1, 1), kerneltest.Random[float32](entries, 1, 2)
		y := make([]float32, entries)
		sameForAnyWorkers(t, func(p *kernel.Pool) [][]float32 {
			dqkv := make([]float32, 3*entries)
			s.Forward(p, y, qkv)
			s.Backward(p, dqkv, dy, qkv)
			return [][]float32{slices.Clone(y), dqkv}
		})
		one := kernel.SelfAttention[float32]{Sequences: 1, Steps: steps, Heads: heads, Width: width}
		size := steps * width
		alone := make([]float32, size)
		one.Forward(nil, alone, qkv[3*3*size:][:3*size])
		if !slices.Equal(alone, y[3*size:][:size]) {
			t.Errorf("width %d: a sequence alone differs from the same sequence in company", width)
		}
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
