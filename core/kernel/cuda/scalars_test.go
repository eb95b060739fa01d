//go:build gpu

package cuda

import (
	"math"
	"slices"
	"testing"
)

func TestScalarsWithoutWeightAreLeftAlone(t *testing.T) {
	d := device(t)
	nan := float32(math.NaN())
	x, weights := d.Upload([]float32{1, nan, 3}), d.UploadDoubles([]float64{2, 0, -1})
	y, dx, dy := d.New(1), d.Upload([]float32{7, 7, 7}), d.Upload([]float32{0.5})
	d.WeighScalars(y, x, weights)
	d.SpreadScalars(dx, dy, weights)
	sum, slopes := make([]float32, 1), make([]float32, 3)
	if err := d.Store(sum, y); err != nil || sum[0] != -1 {
		t.Errorf("the sum is %v, %v; want -1", sum[0], err)
	}
	if err := d.Store(slopes, dx); err != nil || !slices.Equal(slopes, []float32{1, 7, -0.5}) {
		t.Errorf("the slopes are %v, %v", slopes, err)
	}
}
