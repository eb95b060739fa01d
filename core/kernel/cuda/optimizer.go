//go:build gpu

package cuda

import (
	"math"

	"github.com/fusemoe/fusemoe/core/kernel"
)

// mostBlocks bounds the grids of kernels that go through an array in strides: more blocks
// than that a device does not run at a time.
const mostBlocks = 2048

// AdamWStep is kernel.AdamWStep on a device: it updates param in place with the gradient
// grad. first and second are the running means, 0 before the first step; step counts from
// 1.
func (d *Device) AdamWStep(o kernel.AdamW, step int, param, grad, first, second Array) {
	fit(param.length, grad, first, second)
	d.launch("adamw", min(blocks(param.length), mostBlocks), 1, param, grad, first, second, param.length,
		float32(o.Rate/(1-math.Pow(o.Beta1, float64(step)))), float32(1-o.Rate*o.Decay), float32(o.Beta1),
		float32(o.Beta2), float32(1/math.Sqrt(1-math.Pow(o.Beta2, float64(step)))), float32(o.Epsilon))
}

// Add adds y to x.
func (d *Device) Add(x, y Array) {
	fit(x.length, y)
	d.launch("add", min(blocks(x.length), mostBlocks), 1, x, y, x.length)
}
