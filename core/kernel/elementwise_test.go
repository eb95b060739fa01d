package kernel_test

import (
	"testing"

	"github.com/fusemoe/fusemoe/core/kernel"
)

func TestAdd(t *testing.T) {
	y, x := []float64{1, 2, 3}, []float64{10, 20, 30}
	kernel.Add(nil, y, x)
	near(t, "add", y, []float64{11, 22, 33}, 0)
}

func TestSum(t *testing.T) {
	const n = 10000 // several chunks
	whole, part := make([]float64, n), make([]float64, n/2)
	for i := range whole {
		whole[i] = float64(i)
	}
	for i := range part {
		part[i] = 0.5
	}
	terms := []kernel.Term[float64]{{Values: whole}, {Lo: 3000, Values: part}, {Lo: n - 1, Values: part[:1]}, {Lo: 5, Values: nil}}
	want := func(i int, first bool) (v float64) {
		if first {
			v = float64(i)
		}
		if 3000 <= i && i < 3000+n/2 {
			v += 0.5
		}
		if i == n-1 {
			v += 0.5
		}
		return v
	}
	check := func(name string, y []float64, first bool) {
		for i, v := range y {
			if v != want(i, first) {
				t.Fatalf("%s: element %d is %v, want %v", name, i, v, want(i, first))
			}
		}
	}
	pool := kernel.NewPool(2)
	defer pool.Close()
	y := make([]float64, n)
	kernel.Sum(pool, y, terms)
	check("all terms", y, true)
	kernel.Sum(pool, y, terms[1:])
	check("parts alone", y, false)
	kernel.Sum(pool, whole, terms)
	check("in the memory of the first", whole, true)
}
