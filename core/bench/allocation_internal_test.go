package bench

import (
	"runtime"
	"testing"
)

// A step allocates what Gorgonia's machine needs for its nodes and the closures of parallel
// loops, and nothing that grows with the batch or the network: the memory of results,
// gradients and scratch is that of the steps before.
func TestSteadyStepsAllocateNothingThatGrows(t *testing.T) {
	small, large := PhysioNet(), PhysioNet()
	small.Samples, small.Rows = 2, 10
	small.Config.Width, small.Config.Hidden, small.Config.Router.Hidden = 16, 16, 16
	least, most := allocatedByStep(t, small), allocatedByStep(t, large)
	t.Logf("%.0f and %.0f bytes a step", least, most)
	if most > 1.1*least {
		t.Errorf("a step of %d samples allocates %.0f bytes, one of %d allocates %.0f", large.Samples, most, small.Samples, least)
	}
	// It was 72,000, of which Gorgonia took 27,000.
	if most > 100e3 {
		t.Errorf("a step allocates %.0f bytes", most)
	}
}

// allocatedByStep is how many bytes most steps allocate: a step that sends an expert more
// rows than any before it needs memory that later ones have.
func allocatedByStep(t *testing.T, w Training) float64 {
	t.Helper()
	const steps = 25
	var bytes []float64
	var last, now runtime.MemStats
	err := w.repeat(t.Context(), nil, func() bool {
		runtime.ReadMemStats(&now)
		bytes = append(bytes, float64(now.TotalAlloc-last.TotalAlloc))
		last = now
		return len(bytes) < steps
	})
	if err != nil {
		t.Fatal(err)
	}
	return median(bytes)
}
