package synth

import (
	"math"
	"math/rand/v2"
)

// findings are what is wrong in a chest image.
type findings struct {
	haze      float64 // over both lungs, thickest around their roots and at their bases
	opacities []opacity
	effusion  [2]float64 // how far fluid reaches above the diaphragm, right and left
	texture   *clouds
}

// opacity is a patch of lung without air.
type opacity struct{ u, v, width, height, density float64 }

// newFindings draws findings. On its own, an image tells the severity of the lung with a
// correlation of about 0.85.
func newFindings(r *rand.Rand, p *patient, c *chest) *findings {
	f := &findings{texture: newClouds(r)}
	seen := normal(r, p.lung, 0.4)
	f.haze = 0.13 * math.Exp(0.55*normal(r, seen, 0.3)) / math.Exp(0.7)
	for range poisson(r, 1.1*math.Exp(0.75*seen)) {
		u := (0.2 + 0.48*r.Float64()) * float64(2*r.IntN(2)-1)
		// Lower lobes are the more common place.
		v := c.dome[side(u)] - 0.08 - 0.95*math.Pow(r.Float64(), 1.5)
		size := 0.07 + 0.1*r.Float64()
		f.opacities = append(f.opacities, opacity{
			u, v, size * (0.8 + 0.7*r.Float64()), size, 0.12 + 0.16*r.Float64(),
		})
	}
	for s := range f.effusion {
		if chance(r, 1.3*seen-2) {
			f.effusion[s] = 0.06 + 0.16*r.ExpFloat64()
		}
	}
	return f
}

// poisson draws a number of events (Knuth; the means here are small).
func poisson(r *rand.Rand, mean float64) int {
	const most = 12 // more would be one white lung
	n, p, limit := 0, r.Float64(), math.Exp(-mean)
	for ; p > limit && n < most; n++ {
		p *= r.Float64()
	}
	return n
}

// add is the density of a point with what is wrong there.
func (f *findings) add(c *chest, u, v, density float64) float64 {
	lung := c.lung(u, v)
	if lung < 1e-3 {
		return density
	}
	// What lies before or behind the heart hardly shows through it.
	air := lung * (1 - 0.9*c.mediastinum(u, v))
	rough := f.texture.at(u, v, 0.11, 3)
	near := math.Hypot((math.Abs(u)-0.2)/0.4, (v-0.12)/0.5)
	extra := f.haze * (0.4 + 0.9*math.Exp(-near*near)) * (1 + 0.5*rough)
	for _, o := range f.opacities {
		x, y := (u-o.u)/o.width, (v-o.v)/o.height
		if x*x+y*y > 9 {
			continue
		}
		// The border is ragged.
		extra += o.density * edge(1.1-math.Hypot(x, y)+0.5*rough, 0.28) * (1 + 0.35*rough)
	}
	density += air * min(extra, 0.36)
	if height := f.effusion[side(u)]; height > 0 {
		// Fluid stands higher at the side than in the middle.
		x := max(0, (math.Abs(u)-0.2)/0.6)
		top := c.diaphragm(u) - height*(0.35+0.9*x*x)
		// It leaves no air at the walls, where the lung ends softly.
		density += min(1, 4*lung) * max(0, 0.68-density) * edge(v-top, 0.022)
	}
	return density
}
