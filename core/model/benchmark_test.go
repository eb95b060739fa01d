package model_test

import (
	"testing"

	"github.com/fusemoe/fusemoe/core/bench"
	"github.com/fusemoe/fusemoe/core/kernel"
)

// BenchmarkTrainingStep is one optimizer step of the PhysioNet 2012 example on
// made-up measurements.
func BenchmarkTrainingStep(b *testing.B) {
	pool := kernel.NewPool(0)
	defer pool.Close()
	work := bench.PhysioNet()
	b.ReportAllocs()
	if err := work.Run(b.Context(), pool, b.N); err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(float64(work.Samples*b.N)/b.Elapsed().Seconds(), "samples/s")
}
