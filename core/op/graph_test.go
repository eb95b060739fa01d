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
	deadline := time.After(2 * time.Minute)
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

// Gradients add up over runs from what ClearGrad left, and over the users of a parameter
// and of a result in one run.
func TestGradientsAddUp(t *testing.T) {
	p, q := op.Constant("p", 2.0, 1, 1), op.Constant("q", 3.0, 1, 1)
	g := op.NewGraph[float64](nil)
	x := g.Parameter(p)
	// y = p + p + q, p being used by two operations and their sum by two more.
	y := g.Sum(x, g.Residual(kernel.Residual[float64]{}, x, g.Parameter(q)))
	loss := g.Contract(g.Residual(kernel.Residual[float64]{}, y, g.Sum(y, y)), []float64{1}) // 3y
	if err := g.Compile(loss); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := g.Close(); err != nil {
			t.Error(err)
		}
	})
	for _, clears := range []func(*param){(*param).ClearGrad, func(p *param) { clear(p.Grad) }} {
		clears(p)
		clears(q)
		for run := 1; run <= 3; run++ {
			if err := g.Run(op.Step{Training: true}); err != nil {
				t.Fatal(err)
			}
			if v := op.Value[float64](loss)[0]; v != 21 {
				t.Errorf("the loss is %v", v)
			}
			if want := float64(3 * run); p.Grad[0] != 2*want || q.Grad[0] != want {
				t.Errorf("after %d runs the gradients are %v and %v, want %v and %v", run, p.Grad[0], q.Grad[0], 2*want, want)
			}
		}
	}
}

// A term of the loss that depends on nothing learned has no gradient, and others keep theirs.
func TestWeightedSumOfWhatIsNotLearned(t *testing.T) {
	p := op.Constant("p", 2.0, 1, 1)
	g := op.NewGraph[float64](nil)
	defer g.Close()
	known, value := g.Input("known", 1, 1)
	value[0] = 5
	one := []float64{1}
	if err := g.Compile(g.WeightedSum([]float64{3, 4}, []op.Node{g.Contract(known, one), g.Contract(g.Parameter(p), one)})); err != nil {
		t.Fatal(err)
	}
	if err := g.Run(op.Step{}); err != nil {
		t.Fatal(err)
	}
	if p.Grad[0] != 4 {
		t.Errorf("the gradient is %v, want 4", p.Grad[0])
	}
}

// A parameter that is several inputs of one operation has the sum of their gradients, over
// runs too.
func TestParameterThatIsSeveralInputs(t *testing.T) {
	p := op.Constant("p", 2.0, 1, 1)
	g := op.NewGraph[float64](nil)
	defer g.Close()
	x := g.Parameter(p)
	if err := g.Compile(g.WeightedSum([]float64{1, 10, 100}, []op.Node{x, x, x})); err != nil {
		t.Fatal(err)
	}
	for run := 1; run <= 3; run++ {
		if err := g.Run(op.Step{}); err != nil {
			t.Fatal(err)
		}
		if want := 111 * float64(run); p.Grad[0] != want {
			t.Errorf("after %d runs the gradient is %v, want %v", run, p.Grad[0], want)
		}
	}
}
