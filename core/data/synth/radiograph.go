package synth

import (
	"bytes"
	"image"
	"image/jpeg"
	"math"
	"math/rand/v2"
)

const (
	// cxrSide is the side of an image in pixels: enough for ribs and vessels, and the
	// whole cohort fits on any disk.
	cxrSide = 384
	// cxrQuality keeps the noise of the film, as the archives do.
	cxrQuality = 88
)

// pose is how a patient stood before the film, and how it was exposed.
type pose struct {
	shiftU, shiftV, scale, turn float64
	exposure, contrast, grain   float64
}

func newPose(r *rand.Rand) pose {
	return pose{
		shiftU: normal(r, 0, 0.035), shiftV: normal(r, 0, 0.04),
		scale: math.Exp(normal(r, 0.04, 0.04)), turn: normal(r, 0, 0.025),
		exposure: normal(r, 0, 0.035), contrast: math.Exp(normal(r, 0, 0.07)), grain: 0.008 + 0.012*r.Float64(),
	}
}

// chestImage draws one image of the chest from the front, as a JPEG.
func (p *patient) chestImage(r *rand.Rand) ([]byte, error) {
	view, chest := newPose(r), newChest(r, p)
	sick := newFindings(r, p, chest)
	img := image.NewGray(image.Rect(0, 0, cxrSide, cxrSide))
	sin, cos := math.Sincos(view.turn)
	for y := range cxrSide {
		for x := range cxrSide {
			// From the middle, in halves of the side, as the chest lies there.
			a := (2*float64(x)+1)/cxrSide - 1
			b := (2*float64(y)+1)/cxrSide - 1
			u := (cos*a+sin*b)*view.scale - view.shiftU
			v := (cos*b-sin*a)*view.scale - view.shiftV
			density := sick.add(chest, u, v, chest.density(u, v))
			shade := 0.5 + (density+view.exposure-0.5)*view.contrast + view.grain*r.NormFloat64()
			img.Pix[y*img.Stride+x] = uint8(255 * min(1, max(0, shade)))
		}
	}
	mark(img)
	var out bytes.Buffer
	err := jpeg.Encode(&out, img, &jpeg.Options{Quality: cxrQuality})
	return out.Bytes(), err
}

// letterL is what technicians put on the patient's left, as rows of bits.
var letterL = []uint8{0b100, 0b100, 0b100, 0b100, 0b100, 0b100, 0b111}

// mark puts the letter of lead into the upper right corner.
func mark(img *image.Gray) {
	const dot = 3 // pixels of a bit
	for row, bits := range letterL {
		for column := range 3 {
			if bits>>(2-column)&1 == 0 {
				continue
			}
			for i := range dot * dot {
				x, y := cxrSide-26+column*dot+i%dot, 16+row*dot+i/dot
				img.Pix[y*img.Stride+x] = 250
			}
		}
	}
}

// clouds is smooth noise over the plane, of deviation about 0.3, in octaves each of
// half the size and half the height of the last (Perlin's value noise).
type clouds struct {
	lattice [latticeSide * latticeSide]float64
}

const latticeSide = 64

func newClouds(r *rand.Rand) *clouds {
	c := &clouds{}
	for i := range c.lattice {
		c.lattice[i] = 2*r.Float64() - 1
	}
	return c
}

// at is the noise at a point, of which the coarsest bumps have that size.
func (c *clouds) at(u, v, size float64, octaves int) float64 {
	sum, height := 0.0, 1.0
	for range octaves {
		sum += height * c.smooth(u/size, v/size)
		size, height = size/2, height/2
	}
	return sum
}

// smooth interpolates the lattice, which repeats itself.
func (c *clouds) smooth(x, y float64) float64 {
	i, j := math.Floor(x), math.Floor(y)
	fx, fy := ease(x-i), ease(y-j)
	value := func(di, dj int) float64 {
		column, row := (int(i)+di)&(latticeSide-1), (int(j)+dj)&(latticeSide-1)
		return c.lattice[row*latticeSide+column]
	}
	top := value(0, 0) + fx*(value(1, 0)-value(0, 0))
	bottom := value(0, 1) + fx*(value(1, 1)-value(0, 1))
	return top + fy*(bottom-top)
}

// ease goes from 0 to 1 with no slope at the ends.
func ease(x float64) float64 { return x * x * (3 - 2*x) }

// edge is 1 well inside of a border and 0 outside, softly.
func edge(inside, softness float64) float64 {
	x := inside / softness
	switch {
	case x > 8:
		return 1
	case x < -8:
		return 0
	}
	return sigmoid(x)
}
