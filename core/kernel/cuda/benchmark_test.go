//go:build gpu

package cuda

import (
	"fmt"
	"os"
	"slices"
	"testing"

	"github.com/fusemoe/fusemoe/core/kernel/kerneltest"
)

// BenchmarkExperts passes tokens forward and backward through experts, four for each, with
// all gradients. bench/gpu.py sets it beside the same in PyTorch.
func BenchmarkExperts(b *testing.B) {
	if os.Getenv(emulated) != "" {
		b.Skip("there is no CUDA device, and the emulator shows nothing of speed")
	}
	for precision, name := range []string{Float32: "float32", TF32: "tf32", BF16: "bf16"} {
		for _, c := range []struct{ rows, width, hidden, experts int }{
			{3072, 512, 512, 16},
			{3072, 512, 512, 64},
			{3072, 1024, 4096, 16},
			{3072, 1024, 4096, 64},
			{98304, 512, 512, 16},
			{98304, 512, 512, 64},
			{98304, 1024, 4096, 16},
			{98304, 1024, 4096, 64},
		} {
			b.Run(fmt.Sprintf("%s/%dx%dx%dx%d", name, c.rows, c.width, c.hidden, c.experts), func(b *testing.B) {
				m := Experts{Rows: c.rows, OutRows: c.rows, Experts: c.experts, Width: c.width, Hidden: c.hidden, Out: c.width}
				benchmarkExperts(b, m, Precision(precision))
			})
		}
	}
}

func benchmarkExperts(b *testing.B, m Experts, precision Precision) {
	d := device(b)
	d.Precision = precision
	random := func(n int, scale float64) Array {
		x := kerneltest.Random[float32](min(n, 1<<19), scale, uint64(n))
		return d.Upload(slices.Repeat(x, n/len(x)))
	}
	x, dy := random(m.Rows*m.Width, 1), random(m.Rows*m.Out, 1)
	w1, b1 := random(m.Experts*m.Width*m.Hidden, 0.02), random(m.Experts*m.Hidden, 0.02)
	w2, b2 := random(m.Experts*m.Hidden*m.Out, 0.02), random(m.Experts*m.Out, 0.02)
	gates := d.New(m.Rows * m.Experts)
	top := TopK{Rows: m.Rows, Experts: m.Experts, K: 4}
	top.Forward(d, gates, random(m.Rows*m.Experts, 1), Array{})
	y := d.New(dy.Len())
	var grads []Array
	for _, a := range []Array{x, gates, w1, b1, w2, b2} {
		grads = append(grads, d.New(a.Len()))
	}
	measure(b, d, func() {
		m.Forward(d, y, x, gates, w1, b1, w2, b2)
		m.Backward(d, grads[0], grads[1], grads[2], grads[3], grads[4], grads[5], dy, x, gates, w1, b1, w2, b2)
	})
	operations := 3 * 2 * 2 * float64(m.routes.pairs()*m.Width*m.Hidden)
	b.ReportMetric(operations*float64(b.N)/b.Elapsed().Seconds()/1e12, "TFLOP/s")
}

// measure times a pass that has found its memory and its kernels.
func measure(b *testing.B, d *Device, pass func()) {
	pass()
	pass()
	if err := d.Wait(); err != nil {
		b.Fatal(err)
	}
	b.ResetTimer()
	d.During(func() {
		for range b.N {
			pass()
		}
	})
	if err := d.Wait(); err != nil {
		b.Fatal(err)
	}
}

// BenchmarkIrregularAttention passes a batch of sparse measurements and one of a few wide
// rows forward and backward, with all gradients.
func BenchmarkIrregularAttention(b *testing.B) {
	if os.Getenv(emulated) != "" {
		b.Skip("there is no CUDA device, and the emulator shows nothing of speed")
	}
	for _, c := range []struct {
		most, width int
		share       float64
	}{{150, 37, 0.2}, {8, 768, 1}} {
		b.Run(fmt.Sprintf("%dx%d", c.most, c.width), func(b *testing.B) {
			d := device(b)
			rows := make([]int, 256)
			for i := range rows {
				rows[i] = i * 7 % c.most
			}
			s, _ := randomSeries(d, rows, c.width, c.share)
			w, _ := randomTimeWeights(d, 64, 0.2)
			dw, _ := randomTimeWeights(d, 64, 0.2)
			a := IrregularAttention{Samples: 256, Steps: 48, Heads: 8, Embed: 64, Width: c.width}
			y := d.New(256 * 48 * 8 * c.width)
			dy, _ := both(d, y.Len(), 1, 1)
			measure(b, d, func() {
				a.Forward(d, y, s, w)
				a.Backward(d, dw, dy, s, w)
			})
		})
	}
}

// BenchmarkSelfAttention passes seven modalities of a batch forward and backward.
func BenchmarkSelfAttention(b *testing.B) {
	if os.Getenv(emulated) != "" {
		b.Skip("there is no CUDA device, and the emulator shows nothing of speed")
	}
	for _, c := range []struct{ steps, heads, width int }{{12, 4, 64}, {48, 8, 128}, {48, 8, 512}} {
		b.Run(fmt.Sprintf("%dx%dx%d", c.steps, c.heads, c.width), func(b *testing.B) {
			d := device(b)
			s := SelfAttention{Sequences: 7 * 256, Steps: c.steps, Heads: c.heads, Width: c.width}
			qkv, _ := both(d, 3*s.Sequences*s.Steps*s.Width, 1, 1)
			dy, _ := both(d, qkv.Len()/3, 1, 2)
			y, dqkv := d.New(dy.Len()), d.New(qkv.Len())
			measure(b, d, func() {
				s.Forward(d, y, qkv)
				s.Backward(d, dqkv, dy, qkv)
			})
		})
	}
}
