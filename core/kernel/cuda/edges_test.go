//go:build gpu

package cuda

import (
	"math"
	"slices"
	"testing"

	"github.com/fusemoe/fusemoe/core/kernel"
)

// TestReleasedMemoryIsGivenBackOnce releases operations twice and uses them again: were
// memory given back twice, two arrays would lie on one another.
func TestReleasedMemoryIsGivenBackOnce(t *testing.T) {
	const n = 70
	d := device(t)
	x, y, w, qkv := d.New(n), d.New(n), d.New(1), d.New(3*n)
	norm := LayerNorm{Groups: 1, Rows: n, Width: 1, Eps: 1}
	attention := SelfAttention{Sequences: n, Steps: 1, Heads: 1, Width: 1}
	for name, o := range map[string]struct{ forward, release func() }{
		"layer norm":     {func() { norm.Forward(d, y, x, w, w) }, func() { norm.Release(d) }},
		"self-attention": {func() { attention.Forward(d, y, qkv) }, func() { attention.Release(d) }},
	} {
		o.forward()
		o.release()
		o.release()
		o.forward()
		for class, free := range d.pool.free {
			for i, address := range free {
				if slices.Contains(free[:i], address) {
					t.Errorf("%s: memory of %d entries was given back twice", name, class)
				}
			}
		}
	}
}

// TestReLULetsNaNThrough as on the processor, so that a training that has gone wrong shows.
func TestReLULetsNaNThrough(t *testing.T) {
	d := device(t)
	x, got := d.Upload([]float32{float32(math.NaN()), -1, 2}), make([]float32, 3)
	y, dx, dy := d.New(3), d.New(3), d.Upload([]float32{1, float32(math.Inf(1)), 1})
	a := Activate{Kind: kernel.ReLU, Size: 3}
	a.Forward(d, y, x)
	if err := d.Store(got, y); err != nil || !math.IsNaN(float64(got[0])) || got[1] != 0 || got[2] != 2 {
		t.Errorf("got %v, %v", got, err)
	}
	a.Backward(d, dx, dy, x)
	if err := d.Store(got, dx); err != nil || !slices.Equal(got, []float32{0, 0, 1}) {
		t.Errorf("the gradient is %v, %v", got, err)
	}
}
