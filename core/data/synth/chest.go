package synth

import (
	"math"
	"math/rand/v2"
)

// chest is the anatomy of one patient as an image from the front shows it. Lengths are
// in halves of the image's side, u to the right of the image, which is the patient's
// left, and v down. Densities are from 0, air, to 1, bone.
type chest struct {
	width      float64    // of the torso
	apex       float64    // of the lungs
	dome       [2]float64 // the top of the diaphragm, right and left
	heart      float64    // size of its shadow
	ribs       float64    // from one to the next
	ribOffset  float64
	lungAir    float64 // how dark the lungs are
	bone       float64 // how bright bones are
	stomachAir float64
	texture    *clouds
}

func newChest(r *rand.Rand, p *patient) *chest {
	breath := normal(r, 0, 0.035) // how deep it was
	return &chest{
		width: 0.9 + normal(r, 0, 0.03), apex: -0.8 + normal(r, 0, 0.02),
		dome:  [2]float64{0.4 + breath, 0.46 + breath + normal(r, 0, 0.015)},
		heart: 1 + 0.045*p.heart + normal(r, 0, 0.06),
		ribs:  0.152 + normal(r, 0, 0.005), ribOffset: 0.15 * r.Float64(),
		lungAir: 0.4 + normal(r, 0, 0.025), bone: 0.07 + normal(r, 0, 0.012),
		stomachAir: max(0, normal(r, 0.1, 0.08)), texture: newClouds(r),
	}
}

// side is 0 left of the middle of the image, the patient's right, and 1 right of it.
func side(u float64) int {
	if u < 0 {
		return 0
	}
	return 1
}

// density is that of a healthy chest.
func (c *chest) density(u, v float64) float64 {
	body := c.body(u, v)
	if body < 1e-3 {
		return 0.03
	}
	// Soft tissue is thicker below and towards the middle.
	d := 0.6 + 0.06*v + 0.05*(1-u*u) + 0.015*c.texture.at(u, v, 0.3, 3)
	lung := c.lung(u, v)
	d -= lung * c.lungAir
	d += lung * c.vessels(u, v)
	d += c.cage(u, v) * c.ribShade(u, v, lung)
	d += c.collarbone(u, v)
	if u > 0.2 && v > c.dome[1] {
		x, y := (u-0.46)/0.16, (v-c.dome[1]-0.17)/0.09
		d -= c.stomachAir * edge(1-x*x-y*y, 0.2)
	}
	middle := c.mediastinum(u, v)
	d += (0.74 - d) * middle * 0.85
	d += c.spine(u, v)
	return body*d + (1-body)*0.03
}

// body is 1 inside of the torso and the neck.
func (c *chest) body(u, v float64) float64 {
	half := c.width
	switch shoulder := v + 0.78; {
	case shoulder < 0:
		// The shoulders slope to the neck.
		half = 0.24 + (c.width+0.16-0.24)*ease(max(0, 1+shoulder/0.26))
	case v < -0.2:
		half = c.width + 0.16*ease(1-(v+0.78)/0.58)
	}
	return edge(half-math.Abs(u), 0.012)
}

// lung is 1 inside of the air of a lung: an egg with its inner side cut straight by the
// mediastinum and its base by the diaphragm.
func (c *chest) lung(u, v float64) float64 {
	s, x := side(u), math.Abs(u)
	base := c.diaphragm(u)
	height := (v - c.apex) / (base - c.apex)
	if height < -0.1 || height > 1.15 {
		return 0
	}
	// The outer wall swings out quickly below the apex.
	const top = 0.22 // where the outer wall begins
	outer := top + (c.width-0.14-top)*math.Pow(max(0, math.Sin(math.Pi/2*min(1, max(0, height)*1.55))), 0.7)
	// Above, the inner wall bends to it: both meet in an arch.
	inner := 0.075 + 0.03*float64(s) + 0.1*max(0, 1-height/0.12)*max(0, 1-height/0.12)
	in := min(outer-x, x-inner, 0.8*(v-c.apex), 1.2*(base-v))
	return edge(in, 0.009)
}

