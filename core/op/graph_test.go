package op_test

import (
	"runtime"
	"testing"
	"time"

	"github.com/fusemoe/fusemoe/core/kernel"
	"github.com/fusemoe/fusemoe/core/op"
)

// TestClosedGraphIsCollected makes sure that a run with many seeds does not keep the
// buffers of them all.
func TestClosedGraphIsCollected(t *testing.T) {
	collected := make(chan struct{})
	func() {
		p := op.Constant("p", 1.0, 2, 2)
		g := op.NewGraph[float64](nil)
		loss := g.SquaredError(kernel.SquaredError[float64]{Samples: 4, Outputs: 1},
			g.Activate(kernel.GELU, g.Parameter(p)), []float64{0, 0, 0, 0})
		if err := g.Compile(loss); err != nil {
			t.Fatal(err)
		}
		if err := g.Run(op.Step{Training: true}); err != nil {
			t.Fatal(err)
		}
		runtime.AddCleanup(g, func(c chan struct{}) { close(c) }, collected)
		if err := g.Close(); err != nil {
			t.Fatal(err)
		}
	}()
	deadline := time.After(5 * time.Second)
	for {
		runtime.GC()
		select {
		case <-collected:
			return
		case <-deadline:
			t.Fatal("a closed graph stays in memory")
		case <-time.After(10 * time.Millisecond):
		}
	}
}
