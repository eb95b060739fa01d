//go:build gpu

package gpu_test

import (
	"testing"

	"github.com/fusemoe/fusemoe/core/bench"
	"github.com/fusemoe/fusemoe/core/gpu"
	"github.com/fusemoe/fusemoe/core/kernel"
	"github.com/fusemoe/fusemoe/core/kernel/cuda/cudatest"
	"github.com/fusemoe/fusemoe/core/model"
	"github.com/fusemoe/fusemoe/core/op"
	"github.com/fusemoe/fusemoe/routing"
)

func openFor(b *testing.B, precision string) op.Device[float32] {
	b.Helper()
	if cudatest.Emulated() {
		b.Skip("there is no CUDA device, and the emulator shows nothing of speed")
	}
	d, _, err := gpu.Open(gpu.Options{Precision: precision})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := d.Close(); err != nil {
			b.Error(err)
		}
	})
	return d
}

// train makes b.N trainings of several steps each: what comes before the first and after
// the last is spread over them.
func train(b *testing.B, t bench.Training, workers int) {
	pool := kernel.NewPool(workers)
	defer pool.Close()
	for b.Loop() {
		if err := t.Run(b.Context(), pool, stepsAtOnce); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(b.Elapsed().Seconds()*1e3/float64(b.N*stepsAtOnce), "ms/step")
}

const stepsAtOnce = 64

// BenchmarkStep is a whole training step of the six modalities of PhysioNet 2012 with the
// sizes of the preset small, the example as it was at first, and 256 samples.
func BenchmarkStep(b *testing.B) {
	t := bench.PhysioNet()
	t.Samples = 256
	b.Run("two cores", func(b *testing.B) { train(b, t, 2) })
	for _, precision := range []string{"float32", "tf32", "bf16"} {
		b.Run(precision, func(b *testing.B) {
			t := t
			t.Device = openFor(b, precision)
			train(b, t, 2)
		})
	}
}

// BenchmarkPublishedSizes trains with a sample as the unit of routing and the sizes of the
// paper: experts of 24,576 inputs, 1.2 billion weights. It needs 30 GB of memory of the
// host, and says how much of the device's.
func BenchmarkPublishedSizes(b *testing.B) {
	d := openFor(b, "tf32")
	t := bench.Training{
		Config: model.Config{
			Steps: 48, Width: 128, Heads: 8, TimeWidth: 64, TimeHeads: 8, Layers: 3, Hidden: 512, Dropout: 0.1,
			Imputation: model.Imputation{Enabled: true, Kernel: 1, Gate: kernel.PerFeature},
			Router: routing.Config{
				Kind: routing.Joint, Gate: kernel.Laplace, Unit: routing.Sample, Experts: 16, TopK: 4, Hidden: 512,
			},
			Balance: 0.01,
		},
		Widths: []int{30, 60, 100, 100}, Samples: 32, Rows: 40, Device: d,
	}
	for b.Loop() {
		if err := t.Run(b.Context(), nil, 4); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(d.(interface{ Taken() int64 }).Taken())/1e9, "GB")
}
