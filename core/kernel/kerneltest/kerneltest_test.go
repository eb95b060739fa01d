package kerneltest_test

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/fusemoe/fusemoe/core/kernel/kerneltest"
)

// recorder is a testing.TB that remembers failures instead of failing.
type recorder struct {
	testing.TB
	failures []string
}

func (r *recorder) Helper() {}

func (r *recorder) Errorf(format string, args ...any) {
	r.failures = append(r.failures, fmt.Sprintf(format, args...))
}

func TestCheckGradientsTellsRightFromWrong(t *testing.T) {
	x := kerneltest.Random[float64](5, 1, 1)
	y := kerneltest.Random[float64](5, 1, 2)
	before := slices.Clone(x)
	f := func() float64 {
		s := 0.0
		for i := range x {
			s += math.Sin(x[i]) * y[i]
		}
		return s
	}
	dx, dy := make([]float64, 5), make([]float64, 5)
	for i := range x {
		dx[i], dy[i] = math.Cos(x[i])*y[i], math.Sin(x[i])
	}
	kerneltest.CheckGradients(t, f, [][]float64{x, y}, [][]float64{dx, dy})
	if !slices.Equal(x, before) {
		t.Error("the inputs were not put back")
	}

	for _, broken := range []struct {
		name  string
		value float64
	}{
		{"slightly off", dx[3] * (1 + 1e-5)},
		{"not a number", math.NaN()},
		{"zero", 0},
	} {
		t.Run(broken.name, func(t *testing.T) {
			wrong := slices.Clone(dx)
			wrong[3] = broken.value
			r := &recorder{TB: t}
			kerneltest.CheckGradients(r, f, [][]float64{x, y}, [][]float64{wrong, nil})
			if len(r.failures) != 1 {
				t.Errorf("failures: %q, want one", r.failures)
			}
		})
	}
}

func TestRandomDependsOnTheSeedAlone(t *testing.T) {
	a := kerneltest.Random[float32](100, 2, 1)
	if b := kerneltest.Random[float32](100, 2, 1); !slices.Equal(a, b) {
		t.Error("the same seed gave other numbers")
	}
	if b := kerneltest.Random[float32](100, 2, 2); slices.Equal(a, b) {
		t.Error("another seed gave the same numbers")
	}
}
