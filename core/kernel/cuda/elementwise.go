//go:build gpu

package cuda

import (
	"math"

	"github.com/fusemoe/fusemoe/core/kernel"
)

// strides is the grid of a kernel that goes through n entries in strides.
func strides(n int) int { return min(blocks(n), mostBlocks) }

// dropout is the 32-bit number below which an entry is dropped, and the factor of the
// others, as in package kernel.
func dropout(rate float64, training bool) (threshold uint32, scale float32) {
	if !training || rate == 0 {
		return 0, 1
	}
	return uint32(math.Round(rate * math.MaxUint32)), float32(1 / (1 - rate))
}

func (d *Device) drop(y, x, added Array, rate float64, last kernel.LastOf, key uint64, training bool) {
	threshold, scale := dropout(rate, training)
	d.launch("drop", strides(x.length), 1, y, x, added, x.length, last.Width, last.Every, key, threshold, scale)
}

// Dropout is kernel.Dropout on a device.
type Dropout struct {
	Size int
	Rate float64
	Last kernel.LastOf
}

// Forward computes y from x. The key names the random numbers.
func (o *Dropout) Forward(d *Device, y, x Array, key uint64, training bool) {
	fit(o.Size, y, x)
	d.drop(y, x, Array{}, o.Rate, o.Last, key, training)
}

// Backward computes dx from dy for the key and training of the Forward.
func (o *Dropout) Backward(d *Device, dx, dy Array, key uint64, training bool) {
	if dx.address != 0 {
		o.Forward(d, dx, dy, key, training)
	}
}

// Residual is kernel.Residual on a device: x + dropout(z).
type Residual struct {
	Size int
	Rate float64
	Last kernel.LastOf
}

// Forward computes y. The key names the random numbers.
func (r *Residual) Forward(d *Device, y, x, z Array, key uint64, training bool) {
	fit(r.Size, y, x, z)
	d.drop(y, z, x, r.Rate, r.Last, key, training)
}

// Backward computes the wanted of dx and dz for the key and training of the Forward.
func (r *Residual) Backward(d *Device, dx, dz, dy Array, key uint64, training bool) {
	fit(r.Size, dy)
	fitOrNone(r.Size, dx, dz)
	if dx.address != 0 {
		d.Copy(dx, dy)
	}
	if dz.address != 0 {
		d.drop(dz, dy, Array{}, r.Rate, r.Last, key, training)
	}
}

// Columns is kernel.Columns on a device: it puts the rows of groups side by side.
type Columns struct{ Groups, Rows, Width int }

// Forward fills y [Rows, Groups·Width] from x [Groups·Rows, Width].
func (c *Columns) Forward(d *Device, y, x Array) {
	fit(c.Groups*c.Rows*c.Width, y, x)
	d.launch("columns", strides(x.length), 1, y, x, c.Groups, c.Rows, c.Width)
}

// Backward fills dx.
func (c *Columns) Backward(d *Device, dx, dy Array) {
	if dx.address != 0 {
		fit(c.Groups*c.Rows*c.Width, dx, dy)
		d.launch("columns_back", strides(dx.length), 1, dx, dy, c.Groups, c.Rows, c.Width)
	}
}

// AddColumns is kernel.AddColumns on a device: out[g,r] = x[g,r] + dropout(y[r,g]).
type AddColumns struct {
	Groups, Rows, Width int

	Rate  float64
	Every int
}

// Forward fills out. The key names the random numbers.
func (c *AddColumns) Forward(d *Device, out, x, y Array, key uint64, training bool) {
	fit(c.Groups*c.Rows*c.Width, out, x, y)
	threshold, scale := dropout(c.Rate, training)
	d.launch("add_columns", strides(x.length), 1, out, x, y, c.Groups, c.Rows, c.Width, max(c.Every, 1), key, threshold, scale)
}

// Backward fills the wanted of dx and dy for the key and training of the Forward.
func (c *AddColumns) Backward(d *Device, dx, dy, dout Array, key uint64, training bool) {
	fit(c.Groups*c.Rows*c.Width, dout)
	fitOrNone(dout.length, dx, dy)
	if dx.address != 0 {
		d.Copy(dx, dout)
	}
	if dy.address != 0 {
		threshold, scale := dropout(c.Rate, training)
		d.launch("drop_columns", strides(dout.length), 1, dy, dout, c.Groups, c.Rows, c.Width, max(c.Every, 1), key, threshold, scale)
	}
}

// Activate is kernel.Activate on a device.
type Activate struct {
	Kind kernel.Activation
	Size int
}

// Forward computes y from x.
func (a *Activate) Forward(d *Device, y, x Array) {
	fit(a.Size, y, x)
	d.launch("activate_entries", strides(a.Size), 1, y, x, a.Size, int(a.Kind))
}

// Backward computes dx from dy.
func (a *Activate) Backward(d *Device, dx, dy, x Array) {
	if dx.address != 0 {
		fit(a.Size, dx, dy, x)
		d.launch("activation_slopes", strides(a.Size), 1, dx, dy, x, a.Size, int(a.Kind))
	}
}

// Blend is kernel.Blend on a device: σ(z)·a + (1-σ(z))·b.
type Blend struct {
	Samples, Steps, Width int

	Level kernel.Level
}

// Forward fills y [Samples·Steps, Width].
func (m *Blend) Forward(d *Device, y, a, b, z Array) {
	share := m.check(y, a, b, z)
	d.launch("blend", strides(y.length), 1, y, a, b, z, y.length, share)
}

// Backward fills the wanted of da, db and dz.
func (m *Blend) Backward(d *Device, da, db, dz, dy, a, b, z Array) {
	share := m.check(dy, a, b, z)
	fitOrNone(dy.length, da, db)
	fitOrNone(z.length, dz)
	if da.address != 0 || db.address != 0 {
		d.launch("blend_slopes", strides(dy.length), 1, da, db, dy, z, dy.length, share)
	}
	if dz.address != 0 {
		grid := z.length
		if share == 1 {
			grid = strides(z.length)
		}
		d.launch("blend_gate_slopes", grid, 1, dz, dy, a, b, z, dy.length, share)
	}
}

// check returns how many entries one of z weighs.
func (m *Blend) check(y, a, b, z Array) int {
	n := m.Samples * m.Steps * m.Width
	share := map[kernel.Level]int{kernel.PerFeature: 1, kernel.PerStep: m.Width, kernel.PerSample: m.Steps * m.Width}[m.Level]
	fit(n, y, a, b)
	fit(n/share, z)
	return share
}
