package descriptor_test

import (
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/fusemoe/fusemoe/plugins/cxr/internal/descriptor"
	"github.com/fusemoe/fusemoe/plugins/cxr/internal/radiograph"
)

const side = 64

// painted is an image with that brightness at (x, y), each from 0 to 1.
func painted(brightness func(x, y float64) float64) *radiograph.Image {
	m := radiograph.New(side, side)
	for y := range side {
		for x := range side {
			m.Pix[y*side+x] = float32(brightness((float64(x)+0.5)/side, (float64(y)+0.5)/side))
		}
	}
	return m
}

// blob is a bright spot around (cx, cy).
func blob(cx, cy float64) func(x, y float64) float64 {
	return func(x, y float64) float64 {
		return 0.2 + 0.6*math.Exp(-((x-cx)*(x-cx)+(y-cy)*(y-cy))/0.02)
	}
}

func distance(a, b []float32) float64 {
	var sum float64
	for i := range a {
		sum += float64(a[i]-b[i]) * float64(a[i]-b[i])
	}
	return math.Sqrt(sum)
}

func TestEveryImageHasFiniteValuesInNumberSize(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		width := rapid.IntRange(descriptor.MinSide, 70).Draw(t, "side")
		levels := rapid.IntRange(1, 5).Draw(t, "levels")
		seed := rapid.Uint32().Draw(t, "seed")
		m := radiograph.New(width, width)
		for i := range m.Pix {
			seed = seed*1664525 + 1013904223
			m.Pix[i] = float32(int(seed>>16)%levels) / float32(levels)
		}
		d := descriptor.Of(m)
		if len(d) != descriptor.Size() {
			t.Fatalf("%d values, want %d", len(d), descriptor.Size())
		}
		for i, v := range d {
			if math.IsNaN(float64(v)) || math.IsInf(float64(v), 0) {
				t.Fatalf("value %d is %g", i, v)
			}
		}
	})
}

func TestExposureAndDepthDoNotMatter(t *testing.T) {
	bright := painted(blob(0.3, 0.4))
	dark := painted(func(x, y float64) float64 { return 0.1 + 0.05*blob(0.3, 0.4)(x, y) })
	another := descriptor.Of(painted(blob(0.35, 0.4)))
	same, other := distance(descriptor.Of(bright), descriptor.Of(dark)), distance(descriptor.Of(bright), another)
	if same > other/5 {
		t.Errorf("the same image is %g away, another one %g", same, other)
	}
}

func TestWhatIsWhereMatters(t *testing.T) {
	here, near, far := descriptor.Of(painted(blob(0.3, 0.4))), descriptor.Of(painted(blob(0.31, 0.4))), descriptor.Of(painted(blob(0.7, 0.6)))
	if near, far := distance(here, near), distance(here, far); near > far/3 {
		t.Errorf("a spot moved a little is %g away, one moved far %g", near, far)
	}
}

// TestEdgesAreCountedByDirection turns a ramp: of the nine bins of 20 degrees, from the
// direction across on, the gradient's one has all, or the nearest two share.
func TestEdgesAreCountedByDirection(t *testing.T) {
	// The first values: quantiles and the mean and deviation of 4 x 4 parts.
	const edges = 5 + 2*4*4
	const middle = edges + (4*8+4)*9 // of the cell at (4, 4) of 8 x 8
	for _, test := range []struct {
		degrees float64
		want    []int // bins
	}{
		{0, []int{0}}, {90, []int{4, 5}}, {180, []int{0}}, {20, []int{1}}, {160, []int{8}}, {30, []int{1, 2}}, {170, []int{8, 0}},
	} {
		sin, cos := math.Sincos(test.degrees * math.Pi / 180)
		d := descriptor.Of(painted(func(x, y float64) float64 { return 0.5 + 0.3*(cos*(x-0.5)+sin*(y-0.5)) }))
		cell := d[middle : middle+9]
		var sum, wanted float32
		for _, v := range cell {
			sum += v
		}
		for _, bin := range test.want {
			wanted += cell[bin]
		}
		if sum == 0 || wanted < 0.95*sum {
			t.Errorf("%g degrees: %v", test.degrees, cell)
		}
	}
}

func TestAnImageOfOneShadeHasNoEdges(t *testing.T) {
	a := descriptor.Of(painted(func(_, _ float64) float64 { return 0 }))
	b := descriptor.Of(painted(func(_, _ float64) float64 { return 0.7 }))
	if diff := cmp.Diff(a, b); diff != "" {
		t.Error(diff)
	}
}

func BenchmarkOf(b *testing.B) {
	m := painted(blob(0.3, 0.4)).Resize(224, 224)
	for b.Loop() {
		descriptor.Of(m)
	}
}
