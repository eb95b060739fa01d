package kernel_test

import (
	"fmt"
	"testing"

	"github.com/fusemoe/fusemoe/core/kernel"
	"github.com/fusemoe/fusemoe/core/kernel/kerneltest"
)

// BenchmarkKernels runs every kernel at its size in a training step of the PhysioNet 2012
// example, on every path: 32 samples, 6 modalities of 8 features and 40 rows, 24 steps of
// width 32, 8 experts of which 2 are chosen.
func BenchmarkKernels(b *testing.B) {
	const samples, modalities, steps, width, experts, hidden = 32, 6, 24, 32, 8, 64
	const rows = samples * steps // of one modality
	for _, c := range []kerneltest.Case{
		kerneltest.At("product", 0, rows, 3*width, width),
		kerneltest.At("linear", 0, modalities*rows/2, width, 3*width), // of two groups, as two more below; experts of three
		kerneltest.At("layer norm", 0, modalities*rows/2, width),
		kerneltest.At("self-attention", 0, modalities*samples, steps, 4, width/4),
		kerneltest.At("activation", 0, modalities*rows*hidden),
		kerneltest.At("activation", 1, modalities*rows*hidden),
		kerneltest.At("dropout", 1, modalities*rows, hidden),
		kerneltest.At("residual", 1, modalities*rows, width),
		kerneltest.At("columns", 0, modalities, rows, width),
		kerneltest.At("add columns", 1, modalities, rows, width),
		kerneltest.At("optimizer", 0, 250_000),
		kerneltest.At("add", 0, 250_000),
		kerneltest.At("irregular attention", 1, samples, 40, steps, 4, 4, 8),
		kerneltest.At("imputation", 1, samples, 40, steps, 8),
		kerneltest.At("unfold", 0, samples, steps, 16, 3),
		kerneltest.At("maximum over steps", 0, samples, steps, width),
		kerneltest.At("blend", 0, samples, steps, width),
		kerneltest.At("assemble", 1, modalities, samples, steps, width),
		kerneltest.At("pooling", 2, modalities, samples, steps, width),
		kerneltest.At("gate", 1, modalities*rows/2, width, experts),
		kerneltest.At("top-k", 1, modalities*rows, experts, 2),
		kerneltest.At("experts", 0, modalities*rows/3, experts, 2, width, hidden, modalities*width),
		kerneltest.At("importance", 0, modalities*rows, experts),
		kerneltest.At("load", 1, modalities*rows, experts, 2),
		kerneltest.At("noise", 0, modalities*rows, experts),
		kerneltest.At("entropy", 1, modalities, rows, experts),
		kerneltest.At("binary cross-entropy", 1, samples, 1),
		kerneltest.At("softmax cross-entropy", 1, samples, 5),
		kerneltest.At("squared error", 0, samples, 1),
	} {
		for _, path := range kernel.Paths() {
			b.Run(fmt.Sprintf("%s/%s", c.Name, path), func(b *testing.B) {
				pass, results := c.Single(), kerneltest.Results[float32](&c)
				b.ReportAllocs()
				kernel.OnPath(path, func() {
					for b.Loop() {
						pass(nil, results, c.Inputs)
					}
				})
			})
		}
	}
}
