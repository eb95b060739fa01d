package op

import "github.com/fusemoe/fusemoe/core/kernel"

// GateLogits scores every row against the experts: [Groups·Rows, Experts]. bias is
// nil for the distance gates.
func (g *Graph[F]) GateLogits(k kernel.GateLogits[F], x, w, bias Node) Node {
	shape := []int{k.Groups * k.Rows, k.Experts}
	if bias == nil {
		return g.apply(Call[F]{Name: "gate", Kernel: k}, shape, []Node{x, w},
			func(y []F, in [][]F) { k.Forward(g.pool, y, in[0], in[1], nil) },
			func(din [][]F, dy, y []F, in [][]F) {
				k.Backward(g.pool, din[0], din[1], nil, dy, in[0], in[1], y)
			})
	}
	return g.apply(Call[F]{Name: "gate", Kernel: k}, shape, []Node{x, w, bias},
		func(y []F, in [][]F) { k.Forward(g.pool, y, in[0], in[1], in[2]) },
		func(din [][]F, dy, y []F, in [][]F) {
			k.Backward(g.pool, din[0], din[1], din[2], dy, in[0], in[1], y)
		})
}

// NoisyLogits adds Shazeer's learned noise to the logits in training and nothing
// otherwise.
func (g *Graph[F]) NoisyLogits(k kernel.NoisyLogits[F], logits, raw Node) Node {
	stream := g.nextID()
	return g.apply(Call[F]{Name: "gate noise", Kernel: k, Stream: stream}, logits.Shape(), []Node{logits, raw},
		func(y []F, in [][]F) {
			if g.step.Training {
				k.Forward(g.pool, y, in[0], in[1], g.key(stream))
				return
			}
			copy(y, in[0])
		},
		func(din [][]F, dy, _ []F, in [][]F) {
			if g.step.Training {
				k.Backward(g.pool, din[0], din[1], dy, in[1], g.key(stream))
				return
			}
			copy(din[0], dy)
			clear(din[1])
		})
}

// TopK keeps the k best experts of every row and weighs them by a softmax over those
// k. active, if given, is called at each run: a row that is not active goes nowhere.
func (g *Graph[F]) TopK(k kernel.TopK[F], logits Node, active func() []bool) Node {
	return g.apply(Call[F]{Name: "top-k", Kernel: k, Active: active}, logits.Shape(), []Node{logits},
		func(y []F, in [][]F) {
			var rows []bool
			if active != nil {
				rows = active()
			}
			k.Forward(g.pool, y, in[0], rows)
		},
		func(din [][]F, dy, y []F, _ [][]F) { k.Backward(g.pool, din[0], dy, y) })
}

// ExpertNodes are the learned arrays of a pool of experts: W1 [Experts, Width,
// Hidden], B1 [Experts, Hidden], W2 [Experts, Hidden, Out], B2 [Experts, Out].
type ExpertNodes struct{ W1, B1, W2, B2 Node }

// Experts is the mixture Σ gate·expert(x), summed over the rows that share an output
// row: [OutRows, Out].
func (g *Graph[F]) Experts(k kernel.Experts[F], x, gates Node, w ExpertNodes) Node {
	return g.apply(Call[F]{Name: "experts", Kernel: k}, []int{k.OutRows, k.Out}, []Node{x, gates, w.W1, w.B1, w.W2, w.B2},
		func(y []F, in [][]F) { k.Forward(g.pool, y, in[0], in[1], in[2], in[3], in[4], in[5]) },
		func(din [][]F, dy, _ []F, in [][]F) {
			k.Backward(g.pool, din[0], din[1], din[2], din[3], din[4], din[5],
				dy, in[0], in[1], in[2], in[3], in[4], in[5])
		})
}

// Rows is the block of rows [lo, hi) of x, seen as a matrix with the given width. On the
// processor it lies where x does.
func (g *Graph[F]) Rows(x Node, lo, hi, width int) Node {
	g.nextID()
	window := RowRange{Lo: lo, Hi: hi, Width: width}
	return g.addIn(&window, Call[F]{Name: "rows", Kernel: window}, []int{hi - lo, width}, []Node{x},
		func([]F, [][]F) {},
		func(din [][]F, dy, _ []F, _ [][]F) { // of a parameter
			clear(din[0])
			copy(din[0][lo*width:], dy)
		}).out
}

// Columns lays the groups of x side by side: [Groups·Rows, Width] to
// [Rows, Groups·Width].
func (g *Graph[F]) Columns(k kernel.Columns[F], x Node) Node {
	return g.apply(Call[F]{Name: "columns", Kernel: k}, []int{k.Rows, k.Groups * k.Width}, []Node{x},
		func(y []F, in [][]F) { k.Forward(g.pool, y, in[0]) },
		func(din [][]F, dy, _ []F, _ [][]F) { k.Backward(g.pool, din[0], dy) })
}

// AddColumns is x + dropout(y), with the columns of y, [Rows, Groups·Width], taken
// apart into the groups of x, [Groups·Rows, Width].
func (g *Graph[F]) AddColumns(k kernel.AddColumns[F], x, y Node) Node {
	stream := g.nextID()
	g.nextID()
	f := g.add(Call[F]{Name: "add columns", Kernel: k, Stream: stream}, x.Shape(), []Node{x, y},
		func(out []F, in [][]F) { k.Forward(g.pool, out, in[0], in[1], g.key(stream), g.step.Training) },
		func(din [][]F, dout, _ []F, _ [][]F) {
			k.Backward(g.pool, din[0], din[1], dout, g.key(stream), g.step.Training)
		})
	f.passes = []int{0}
	return f.out
}

// Sum adds arrays of one shape.
func (g *Graph[F]) Sum(terms ...Node) Node {
	if len(terms) == 1 {
		return terms[0]
	}
	all := make([]kernel.Term[F], len(terms))
	g.nextID()
	f := g.add(Call[F]{Name: "sum", Kernel: Sum{}}, terms[0].Shape(), terms,
		func(y []F, in [][]F) {
			for i, x := range in {
				all[i].Values = x
			}
			kernel.Sum(g.pool, y, all)
		},
		func(din [][]F, dy, _ []F, _ [][]F) { // of parameters
			for _, d := range din {
				if d != nil {
					copy(d, dy)
				}
			}
		})
	f.passes = sequence(len(terms))
	return f.out
}

// sequence is 0 to n-1.
func sequence(n int) []int {
	s := make([]int, n)
	for i := range s {
		s[i] = i
	}
	return s
}
