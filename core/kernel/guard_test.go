//go:build linux

package kernel

import (
	"fmt"
	"math"
	"os"
	"runtime/debug"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"
)

// guarded lends n float32 that end where an unreadable page begins, or, with low
// set, begin where one ends. A kernel that strays by one element faults.
func guarded(t *testing.T, n int, low bool) []float32 {
	t.Helper()
	page := os.Getpagesize()
	pages := (4*n + page - 1) / page
	mem, err := unix.Mmap(-1, 0, (pages+2)*page, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_ANON|unix.MAP_PRIVATE)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := unix.Munmap(mem); err != nil {
			t.Error(err)
		}
	})
	for _, guard := range [][]byte{mem[:page], mem[(pages+1)*page:]} {
		if err := unix.Mprotect(guard, unix.PROT_NONE); err != nil {
			t.Fatal(err)
		}
	}
	start := (pages+1)*page - 4*n
	if low {
		start = page
	}
	return unsafe.Slice((*float32)(unsafe.Pointer(&mem[start])), n)
}

// mustNotFault turns a fault into a failure with the name of the case.
func mustNotFault(t *testing.T, name string, run func()) {
	t.Helper()
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if v := recover(); v != nil {
			t.Fatalf("%s: %v", name, v)
		}
	}()
	run()
}

func TestMatMulStaysInBounds(t *testing.T) {
	sizes := []int{1, 7, 8, 13, 16, 24, 33}
	for _, s := range paths() {
		for _, kind := range []Product{NN, NT, TN} {
			for _, m := range append(sizes, 61) {
				for _, n := range append(sizes, 100) {
					for _, k := range []int{1, 8, 19} {
						for _, low := range []bool{false, true} {
							boundsCase(t, s, newMatrices(kind, m, n, k, 0, 1), low)
						}
					}
				}
			}
		}
	}
}

func boundsCase(t *testing.T, s path, x matrices, low bool) {
	t.Run("", func(t *testing.T) { // a subtest of its own, so that its memory is given back
		a, b, c := guarded(t, len(x.a), low), guarded(t, len(x.b), low), guarded(t, len(x.c), low)
		copy(a, x.a)
		copy(b, x.b)
		want := x.on(s, nil, false)
		mustNotFault(t, s.String()+" "+x.String(), func() {
			matMulOn(s, nil, x.kind, x.m, x.n, x.k, a, x.lda, b, x.ldb, c, x.ldc, true)
		})
		row := guarded(t, x.n, low)
		mustNotFault(t, s.String()+" from a row "+x.String(), func() {
			matMulFrom(s, nil, x.kind, x.m, x.n, x.k, a, x.lda, b, x.ldb, c, x.ldc, row, 0)
		})
		for i := range c {
			if math.Float32bits(c[i]) != math.Float32bits(want[i]) {
				t.Fatalf("%v %v: element %d differs in guarded memory", s, &x, i)
			}
		}
	})
}

func TestVectorsStayInBounds(t *testing.T) {
	for _, s := range paths() {
		for n := 1; n < 70; n++ {
			for _, low := range []bool{false, true} {
				t.Run("", func(t *testing.T) {
					x, y, z, v := guarded(t, n, low), guarded(t, n, low), guarded(t, n, low), guarded(t, n, low)
					mustNotFault(t, fmt.Sprintf("%v on %d values", s, n), func() {
						expOn(s, y, x, 0)
						geluOn(s, y, x)
						geluSlopesOn(s, y, z, x)
						axpyOn(s, y, 2, x)
						dotOn(s, y, x)
						weighOn(s, x, y, z, 2)
						adamWOn(s, x, y, z, v, &adamWFactors[float32]{epsilon: 1})
					})
				})
			}
		}
	}
}

func TestElementKernelsStayInBounds(t *testing.T) {
	for _, s := range paths() {
		for n := 1; n < 70; n++ {
			for _, low := range []bool{false, true} {
				t.Run("", func(t *testing.T) {
					for _, k := range elementKernels {
						out, in := make([][]float32, k.outs), make([][]float32, k.ins)
						for i := range out {
							out[i] = guarded(t, n, low)
						}
						for i := range in {
							in[i] = guarded(t, n, low)
						}
						mustNotFault(t, fmt.Sprintf("%v: %s of %d values", s, k.name, n), func() { k.run(s, out, in) })
					}
					sums, rows := guarded(t, n, low), guarded(t, 3*n, low)
					weight, bias, slopes, times := guarded(t, n, low), guarded(t, n, low), guarded(t, 3*n, low), guarded(t, 3, low)
					mustNotFault(t, fmt.Sprintf("%v: times in rows of %d", s, n), func() {
						sinesOn(s, rows, slopes, weight, bias, times, true)
						addSlopesOn(s, weight, bias, rows, slopes, times)
					})
					mustNotFault(t, fmt.Sprintf("%v: sum of rows of %d", s, n), func() { addRowsOn(s, sums, rows) })
				})
			}
		}
	}
}

