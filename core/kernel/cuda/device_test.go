//go:build gpu

package cuda

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
)

func TestADeviceThatIsNotThere(t *testing.T) {
	_, err := Open(99)
	if !errors.Is(err, ErrNoDevice) || !strings.Contains(err.Error(), "cuda:99") {
		t.Errorf("got %v", err)
	}
}

// TestTooLittleMemory asks for more than there is: the error says how much was asked and is
// free, and nothing that comes after does any harm.
func TestTooLittleMemory(t *testing.T) {
	d, err := Open(0)
	if err != nil {
		t.Fatal(err)
	}
	a := d.New(int(d.Memory))
	d.Clear(a)
	d.Add(a, a)
	err = d.Wait()
	if !errors.Is(err, ErrMemory) || !strings.Contains(err.Error(), "MiB are free") ||
		!strings.Contains(err.Error(), fmt.Sprintf("take %d bytes", 4*d.Memory)) {
		t.Errorf("got %v", err)
	}
	if err := d.Close(); err != nil {
		t.Error(err)
	}
}

// TestMemoryIsUsedAgain holds a steady step to no memory of its own.
func TestMemoryIsUsedAgain(t *testing.T) {
	d := device(t)
	for range 3 {
		for n := 1; n < 3000; n += 700 {
			a, b := d.New(n), d.New(n)
			d.Free(a, b)
		}
		if len(d.pool.class) != 10 {
			t.Fatalf("%d arrays were taken from the driver, want 10", len(d.pool.class))
		}
	}
}

func TestClassesWasteAnEighthAtMost(t *testing.T) {
	for n := 1; n < 1<<22; n += 1 + n/100 {
		class := classOf(n)
		if class < n || n > 1024 && class > n+n/8+1 || class%64 != 0 {
			t.Errorf("%d entries take %d", n, class)
		}
	}
}

func TestCopiesAndSums(t *testing.T) {
	d := device(t)
	x := d.Upload([]float32{1, 2, 3})
	y := d.New(3)
	d.Copy(y, x)
	d.Add(y, x)
	got := make([]float32, 2)
	if err := d.Store(got, y.Slice(1, 2)); err != nil || !slices.Equal(got, []float32{4, 6}) {
		t.Errorf("got %v, %v", got, err)
	}
}
