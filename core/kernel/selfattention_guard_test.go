//go:build linux

package kernel

import (
	"fmt"
	"testing"
)

// The fused kernels stay within their operands, the weights and the scratch.
func TestSelfAttentionStaysInBounds(t *testing.T) {
	for _, s := range paths()[1:] {
		for _, c := range attentionCases() {
			a := attentionOf[float32](c)
			if !a.fused(s) {
				continue
			}
			for _, low := range []bool{false, true} {
				t.Run("", func(t *testing.T) {
					qkv, dy := c.inputs()
					guard := func(x []float32) []float32 {
						g := guarded(t, len(x), low)
						copy(g, x)
						return g
					}
					x, g, y, dqkv := guard(qkv), guard(dy), guarded(t, len(dy), low), guarded(t, len(qkv), low)
					size := s.fusedSize(c.steps)
					a.weights = guarded(t, 2*c.heads*size, low)
					a.scratch = guarded(t, size+(c.steps+1)&^1*fusedColumns, low)
					mustNotFault(t, fmt.Sprintf("%v %+v", s, c), func() {
						a.forwardOn(s, nil, y, x)
						a.backwardOn(s, nil, dqkv, g, x)
					})
				})
			}
		}
	}
}
