//go:build linux

package kernel

import (
	"fmt"
	"testing"
)

func TestScaleStaysInBounds(t *testing.T) {
	for _, s := range paths()[1:] {
		for n := 1; n < 70; n++ {
			for _, low := range []bool{false, true} {
				t.Run("", func(t *testing.T) {
					x := guarded(t, n, low)
					mustNotFault(t, fmt.Sprintf("%v on %d values", s, n), func() { s.scale(x, 2) })
				})
			}
		}
	}
}

// A transposed matrix is read nowhere but where it is, and fills whole blocks of eight.
func TestTransposeStaysInBounds(t *testing.T) {
	for _, s := range paths()[1:] {
		for _, rows := range oddSizes {
			for _, depth := range oddSizes {
				for _, low := range []bool{false, true} {
					t.Run("", func(t *testing.T) {
						apart := depth + 3
						src, dst := guarded(t, (rows-1)*apart+depth, low), guarded(t, depth*roundUp8(rows), low)
						for i := range src {
							src[i] = float32(i)
						}
						name := fmt.Sprintf("%v: %d rows of %d", s, rows, depth)
						mustNotFault(t, name, func() { s.transpose(dst, roundUp8(rows), src, apart, rows, depth) })
						for r := range rows {
							for q := range depth {
								if got, want := dst[q*roundUp8(rows)+r], src[r*apart+q]; got != want {
									t.Fatalf("%s: row %d, column %d is %v, want %v", name, r, q, got, want)
								}
							}
						}
					})
				}
			}
		}
	}
}

// Weights that are packed once stay within what is packed, and so do their products.
func TestSharedWeightsStayInBounds(t *testing.T) {
	for _, s := range paths()[1:] {
		for _, n := range oddSizes {
			for _, k := range []int{1, 15, 33, 400} {
				for _, low := range []bool{false, true} {
					t.Run("", func(t *testing.T) {
						const m = 17
						b, a, c := guarded(t, n*k, low), guarded(t, m*k, low), guarded(t, m*n, low)
						columns := s.maxTileCols()
						w := sharedWeights[float32]{packed: guarded(t, ceilDiv(n, columns)*columns*k, low)}
						mustNotFault(t, fmt.Sprintf("%v: %d x %d", s, n, k), func() {
							w.take(s, 2, b, n, k)
							w.multiply(c, a, m)
						})
					})
				}
			}
		}
	}
}
