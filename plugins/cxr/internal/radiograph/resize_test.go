package radiograph_test

import (
	"math"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/fusemoe/fusemoe/plugins/cxr/internal/radiograph"
)

func TestShrinkingTakesTheMeanOfAnArea(t *testing.T) {
	m := &radiograph.Image{Width: 3, Height: 2, Pix: []float32{
		0, 3, 6,
		6, 9, 12,
	}}
	// Each new pixel covers one and a half columns.
	want := &radiograph.Image{Width: 2, Height: 1, Pix: []float32{(3 + 0.5*6) / 1.5, (9 + 0.5*6) / 1.5}}
	if diff := cmp.Diff(want, m.Resize(2, 1), cmpopts.EquateApprox(0, 1e-5)); diff != "" {
		t.Error(diff)
	}
}

func TestGrowingInterpolates(t *testing.T) {
	m := &radiograph.Image{Width: 2, Height: 1, Pix: []float32{0, 1}}
	want := &radiograph.Image{Width: 4, Height: 2, Pix: []float32{0, 0.25, 0.75, 1, 0, 0.25, 0.75, 1}}
	if diff := cmp.Diff(want, m.Resize(4, 2)); diff != "" {
		t.Error(diff)
	}
}

func TestResizingKeepsRangeAndShrinkingKeepsTheMean(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		side := rapid.IntRange(1, 20)
		m := radiograph.New(side.Draw(t, "width"), side.Draw(t, "height"))
		for i := range m.Pix {
			m.Pix[i] = rapid.Float32Range(0, 1).Draw(t, "pixel")
		}
		out := m.Resize(side.Draw(t, "to width"), side.Draw(t, "to height"))
		const rounding = 1e-5
		if slices.Min(out.Pix) < slices.Min(m.Pix)-rounding || slices.Max(out.Pix) > slices.Max(m.Pix)+rounding {
			t.Fatal("values out of the range that there was")
		}
		if out.Width <= m.Width && out.Height <= m.Height && math.Abs(mean(out)-mean(m)) > rounding {
			t.Fatalf("mean %g became %g", mean(m), mean(out))
		}
	})
}

func mean(m *radiograph.Image) float64 {
	var sum float64
	for _, v := range m.Pix {
		sum += float64(v)
	}
	return sum / float64(len(m.Pix))
}
