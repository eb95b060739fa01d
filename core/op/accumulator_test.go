package op_test

import (
	"math"
	"slices"
	"testing"

	"github.com/fusemoe/fusemoe/core/kernel"
	"github.com/fusemoe/fusemoe/core/op"
)

// TestAccumulatedBalanceIsAsStrongAsThatOfOneRun runs the same rows several times in one
// optimizer step, which must teach what they teach at once.
func TestAccumulatedBalanceIsAsStrongAsThatOfOneRun(t *testing.T) {
	losses := map[string]func(*graph, op.Node, op.Node, *op.Accumulator) op.Node{
		"importance": func(g *graph, logits, raw op.Node, a *op.Accumulator) op.Node {
			noisy := g.NoisyLogits(kernel.NoisyLogits[float64]{Rows: 8, Experts: 5}, logits, raw)
			gates := g.TopK(kernel.TopK[float64]{Rows: 8, Experts: 5, K: 3}, noisy, nil)
			return g.Importance(kernel.Importance[float64]{Rows: 8, Experts: 5}, gates, a)
		},
		"load": func(g *graph, logits, raw op.Node, a *op.Accumulator) op.Node {
			noisy := g.NoisyLogits(kernel.NoisyLogits[float64]{Rows: 8, Experts: 5}, logits, raw)
			return g.Load(kernel.Load[float64]{Rows: 8, Experts: 5, K: 2}, logits, noisy, raw, nil, a)
		},
	}
	for name, loss := range losses {
		t.Run(name, func(t *testing.T) {
			learn := func(runs int) []float64 {
				logits, raw := learned(1, 8, 5), learned(2, 8, 5)
				g, a := op.NewGraph[float64](nil), &op.Accumulator{}
				if err := g.Compile(loss(g, g.Parameter(logits), g.Parameter(raw), a)); err != nil {
					t.Fatal(err)
				}
				for range runs {
					if err := g.Run(op.Step{Seed: 3, Number: 1, Training: true, Weight: 1 / float64(runs)}); err != nil {
						t.Fatal(err)
					}
					a.Carry()
				}
				return logits.Grad
			}
			once, often := learn(1), learn(4)
			if !slices.ContainsFunc(once, func(v float64) bool { return v != 0 }) {
				t.Fatal("one run teaches nothing")
			}
			for i, want := range once {
				if math.Abs(often[i]-want) > 1e-9 {
					t.Fatalf("entry %d of the gradient is %v over four runs, %v in one", i, often[i], want)
				}
			}
		})
	}
}
