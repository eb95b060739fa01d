package radiograph

import (
	"math"

	"github.com/suyashkumar/dicom/pkg/tag"
)

// present turns stored values into what is meant to be seen, from black to white: they
// are rescaled, seen through the first window, and inverted if the lowest is white
// (DICOM PS3.3, C.7.6.3.1.2 and C.11.2.1). Without a window the whole range is shown.
// Padding around the image is black. Lookup tables are not applied.
func (h header) present(m *Image) {
	padding, padded := float32(h.number(tag.PixelPaddingValue, 0)), h[tag.PixelPaddingValue] != nil
	if h.integer(tag.PixelRepresentation, 0) == 1 && padding >= 1<<15 {
		padding -= 1 << 16 // the library takes it as unsigned where its type is implied
	}
	var black []int
	slope, intercept := h.number(tag.RescaleSlope, 1), h.number(tag.RescaleIntercept, 0)
	low, high := math.Inf(1), math.Inf(-1)
	for i, v := range m.Pix {
		if padded && v == padding {
			black = append(black, i)
			continue
		}
		x := float64(v)*slope + intercept
		low, high = min(low, x), max(high, x)
		m.Pix[i] = float32(x)
	}
	see := h.window(low, high)
	inverse := h.word(tag.PhotometricInterpretation) == monochrome1
	for i, v := range m.Pix {
		y := see(float64(v))
		if inverse {
			y = 1 - y
		}
		m.Pix[i] = float32(y)
	}
	for _, i := range black {
		m.Pix[i] = 0
	}
}

// window returns the function from rescaled values to 0 to 1 that the file asks for, or
// the one that shows all values from low to high.
func (h header) window(low, high float64) func(float64) float64 {
	c, w := h.number(tag.WindowCenter, math.NaN()), h.number(tag.WindowWidth, 0)
	shape := h.word(tag.VOILUTFunction)
	switch {
	case math.IsNaN(c) || w <= 0:
		return ramp(low, high)
	case shape == "SIGMOID":
		return func(x float64) float64 { return 1 / (1 + math.Exp(-4*(x-c)/w)) }
	case shape == "LINEAR_EXACT":
		return ramp(c-w/2, c+w/2)
	case w < 1: // LINEAR counts both ends
		return ramp(low, high)
	}
	return ramp(c-0.5-(w-1)/2, c-0.5+(w-1)/2)
}

// ramp is 0 up to low, 1 from high on, and rises evenly between.
func ramp(low, high float64) func(float64) float64 {
	if low >= high {
		return func(x float64) float64 {
			if x > low {
				return 1
			}
			return 0
		}
	}
	scale := 1 / (high - low)
	return func(x float64) float64 { return min(max((x-low)*scale, 0), 1) }
}
