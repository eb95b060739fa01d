package radiograph

import "math"

// Resize returns the image at another size. Where an axis shrinks, a new pixel is the
// mean of the area that it covers; where it grows, it is interpolated between the two
// nearest pixels. The sides need not keep their proportion.
func (m *Image) Resize(width, height int) *Image {
	if width == m.Width && height == m.Height {
		return m
	}
	across, down := taps(m.Width, width), taps(m.Height, height)
	out, line := New(width, height), make([]float32, m.Width)
	for y, t := range down {
		// First the rows that row y covers, as there whole rows are added.
		clear(line)
		for i, w := range t.weights {
			for x, v := range m.Row(t.first + i) {
				line[x] += w * v
			}
		}
		row := out.Row(y)
		for x, t := range across {
			var sum float32
			for i, w := range t.weights {
				sum += w * line[t.first+i]
			}
			row[x] = sum
		}
	}
	return out
}

// tap is what one new pixel is made of: the pixels from first on, by weights that add
// up to 1.
type tap struct {
	first   int
	weights []float32
}

// taps are those of an axis of from pixels that becomes one of to pixels.
func taps(from, to int) []tap {
	all := make([]tap, to)
	scale := float64(from) / float64(to)
	for i := range all {
		if to >= from {
			all[i] = between((float64(i)+0.5)*scale-0.5, from)
		} else {
			all[i] = covered(float64(i)*scale, float64(i+1)*scale, from)
		}
	}
	return all
}

// between interpolates at position x of n pixels.
func between(x float64, n int) tap {
	x = min(max(x, 0), float64(n-1))
	first := int(x)
	if first == n-1 {
		return tap{first, []float32{1}}
	}
	w := x - float64(first)
	return tap{first, []float32{float32(1 - w), float32(w)}}
}

// covered is the mean over the positions from a to b of n pixels.
func covered(a, b float64, n int) tap {
	first := int(a)
	last := min(int(math.Ceil(b)), n) // after the last one
	t := tap{first, make([]float32, last-first)}
	for i := range t.weights {
		p := float64(first + i)
		t.weights[i] = float32((min(p+1, b) - max(p, a)) / (b - a))
	}
	return t
}
