//go:build gpu

package cuda

import (
	"errors"
	"testing"
)

// emulated is set in the environment on the emulator: see package cudatest.
const emulated = "FUSEMOE_TEST_EMULATED"

// device opens the first device, or the emulator.
func device(t testing.TB) *Device {
	t.Helper()
	d, err := Open(0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := errors.Join(d.Wait(), d.Close()); err != nil {
			t.Error(err)
		}
	})
	return d
}

// onBoth runs a test with cuBLAS, where it is, and with the product of our own.
func onBoth(t *testing.T, test func(t *testing.T, d *Device)) {
	t.Run("cuBLAS", func(t *testing.T) {
		d := device(t)
		if d.blas == nil {
			t.Skip("there is no cuBLAS")
		}
		test(t, d)
	})
	t.Run("own product", func(t *testing.T) {
		d := device(t)
		if err := d.blas.close(); err != nil {
			t.Error(err)
		}
		d.blas = nil
		test(t, d)
	})
}
