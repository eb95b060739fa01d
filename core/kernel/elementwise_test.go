package kernel_test

import (
	"testing"

	"github.com/fusemoe/fusemoe/core/kernel"
)

func TestElementwise(t *testing.T) {
	y, x := []float64{1, 2, 3}, []float64{10, 20, 30}
	kernel.Add(nil, y, x)
	near(t, "add", y, []float64{11, 22, 33}, 0)
	kernel.Scale(nil, y, 2)
	near(t, "scale", y, []float64{22, 44, 66}, 0)
	kernel.Mix(nil, y, x, 0.75)
	near(t, "mix", y, []float64{19, 38, 57}, 1e-15)
}
