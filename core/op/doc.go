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
// memory of its result, so that a steady training step allocates nothing here. The
// gradients of one operation are computed together, by the first of its gradient nodes
// that runs; the others hand theirs on.
//
// What the tape machine costs, as BenchmarkMachine measures it on a Zen 4: 1.1 µs of
// processor time and 11 allocations of 340 bytes together for a node, and 7 ms to
// build, differentiate and compile 60 operations. Of a training step of the PhysioNet
// 2012 example that is 2 %. Another 2 % go into Gorgonia's own addition, one thread in
// plain Go, of the gradients of values that several operations use. Gorgonia's other
// machine, LISP, takes twice the time forward and 2.7 times with gradients, and four times
// the memory; it differentiates as it runs, one operand at a time, and has to be made anew
// for each run.
package op
