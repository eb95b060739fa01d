package op

import "github.com/fusemoe/fusemoe/core/kernel"

// Linear is y = x·W + b, group by group. x is [Groups·Rows, In], w [Groups, In, Out]
// and b [Groups, Out] or nil.
func (g *Graph[F]) Linear(k kernel.Linear[F], x, w, b Node) Node {
	shape := []int{k.Groups * k.Rows, k.Out}
	if b == nil {
		return g.apply(Call[F]{Name: "linear", Kernel: k}, shape, []Node{x, w},
			func(y []F, in [][]F) { k.Forward(g.pool, y, in[0], in[1], nil) },
			func(din [][]F, dy, _ []F, in [][]F) { k.Backward(g.pool, din[0], din[1], nil, dy, in[0], in[1]) })
	}
	return g.apply(Call[F]{Name: "linear", Kernel: k}, shape, []Node{x, w, b},
		func(y []F, in [][]F) { k.Forward(g.pool, y, in[0], in[1], in[2]) },
		func(din [][]F, dy, _ []F, in [][]F) { k.Backward(g.pool, din[0], din[1], din[2], dy, in[0], in[1]) })
}

// Activate applies a nonlinearity element by element.
func (g *Graph[F]) Activate(kind kernel.Activation, x Node) Node {
	k := kernel.Activate[F]{Kind: kind, Size: x.Shape().TotalSize()}
	return g.apply(Call[F]{Name: "activate", Kernel: k}, x.Shape(), []Node{x},
		func(y []F, in [][]F) { k.Forward(g.pool, y, in[0]) },
		func(din [][]F, dy, _ []F, in [][]F) { k.Backward(g.pool, din[0], dy, in[0]) })
}

// LayerNorm normalises every row, with a gain and an offset for each group.
func (g *Graph[F]) LayerNorm(k kernel.LayerNorm[F], x, gamma, beta Node) Node {
	return g.apply(Call[F]{Name: "layer norm", Kernel: k}, x.Shape(), []Node{x, gamma, beta},
		func(y []F, in [][]F) { k.Forward(g.pool, y, in[0], in[1], in[2]) },
		func(din [][]F, dy, _ []F, in [][]F) {
			k.Backward(g.pool, din[0], din[1], din[2], dy, in[0], in[1])
		})
}

// SelfAttention attends over the steps of every sequence. qkv is
// [Sequences·Steps, 3·Width], the result [Sequences·Steps, Width].
func (g *Graph[F]) SelfAttention(k kernel.SelfAttention[F], qkv Node) Node {
	return g.apply(Call[F]{Name: "self-attention", Kernel: k}, []int{k.Sequences * k.Steps, k.Width}, []Node{qkv},
		func(y []F, in [][]F) { k.Forward(g.pool, y, in[0]) },
		func(din [][]F, dy, _ []F, in [][]F) { k.Backward(g.pool, din[0], dy, in[0]) })
}

// Residual is x + dropout(z). The kernel's size is that of x.
func (g *Graph[F]) Residual(k kernel.Residual[F], x, z Node) Node {
	k.Size = x.Shape().TotalSize()
	stream := g.nextID()
	g.nextID()
	f := g.add(Call[F]{Name: "residual", Kernel: k, Stream: stream}, x.Shape(), []Node{x, z},
		func(y []F, in [][]F) { k.Forward(g.pool, y, in[0], in[1], g.key(stream), g.step.Training) },
		func(din [][]F, dy, _ []F, _ [][]F) {
			k.Backward(g.pool, din[0], din[1], dy, g.key(stream), g.step.Training)
		})
	f.passes = []int{0}
	return f.out
}

// Contract is Σ x[i,j]·weights[j] over all rows i, a scalar. weights is read at each run.
// It asks for gradients by inputs, which no device tells, and so runs on none.
func (g *Graph[F]) Contract(x Node, weights []F) Node {
	n := len(weights)
	return g.apply(Call[F]{Name: "contract"}, scalar, []Node{x},
		func(y []F, in [][]F) {
			y[0] = 0
			for i, v := range in[0] {
				y[0] += v * weights[i%n]
			}
		},
		func(din [][]F, dy, _ []F, _ [][]F) {
			for i := range din[0] {
				din[0][i] = dy[0] * weights[i%n]
			}
		})
}

// Dropout zeroes a share of the elements in training and scales up the others. The
// kernel's size is that of x; a rate of 0 adds no node.
func (g *Graph[F]) Dropout(k kernel.Dropout[F], x Node) Node {
	if k.Rate == 0 {
		return x
	}
	k.Size = x.Shape().TotalSize()
	stream := g.nextID()
	return g.apply(Call[F]{Name: "dropout", Kernel: k, Stream: stream}, x.Shape(), []Node{x},
		func(y []F, in [][]F) { k.Forward(g.pool, y, in[0], g.key(stream), g.step.Training) },
		func(din [][]F, dy, _ []F, _ [][]F) {
			k.Backward(g.pool, din[0], dy, g.key(stream), g.step.Training)
		})
}
