package kernel

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// attentionCase is a head width with its number of heads, and a number of steps.
type attentionCase struct{ steps, heads, head int }

// attentionCases lie around the edges of vectors, and have heads that the fused kernels
// take and such that they leave.
func attentionCases() (all []attentionCase) {
	for _, steps := range []int{1, 2, 3, 7, 8, 9, 15, 16, 17, 24, 31, 33, 48, 63, 64, 65} {
		for _, head := range []int{1, 3, 8, 15, 16, 17, 24, 32, 33, 40} {
			all = append(all, attentionCase{steps, 1 + steps%3, head})
		}
	}
	return all
}

func (c attentionCase) inputs() (qkv, dy []float32) {
	r := rand.New(rand.NewPCG(uint64(c.steps), uint64(c.head)))
	qkv = make([]float32, 2*c.steps*3*c.heads*c.head)
	dy = make([]float32, len(qkv)/3)
	for _, x := range [][]float32{qkv, dy} {
		for i := range x {
			x[i] = float32(r.NormFloat64())
		}
	}
	return qkv, dy
}

func attentionOf[F Float](c attentionCase) *SelfAttention[F] {
	return &SelfAttention[F]{Sequences: 2, Steps: c.steps, Heads: c.heads, Width: c.heads * c.head}
}

// attendBothWays is a forward and a backward pass on a path, into memory full of NaN: the
// outputs, then the gradients.
func attendBothWays[F Float](s path, c attentionCase, qkv, dy []F) []F {
	out := make([]F, len(dy)+len(qkv))
	for i := range out {
		out[i] = F(math.NaN())
	}
	a := attentionOf[F](c)
	a.forwardOn(s, nil, out[:len(dy)], qkv)
	a.backwardOn(s, nil, out[len(dy):], dy, qkv)
	return out
}

// On every path self-attention and its gradients are those of float64, and the fast paths
// agree to the last bit.
func TestSelfAttentionMatchesFloat64(t *testing.T) {
	for _, c := range attentionCases() {
		qkv, dy := c.inputs()
		want := attendBothWays(generic, c, doubles(qkv), doubles(dy))
		var fast []float32
		for _, s := range paths() {
			got := attendBothWays(s, c, qkv, dy)
			for i, v := range got {
				if !(math.Abs(float64(v)-want[i]) <= 1e-5*(1+math.Abs(want[i]))) {
					t.Fatalf("%v, %+v: entry %d is %v, want %v", s, c, i, v, want[i])
				}
			}
			if s != generic && fast != nil && !slices.Equal(got, fast) {
				t.Errorf("%v, %+v: differs from the other fast path", s, c)
			}
			if s != generic {
				fast = got
			}
		}
	}
}

// Weights are the softmax of float64 down to where float32 ends. The values are the unit
// vectors, so that the outputs are the weights.
func TestSelfAttentionWeights(t *testing.T) {
	c := attentionCase{steps: 8, heads: 1, head: 8}
	for _, s := range paths() {
		for _, spread := range []float32{0.01, 1, 10, 100} {
			qkv, _ := c.inputs()
			for step := range c.steps {
				row := qkv[step*24:][:24]
				for i := range 8 {
					row[i] *= spread
					row[16+i] = 0
				}
				row[16+step] = 1
			}
			y := make([]float32, 64)
			a := attentionOf[float32](c)
			a.Sequences = 1
			a.forwardOn(s, nil, y, qkv[:8*24])
			scores := make([]float32, 64)
			matMulOn(generic, nil, NT, 8, 8, 8, qkv, 24, qkv[8:], 24, scores, 8, false)
			for i, want := range softmax64(scores, 8, 1/math.Sqrt(8)) {
				// A score is known to some units in its last place, of 100 at the widest.
				if !(math.Abs(float64(y[i])-want) <= 1e-6*float64(1+10*spread)*want+0x1p-126) {
					t.Errorf("%v, spread %v: weight %d is %v, want %v", s, spread, i, y[i], want)
				}
			}
		}
	}
}

// Scores beyond float32 give on every path what plain Go gives.
func TestSelfAttentionOfInfiniteScores(t *testing.T) {
	inf, nan := float32(math.Inf(1)), float32(math.NaN())
	for _, test := range []struct {
		name  string
		score [2]float32 // of the only query's two keys, with values 3 and 7
		want  float32
	}{
		{"far apart", [2]float32{1e30, -1e30}, 3},
		{"one is minus infinity", [2]float32{-inf, 5}, 7},
		{"minus infinity after another", [2]float32{5, -inf}, 3},
		{"all are minus infinity", [2]float32{-inf, -inf}, nan},
		{"one is infinity", [2]float32{inf, 5}, nan},
		{"one is not a number", [2]float32{nan, 5}, nan},
		{"the other is not a number", [2]float32{5, nan}, nan},
	} {
		for _, s := range paths() {
			qkv, y := make([]float32, 2*24), make([]float32, 2*8)
			for step, v := range []float32{3, 7} {
				qkv[step*24], qkv[step*24+8], qkv[step*24+16] = 1, test.score[step], v
			}
			a := SelfAttention[float32]{Sequences: 1, Steps: 2, Heads: 1, Width: 8}
			a.forwardOn(s, nil, y, qkv)
			if got := y[0]; got != test.want && !(got != got && test.want != test.want) {
				t.Errorf("%s, %v: %v, want %v", test.name, s, got, test.want)
			}
		}
	}
}

// BenchmarkSelfAttention passes heads of the PhysioNet example and of wider models.
func BenchmarkSelfAttention(b *testing.B) {
	for _, c := range []attentionCase{{24, 4, 8}, {48, 8, 16}, {64, 8, 32}} {
		r := rand.New(rand.NewPCG(1, 1))
		s := attentionOf[float32](c)
		s.Sequences = 32
		random := func(rows int) []float32 {
			x := make([]float32, rows*s.Sequences*s.Steps*s.Width)
			for i := range x {
				x[i] = float32(r.NormFloat64())
			}
			return x
		}
		qkv, dqkv, y, dy := random(3), random(3), random(1), random(1)
		s.Forward(nil, y, qkv)
		run := func(name string, pass func()) {
			b.Run(fmt.Sprintf("steps=%d/width=%d/%s", c.steps, c.head, name), func(b *testing.B) {
				for b.Loop() {
					pass()
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*s.Sequences*s.Heads), "ns/head")
			})
		}
		run("forward", func() { s.Forward(nil, y, qkv) })
		run("backward", func() { s.Backward(nil, dqkv, dy, qkv) })
	}
}
