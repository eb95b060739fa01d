package kernel

import (
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestPoolCoversTheRangeOnce(t *testing.T) {
	defer goleak.VerifyNone(t)
	for _, workers := range []int{1, 2, 3, 8} {
		p := NewPool(workers)
		for _, n := range []int{0, 1, 7, 64, 1000} {
			for _, grain := range []int{0, 1, 5, 64, 2000} {
				counts := make([]atomic.Int32, n)
				p.For(n, grain, func(lo, hi int) {
					if lo%max(grain, 1) != 0 || hi != min(lo+max(grain, 1), n) {
						t.Errorf("chunk [%d,%d) of %d is not on the grain %d", lo, hi, n, grain)
					}
					for i := lo; i < hi; i++ {
						counts[i].Add(1)
					}
				})
				for i := range counts {
					if c := counts[i].Load(); c != 1 {
						t.Fatalf("%d workers, n %d, grain %d: index %d came %d times", workers, n, grain, i, c)
					}
				}
			}
		}
		p.Close()
	}
}

func TestPoolHandsPanicsOver(t *testing.T) {
	p := NewPool(3)
	defer p.Close()
	for range 20 {
		func() {
			defer func() {
				if v := recover(); v != "chunk 50" {
					t.Errorf("recovered %v", v)
				}
			}()
			p.For(100, 1, func(lo, _ int) {
				if lo == 50 {
					panic("chunk 50")
				}
			})
		}()
	}
	var sum atomic.Int64
	p.For(10, 1, func(lo, _ int) { sum.Add(int64(lo)) })
	if sum.Load() != 45 {
		t.Errorf("after a panic the pool sums 0 to 9 to %d", sum.Load())
	}
}

// Loops of every length in quick succession, so that workers come late, come twice
// and fall asleep in between.
func TestPoolLoopsDoNotMix(t *testing.T) {
	for _, workers := range []int{2, 8} {
		p := NewPool(workers)
		for i := range 3000 {
			var sum atomic.Int64
			n := i % 17
			p.For(n, 1+i%3, func(lo, hi int) {
				for j := lo; j < hi; j++ {
					sum.Add(int64(j + 1))
				}
			})
			if want := int64(n * (n + 1) / 2); sum.Load() != want {
				t.Fatalf("%d workers, loop %d: sum %d, want %d", workers, i, sum.Load(), want)
			}
			if i%1000 == 0 {
				time.Sleep(2 * spinTime)
			}
		}
		p.Close()
	}
}

func TestPoolRefusesLoopsWithinLoops(t *testing.T) {
	p := NewPool(2)
	defer p.Close()
	defer func() {
		if v := recover(); v != errPoolBusy {
			t.Errorf("recovered %v", v)
		}
	}()
	p.For(2, 1, func(int, int) { p.For(2, 1, func(int, int) {}) })
}

func BenchmarkPoolFor(b *testing.B) {
	p := NewPool(2)
	defer p.Close()
	b.ReportAllocs()
	body := func(int, int) {}
	for b.Loop() {
		p.For(2, 1, body)
	}
}
