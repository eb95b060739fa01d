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
// memory of its result, so that a steady training step allocates nothing here. Its whole
// backward pass is one node; others hand on the gradients that it made. Gradients of
// parameters go straight to the parameters, and those of a value that several operations
// use are added up in place, on all workers.
//
// What the tape machine costs, as BenchmarkMachine measures it on a Zen 5: 1.1 µs of
// processor time and 12 allocations of 360 bytes together for a node, 2.8 µs with
// gradients, and 3.4 ms to build, differentiate and compile 60 operations. Gorgonia's other
// machine, LISP, takes 1.6 times the time forward and 2.4 times with gradients, and three
// times the memory; it has to be made anew for each run.
package op
