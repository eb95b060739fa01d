// Package op gives the kernels to Gorgonia: each operation is one node of the
// graph, with its shape and its gradient, and no loops of its own.
//
// A Graph is built once for a batch size and then run many times:
//
//	g := op.NewGraph[float32](pool)
//	x := g.Input("x", 96, 64)
//	y := g.LayerNorm(kernel.LayerNorm[float32]{Rows: 96, Width: 64, Eps: 1e-5},
//		x, g.Parameter(gamma), g.Parameter(beta))
//	loss := g.SquaredError(…, y, labels)
//	err := g.Compile(loss)   // differentiates and compiles
//	err = g.Run(step)        // one forward and backward pass
//
// The operations are coarse, a whole attention block or expert layer each, because
// Gorgonia's machine costs time for every node that it runs. An operation owns the
// memory of its result, so that a steady training step allocates none here; gradients
// take turns in some of their own. The whole backward pass of an operation is one node,
// and these follow one another in the order opposite to that in which the operations
// were added: what they hand on lies where both sides know it. Gradients of parameters go
// straight to the parameters, and those of a value that several operations use are added
// up on all workers as they are needed.
//
// What the tape machine costs, as BenchmarkMachine measures it on a Zen 5: 1.1 µs of
// processor time and 6 allocations of 210 bytes together for an operation, 1.5 µs with
// gradients. Gorgonia's other machine, LISP, takes 1.6 times the time forward, and has
// to be made anew for each run.
package op
