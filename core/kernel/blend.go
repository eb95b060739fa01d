package kernel

// Level says how many values share one blending weight.
type Level uint8

// The levels of a Blend.
const (
	PerFeature Level = iota // a weight for each feature of each step
	PerStep                 // one for all features of a step
	PerSample               // one for all of a sample
)

// Blend mixes two sequences by a learned gate, y = σ(z)·a + (1-σ(z))·b. a, b and y
// are [Samples·Steps, Width]; z has Samples·Steps·Width, Samples·Steps or Samples
// entries.
type Blend[F Float] struct {
	Samples, Steps, Width int

	Level Level
}

// Forward fills y.
func (m *Blend[F]) Forward(p *Pool, y, a, b, z []F) {
	m.check(y, a, b, z)
	if m.Level == PerFeature {
		p.For(len(z), entryChunk, func(lo, hi int) {
			blendOn(activePath(), y[lo:hi], a[lo:hi], b[lo:hi], z[lo:hi])
		})
		return
	}
	share := m.share()
	p.For(len(z), blockGrain(share), func(lo, hi int) {
		for j := lo; j < hi; j++ {
			g := sigmoid(z[j])
			y, a, b := y[j*share:][:share], a[j*share:][:share], b[j*share:][:share]
			for i, v := range a {
				y[i] = g*v + (1-g)*b[i]
			}
		}
	})
}

// Backward fills da, db and dz.
func (m *Blend[F]) Backward(p *Pool, da, db, dz, dy, a, b, z []F) {
	m.check(dy, a, b, z)
	fitOrNil(len(a), da, db)
	fitOrNil(len(z), dz)
	share := m.share()
	if m.Level == PerFeature {
		p.For(len(z), entryChunk, func(lo, hi int) {
			part := func(d []F) []F {
				if d == nil {
					return nil
				}
				return d[lo:hi]
			}
			blendGradientsOn(activePath(), part(da), part(db), part(dz), dy[lo:hi], a[lo:hi], b[lo:hi], z[lo:hi])
		})
		return
	}
	p.For(len(z), blockGrain(share), func(lo, hi int) {
		for j := lo; j < hi; j++ {
			g := sigmoid(z[j])
			from, to := j*share, (j+1)*share
			d := dy[from:to]
			if da != nil {
				scaled(da[from:to], d, g)
			}
			if db != nil {
				scaled(db[from:to], d, 1-g)
			}
			if dz != nil {
				a, b := a[from:to], b[from:to]
				var sum F
				for i, v := range d {
					sum += v * (a[i] - b[i])
				}
				dz[j] = sum * g * (1 - g)
			}
		}
	})
}

// blendOn is Forward for entries of which each has its own gate.
func blendOn[F Float](s path, y, a, b, z []F) {
	lo := 0
	if isFloat32[F]() && s != generic {
		lo = s.blend(single(y), single(a), single(b), single(z))
	}
	var gates [sigmoidStrip]F
	for ; lo < len(z); lo += sigmoidStrip {
		end := min(lo+sigmoidStrip, len(z))
		y, a, b := y[lo:end], a[lo:end], b[lo:end]
		for i, g := range sigmoidsOn(s, gates[:], z[lo:end]) {
			y[i] = g*a[i] + (1-g)*b[i]
		}
	}
}

// blendGradientsOn is Backward for such entries.
func blendGradientsOn[F Float](s path, da, db, dz, dy, a, b, z []F) {
	lo := 0
	if isFloat32[F]() && s != generic && da != nil && db != nil && dz != nil {
		lo = s.blendGradients(single(da), single(db), single(dz), single(dy), single(a), single(b), single(z))
	}
	var gates [sigmoidStrip]F
	for ; lo < len(z); lo += sigmoidStrip {
		end := min(lo+sigmoidStrip, len(z))
		for i, g := range sigmoidsOn(s, gates[:], z[lo:end]) {
			i += lo
			if da != nil {
				da[i] = g * dy[i]
			}
			if db != nil {
				db[i] = (1 - g) * dy[i]
			}
			if dz != nil {
				dz[i] = dy[i] * (a[i] - b[i]) * g * (1 - g)
			}
		}
	}
}

// sigmoidStrip is how many gates are computed at a time, on the stack.
const sigmoidStrip = 128

// sigmoidsOn fills the front of gates with 1 / (1 + e^-z), to 2 units of the last place,
// and returns it.
func sigmoidsOn[F Float](s path, gates, z []F) []F {
	gates = gates[:len(z)]
	for i, v := range z {
		gates[i] = -v
	}
	exponentialsOn(s, gates)
	for i, e := range gates {
		gates[i] = 1 / (1 + e)
	}
	return gates
}

// share is how many values one entry of z weighs.
func (m *Blend[F]) share() int {
	switch m.Level {
	case PerStep:
		return m.Width
	case PerSample:
		return m.Steps * m.Width
	default:
		return 1
	}
}

func (m *Blend[F]) check(y, a, b, z []F) {
	n := m.Samples * m.Steps * m.Width
	mustHold(m.Level <= PerSample && len(y) == n && len(a) == n && len(b) == n && len(z)*m.share() == n)
}

// scaled computes y = s·x.
func scaled[F Float](y, x []F, s F) {
	copy(y, x[:len(y)])
	scaleBy(y, s)
}