func TestCellsStayInBounds(t *testing.T) {
	for _, s := range paths() {
		for n := 1; n < 70; n++ {
			for _, low := range []bool{false, true} {
				t.Run("", func(t *testing.T) {
					c := newCellCase[float32](n, 3)
					for _, x := range []*[]float32{
						&c.before, &c.dhidden, &c.gates, &c.hidden, &c.dbefore, &c.sums, &c.along, &c.work, &c.more,
					} {
						own := guarded(t, len(*x), low)
						copy(own, *x)
						*x = own
					}
					begin := guarded(t, len(c.begin), low)
					c.begin = append(unsafe.Slice((*int32)(unsafe.Pointer(&begin[0])), len(begin))[:0:len(begin)], c.begin...)
					mustNotFault(t, fmt.Sprintf("%v: cells of %d", s, n), func() { OnPath(s.String(), c.run) })
				})
			}
		}
	}
}

func TestTopKStaysInBounds(t *testing.T) {
	for _, s := range paths() {
		for n := 1; n < 18; n++ {
			for _, low := range []bool{false, true} {
				t.Run("", func(t *testing.T) {
					logits, gates := guarded(t, 3*n, low), guarded(t, 3*n, low)
					mustNotFault(t, fmt.Sprintf("%v: top of %d", s, n), func() { topKOn(s, gates, logits, n, make([]int32, 3), 1) })
				})
			}
		}
	}
}

func TestDropStaysInBounds(t *testing.T) {
	d := dropping[float32]{1, 1 << 31, 2}
	for _, s := range paths() {
		for n := 1; n < 70; n++ {
			for _, low := range []bool{false, true} {
				t.Run("", func(t *testing.T) {
					x, y, base, apart := guarded(t, 3*n, low), guarded(t, 3*n, low), guarded(t, 3*n, low), guarded(t, 4*n+5, low)
					mustNotFault(t, fmt.Sprintf("%v on rows of %d values", s, n), func() {
						d.rowsOn(s, dropRows{rows: 1, n: 3 * n}, y, x, nil)
						d.rowsOn(s, dropRows{rows: 3, n: n, yRow: n, xRow: n}, y, x, base)
						d.rowsOn(s, dropRows{rows: 2, n: n, yRow: n, xRow: 3*n + 5, distance: 2}, y, apart, base)
						d.rowsOn(s, dropRows{rows: 2, n: n, yRow: 3*n + 5, xRow: n, distance: 2}, apart, x, nil)
					})
				})
			}
		}
	}
}

func TestRowsStayInBounds(t *testing.T) {
	for _, s := range paths() {
		for n := 1; n < 70; n++ {
			for _, low := range []bool{false, true} {
				t.Run("", func(t *testing.T) {
					x := guarded(t, 2*n, low)
					mustNotFault(t, fmt.Sprintf("%v: softmax of rows of %d", s, n), func() { softmaxRowsOn(s, x, n, 1) })
				})
			}
		}
	}
	for _, s := range paths()[1:] {
		for n := 16; n < 70; n += 16 {
			for _, low := range []bool{false, true} {
				t.Run("", func(t *testing.T) {
					row := func() []float32 { return guarded(t, n, low) }
					three := func() []float32 { return guarded(t, 3*n, low) }
					gamma, beta, dgamma, dbeta := row(), row(), row(), row()
					y, x, dy, dx := three(), three(), three(), three()
					moments := guarded(t, 6, low)
					mustNotFault(t, fmt.Sprintf("%v: normalise rows of %d", s, n), func() {
						s.normalise(y, moments, x, gamma, beta, 1e-5)
						s.normGradients(dx, dgamma, dbeta, dy, x, moments, gamma)
					})
				})
			}
		}
	}
}

func TestColumnsStayInBounds(t *testing.T) {
	for _, s := range paths() {
		for _, c := range columnsCases {
			for _, low := range []bool{false, true} {
				t.Run("", func(t *testing.T) {
					in := c.inputs()
					guard := func(x []float32) []float32 {
						y := guarded(t, len(x), low)
						copy(y, x)
						return y
					}
					x, w, totals := guard(in.x), guard(in.w), guarded(t, in.n, low)
					keys, queries := guard(in.keys), guard(in.queries)
					sums, grads := guarded(t, len(in.grads), low), guard(in.grads)
					mustNotFault(t, fmt.Sprintf("%v %v", s, c), func() {
						attendColumnsOn(s, x, totals, keys, keyDepth+1, queries)
						sumObservedOn(s, sums, w, &in.list, in.n)
						spreadObservedOn(s, x, grads, &in.list, in.n)
						quotientGradientsOn(s, grads, sums, in.n, 0)
						softmaxColumnsOn(s, x, w, totals)
					})
				})
			}
		}
	}
}
