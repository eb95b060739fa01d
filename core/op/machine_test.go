package op_test

import (
	"testing"

	"github.com/fusemoe/fusemoe/core/kernel"
	"github.com/fusemoe/fusemoe/core/op"
)

// chain is a graph of n operations that hardly compute anything, each with two inputs,
// so that a run is the machine's own work. Its gradients are summed at every second
// operation by as many additions of Gorgonia's.
func chain(b *testing.B, n int, differentiate bool) *op.Graph[float32] {
	g := op.NewGraph[float32](nil)
	x := g.Parameter(&op.Parameter[float32]{Name: "x", Shape: []int{1, 1}, Value: []float32{1}, Grad: []float32{0}})
	for range n {
		x = g.Residual(0, x, x)
	}
	loss := op.Node(nil)
	if differentiate {
		loss = g.SquaredError(kernel.SquaredError[float32]{Samples: 1, Outputs: 1}, x, []float32{0})
	}
	if err := g.Compile(loss); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := g.Close(); err != nil {
			b.Error(err)
		}
	})
	return g
}

// BenchmarkMachine is the overhead that the package comment speaks of.
func BenchmarkMachine(b *testing.B) {
	const operations = 60
	for _, c := range []struct {
		name          string
		differentiate bool
	}{{"forward", false}, {"both", true}} {
		b.Run(c.name, func(b *testing.B) {
			g := chain(b, operations, c.differentiate)
			b.ReportAllocs()
			for b.Loop() {
				if err := g.Run(op.Step{}); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(b.Elapsed().Seconds()*1e9/float64(b.N)/operations, "ns/operation")
		})
	}
	b.Run("compile", func(b *testing.B) {
		for b.Loop() {
			chain(b, operations, true)
		}
	})
}
