package op_test

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/fusemoe/fusemoe/core/kernel"
	"github.com/fusemoe/fusemoe/core/op"
)

// use is one operation of a random graph, on values that came before it.
type use struct {
	kind   string
	of     []int
	lo, hi int
}

// drawUses draws operations on a first value of the given number of rows. Some hand their
// gradient on as it is, some to a window of another, and any value may have several users.
func drawUses(t *rapid.T, rows int) (uses []use) {
	height := []int{rows} // of each value
	for range rapid.IntRange(1, 12).Draw(t, "operations") {
		u := use{kind: rapid.SampledFrom([]string{"gelu", "sum", "residual", "rows"}).Draw(t, "kind")}
		first := rapid.IntRange(0, len(height)-1).Draw(t, "of")
		u.of, u.hi = []int{first}, height[first]
		var alike []int
		for i, h := range height {
			if h == height[first] {
				alike = append(alike, i)
			}
		}
		switch u.kind {
		case "rows":
			u.lo = rapid.IntRange(0, u.hi-1).Draw(t, "lo")
			u.hi = rapid.IntRange(u.lo+1, u.hi).Draw(t, "hi")
		case "sum":
			u.of = append(u.of, rapid.SliceOfN(rapid.SampledFrom(alike), 1, 3).Draw(t, "more")...)
		case "residual":
			u.of = append(u.of, rapid.SampledFrom(alike).Draw(t, "branch"))
		}
		uses, height = append(uses, u), append(height, u.hi-u.lo)
	}
	return uses
}

const turnsWidth = 2

// addUses builds these operations on a parameter. ends are the values that nobody uses.
func addUses(g *graph, p *param, uses []use) (values []op.Node, ends []int) {
	values = []op.Node{g.Parameter(p)}
	used := make([]bool, len(uses)+1)
	for _, u := range uses {
		var in []op.Node
		for _, from := range u.of {
			in, used[from] = append(in, values[from]), true
		}
		y := in[0]
		switch u.kind {
		case "gelu":
			y = g.Activate(kernel.GELU, y)
		case "sum":
			y = g.Sum(in...)
		case "residual":
			y = g.Residual(kernel.Residual[float64]{}, y, in[1])
		case "rows":
			y = g.Rows(y, u.lo, u.hi, turnsWidth)
		}
		values = append(values, y)
	}
	for i := range used {
		if !used[i] {
			ends = append(ends, i)
		}
	}
	return values, ends
}

// propagateBack is what the graph should do: the gradients of all values of addUses, each in
// memory of its own, from those of the ends.
func propagateBack(uses []use, values, gradients [][]float64) {
	for i := len(uses) - 1; i >= 0; i-- {
		u, dy := uses[i], gradients[i+1]
		if u.kind == "gelu" {
			a, dx := kernel.Activate[float64]{Kind: kernel.GELU, Size: len(dy)}, make([]float64, len(dy))
			a.Backward(nil, dx, dy, values[u.of[0]])
			dy = dx
		}
		for _, from := range u.of {
			for j, v := range dy {
				gradients[from][u.lo*turnsWidth+j] += v
			}
		}
	}
}

// Gradients that take turns in the same memory are those of a plain pass back, in the first
// run and in one that finds in it what the last has left, for whatever is kept.
func TestGradientsTakeTurns(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		const rows = 6
		uses := drawUses(t, rows)
		g, p := op.NewGraph[float64](nil), learned(1, rows, turnsWidth)
		defer g.Close()
		nodes, ends := addUses(g, p, uses)
		kept := rapid.SliceOfN(rapid.IntRange(1, len(uses)), 0, 3).Draw(t, "kept")
		for _, i := range kept {
			g.KeepGradient(nodes[i])
		}
		var losses []op.Node
		for _, i := range ends {
			size := nodes[i].Shape().TotalSize()
			losses = append(losses, g.SquaredError(kernel.SquaredError[float64]{Samples: size, Outputs: 1}, nodes[i], make([]float64, size)))
		}
		if err := g.Compile(g.WeightedSum(slices.Repeat([]float64{1}, len(ends)), losses)); err != nil {
			t.Fatal(err)
		}
		for range 2 {
			p.ClearGrad()
			if err := g.Run(op.Step{Training: true}); err != nil {
				t.Fatal(err)
			}
			var values, want [][]float64
			for _, n := range nodes {
				values = append(values, op.Value[float64](n))
				want = append(want, make([]float64, n.Shape().TotalSize()))
			}
			for _, i := range ends {
				k := kernel.SquaredError[float64]{Samples: len(want[i]), Outputs: 1}
				k.Backward(nil, want[i], 1, values[i], make([]float64, len(want[i])))
			}
			propagateBack(uses, values, want)
			alike(t, "the parameter", p.Grad, want[0])
			for _, i := range kept {
				if uses[i-1].kind != "rows" {
					alike(t, fmt.Sprintf("operation %d", i), g.Gradient(nodes[i]), want[i])
				}
			}
		}
	})
}

// alike allows for sums in another order.
func alike(t *rapid.T, name string, got, want []float64) {
	for i, w := range want {
		if !(math.Abs(got[i]-w) <= 1e-12*(1+math.Abs(w))) {
			t.Fatalf("the gradient of %s is %v, want %v", name, got, want)
		}
	}
}

// A node between a value and its users that adds nothing but zeros which are learned has as
// their gradient that of the value.
func TestKeptGradientIsThatOfWhatIsAdded(t *testing.T) {
	g, p, zeros := op.NewGraph[float64](nil), learned(1, 6, 4), op.Zeros[float64]("zeros", 6, 4)
	defer g.Close()
	x := g.Activate(kernel.GELU, g.Parameter(p))
	y := g.Sum(x, g.Parameter(zeros))
	top := g.Activate(kernel.GELU, g.Rows(g.Sum(y, g.Activate(kernel.GELU, y)), 1, 4, 4))
	g.KeepGradient(x)
	g.KeepGradient(y)
	if err := g.Compile(g.SquaredError(kernel.SquaredError[float64]{Samples: 12, Outputs: 1}, top, make([]float64, 12))); err != nil {
		t.Fatal(err)
	}
	if err := g.Run(op.Step{}); err != nil {
		t.Fatal(err)
	}
	for name, n := range map[string]op.Node{"value": x, "sum": y} {
		if !slices.Equal(g.Gradient(n), zeros.Grad) {
			t.Errorf("the gradient of the %s is %v, that of the zeros %v", name, g.Gradient(n), zeros.Grad)
		}
	}
	if zeros.Grad[0] != 0 || zeros.Grad[4] == 0 {
		t.Errorf("the gradient of rows 1 to 3 is %v", zeros.Grad)
	}
	defer func() {
		if recover() == nil {
			t.Error("a gradient that was not kept is told")
		}
	}()
	g.Gradient(top)
}
