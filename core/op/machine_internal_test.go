package op

import (
	"testing"

	"gorgonia.org/gorgonia"

	"github.com/fusemoe/fusemoe/core/kernel"
)

// chain is a graph of n operations that hardly compute anything, each with two inputs,
// so that a run is the machine's own work.
func chain(b *testing.B, n int, differentiate bool) *Graph[float32] {
	b.Helper()
	g := NewGraph[float32](nil)
	x := g.Parameter(&Parameter[float32]{Name: "x", Shape: []int{1, 1}, Value: []float32{1}, Grad: []float32{0}})
	for range n {
		x = g.Residual(kernel.Residual[float32]{}, x, x)
	}
	loss := Node(nil)
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

// BenchmarkMachine is the overhead that the package comment speaks of, of both machines
// that Gorgonia has.
func BenchmarkMachine(b *testing.B) {
	const operations = 60
	for _, c := range []struct {
		name          string
		differentiate bool
		run           func(*Graph[float32]) error
	}{
		{"forward", false, runTape},
		{"both", true, runTape},
		{"lisp/forward", false, runLISP},
		{"lisp/both", true, runLISP},
	} {
		b.Run(c.name, func(b *testing.B) {
			g := chain(b, operations, c.differentiate)
			b.ReportAllocs()
			for b.Loop() {
				if err := c.run(g); err != nil {
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

func runTape(g *Graph[float32]) error { return g.Run(Step{}) }

// runLISP runs the graph, differentiated already, on a new LISP machine: one that was
// reset begins at its last node.
func runLISP(g *Graph[float32]) error {
	return gorgonia.NewLispMachine(g.graph, gorgonia.ExecuteFwdOnly()).RunAll()
}
