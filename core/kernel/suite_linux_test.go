package kernel_test

import (
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/fusemoe/fusemoe/core/kernel"
	"github.com/fusemoe/fusemoe/core/kernel/kerneltest"
)

// No kernel reads or writes outside of its slices, nor writes to its inputs: they lie
// beside pages that fault, the inputs on pages that cannot be written to.
func TestKernelsStayInBounds(t *testing.T) {
	for _, c := range cases() {
		for _, path := range kernel.Paths()[1:] { // Go watches the bounds of plain Go
			for _, low := range []bool{false, true} {
				t.Run("", func(t *testing.T) { // a subtest of its own, so that its memory is given back
					results, inputs := kerneltest.Results[float32](&c), make([][]float32, len(c.Inputs))
					want := kerneltest.Results[float32](&c)
					for i, x := range results {
						results[i] = kernel.Guarded(t, len(x), low)
					}
					for i, x := range c.Inputs {
						if x != nil {
							inputs[i] = kernel.Guarded(t, len(x), low)
							copy(inputs[i], x)
							protect(t, inputs[i])
						}
					}
					kernel.OnPath(path, func() {
						c.Single()(nil, want, c.Inputs)
						kernel.MustNotFault(t, c.Name+", "+path, func() { c.Single()(nil, results, inputs) })
					})
					if !same(results, want) {
						t.Errorf("%s, %s: other bits in guarded memory", c.Name, path)
					}
				})
			}
		}
	}
}

// protect makes the pages that x lies on unwritable.
func protect(t *testing.T, x []float32) {
	t.Helper()
	if len(x) == 0 {
		return
	}
	page := uintptr(unix.Getpagesize())
	first := uintptr(unsafe.Pointer(&x[0])) % page / 4 // entries since the beginning of its page
	start := unsafe.Add(unsafe.Pointer(&x[0]), -int(4*first))
	pages := (4*(first+uintptr(len(x))) + page - 1) / page
	if err := unix.Mprotect(unsafe.Slice((*byte)(start), pages*page), unix.PROT_READ); err != nil {
		t.Fatal(err)
	}
}
