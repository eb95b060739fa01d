//go:build gpu

package cuda

import (
	"math"
	"testing"

	"github.com/fusemoe/fusemoe/core/kernel"
)

func TestNoisyLogitsMatchThoseOfTheProcessor(t *testing.T) {
	d := device(t)
	const rows, experts, key = 700, 5, 0xfedcba9876543210
	logits, logits64 := both(d, rows*experts, 1, 1)
	raw, raw64 := both(d, rows*experts, 20, 2)
	dnoisy, dnoisy64 := both(d, rows*experts, 1, 3)
	noisy64, dlogits64, draw64 := make([]float64, rows*experts), make([]float64, rows*experts), make([]float64, rows*experts)
	m := kernel.NoisyLogits[float64]{Rows: rows, Experts: experts}
	m.Forward(nil, noisy64, logits64, raw64, key)
	m.Backward(nil, dlogits64, draw64, dnoisy64, raw64, key)

	on := NoisyLogits{Rows: rows, Experts: experts}
	noisy, dlogits, draw := d.New(len(noisy64)), d.New(len(noisy64)), d.New(len(noisy64))
	on.Forward(d, noisy, logits, raw, key)
	near(t, "noisy", d, noisy, noisy64)
	on.Backward(d, dlogits, draw, dnoisy, raw, key)
	near(t, "dlogits", d, dlogits, dlogits64)
	near(t, "draw", d, draw, draw64)
	on.Backward(d, Array{}, Array{}, dnoisy, raw, key)
}

// TestNoiseIsThatOfTheProcessor compares the normal numbers alone, to the last bit but one:
// raw of -100 leaves the floor of the deviation, 0.01.
func TestNoiseIsThatOfTheProcessor(t *testing.T) {
	d := device(t)
	const n, key = 20000, 7
	raw := make([]float32, n)
	for i := range raw {
		raw[i] = -100
	}
	logits, noisy := d.New(n), d.New(n)
	d.Clear(logits)
	on := NoisyLogits{Rows: n, Experts: 1}
	on.Forward(d, noisy, logits, d.Upload(raw), key)
	got := make([]float32, n)
	if err := d.Store(got, noisy); err != nil {
		t.Fatal(err)
	}
	for i, v := range got {
		want := kernel.Normal(key, uint64(i)) * 0.01
		if math.Abs(float64(v)-want) > 3e-7*math.Abs(want) {
			t.Fatalf("number %d is %v, want %v", i, v, want)
		}
	}
}