// diaphragm is where it lies below u.
func (c *chest) diaphragm(u float64) float64 {
	x := (math.Abs(u) - 0.36) / 0.46
	return c.dome[side(u)] + 0.17*x*x + 0.1*max(0, x)*max(0, x)
}

// vessels branch from the roots of the lungs, thick there and thin outside.
func (c *chest) vessels(u, v float64) float64 {
	x, y := math.Abs(u)-0.14, v+0.04
	far := math.Hypot(x, y)
	// In coordinates around the root, long clouds are branches.
	angle := math.Atan2(y, x)
	branches := c.texture.at(angle*2.2+float64(side(u))*7, far*1.1, 0.3, 3)
	root := math.Exp(-far * far / (2 * 0.075 * 0.075))
	return 0.09*root + 0.1*max(0, branches)*math.Exp(-far/0.3) + 0.02*c.texture.at(u, v, 0.07, 2)
}

// cage is 1 where the ribs are.
func (c *chest) cage(u, v float64) float64 {
	return edge(c.width-0.06-math.Abs(u), 0.012) * edge(v-c.apex+0.02, 0.02) * edge(0.75-v, 0.05)
}

// ribShade is that of the ribs: behind, they come from the spine and fall outwards; in
// front, fainter, they fall towards the breastbone.
func (c *chest) ribShade(u, v, lung float64) float64 {
	x := math.Abs(u)
	behind := v - 0.34*math.Pow(x, 1.6) + 0.12*(1-x)*(1-x)
	front := v + 0.42*x - 0.3*x*x
	shade := c.bone*bar(behind+c.ribOffset, c.ribs, 0.26) + 0.45*c.bone*edge(x-0.3, 0.05)*bar(front+0.5*c.ribOffset, c.ribs*1.1, 0.3)
	return shade * (0.35 + 0.65*lung)
}

// bar is the profile of one of many parallel bones: 1 at its rims, less inside, 0
// between. share is how much of each period is bone.
func bar(x, period, share float64) float64 {
	phase := x/period - math.Floor(x/period)
	from := math.Abs(phase-0.5) * 2 // 0 in the middle of a bone
	in := edge(share*2-from, 0.06)
	off := (share*2 - from - 0.08) / 0.1
	rim := math.Exp(-off * off)
	return in * (0.65 + 0.55*rim)
}

func (c *chest) collarbone(u, v float64) float64 {
	x := math.Abs(u)
	if x < 0.07 || x > 0.85 {
		return 0
	}
	line := -0.6 - 0.14*ease(min(1, (x-0.07)/0.5)) + 0.03*math.Sin(7*x)
	d := (v - line) / 0.026
	return 1.3 * c.bone * edge(1-math.Abs(d), 0.2) * (0.7 + 0.4*d*d) * edge(0.85-x, 0.03) * edge(x-0.07, 0.015)
}

// mediastinum is 1 inside of the shadow of heart and great vessels.
func (c *chest) mediastinum(u, v float64) float64 {
	band := edge(0.095+0.05*max(0, v+0.2)-math.Abs(u), 0.012)
	// The heart lies to the left, tilted.
	x, y := u-0.12, v-0.22
	x, y = 0.86*x+0.5*y, -0.5*x+0.86*y
	x, y = x/(0.335*c.heart), y/(0.245*c.heart)
	heart := edge(1-math.Hypot(x, y), 0.035)
	right := edge(0.19*c.heart-math.Hypot((u+0.02)*0.95, (v-0.22)*0.62), 0.01)
	knob := edge(0.075-math.Hypot(u-0.1, (v+0.32)*0.8), 0.01)
	return max(band, heart, right, knob)
}

// spine is the vertebrae, and the dark windpipe before them.
func (c *chest) spine(u, v float64) float64 {
	column := edge(0.07-math.Abs(u), 0.022) * (0.035 + 0.025*bar(v+c.ribOffset, c.ribs*0.8, 0.4))
	drift := 0.012 * math.Sin(3*v)
	pipe := edge(0.034-math.Abs(u-drift), 0.008) * edge(-0.2-v, 0.03)
	return column - 0.1*pipe
}
