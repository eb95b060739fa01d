// Package descriptor describes a gray image by numbers that need no training: what
// edges, textures and brightness it has, and where.
package descriptor

import "github.com/fusemoe/fusemoe/plugins/cxr/internal/radiograph"

// MinSide is the smallest side of an image that can be described: at an eighth of it, a
// cell of the coarsest histogram still has 2 x 2 pixels.
const MinSide = 32

const (
	edgeGrid      = 8 // cells along a side at the finest scale, halved with each next
	edgeScales    = 3
	textureGrid   = 4
	textureScales = 2
	shadeGrid     = 4
)

// levels are the quantiles of the brightness that are told.
func levels() []float64 { return []float64{0.05, 0.25, 0.5, 0.75, 0.95} }

// Size is the number of values of a description.
func Size() int {
	n := len(levels()) + 2*shadeGrid*shadeGrid + textureScales*textureGrid*textureGrid*patterns
	for s := range edgeScales {
		n += edgeGrid >> s * (edgeGrid >> s) * orientations
	}
	return n
}

// Of describes an image whose sides have MinSide pixels or more: histograms of oriented
// gradients at a half, a quarter and an eighth of its size, local binary patterns at a
// half and a quarter, means and deviations of its parts, and quantiles of all of it.
// The full size is left out: at it, noise speaks louder than anatomy. Exposure and depth
// do not matter, as the contrast is stretched first.
func Of(m *radiograph.Image) []float32 {
	out := make([]float32, 0, Size())
	for scale := range edgeScales {
		m = m.Resize(m.Width/2, m.Height/2)
		if scale == 0 {
			m = stretched(m)
			out = quantiles(out, m, levels())
			out = intensity(out, m, shadeGrid)
		}
		out = hog(out, m, edgeGrid>>scale)
		if scale < textureScales {
			out = lbp(out, m, textureGrid)
		}
	}
	return out
}

// stretched is the image with its darkest percent black and its brightest white, which
// spares it the markers and collimator edges outside the body. An image of one shade
// becomes black.
func stretched(m *radiograph.Image) *radiograph.Image {
	const least = 1e-4 // below a step of 12 bits
	q := quantiles(nil, m, []float64{0.01, 0.99})
	out := radiograph.New(m.Width, m.Height)
	if span := q[1] - q[0]; span > least {
		for i, v := range m.Pix {
			out.Pix[i] = min(max((v-q[0])/span, 0), 1)
		}
	}
	return out
}
