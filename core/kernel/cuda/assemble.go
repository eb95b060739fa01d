//go:build gpu

package cuda

// Assemble is kernel.Assemble on a device.
type Assemble struct {
	Modalities, Samples, Steps, Width int

	Scale float64
}

// samplePart is how many samples one part of a sum over them has: there are enough entries
// of a sample to keep a device busy, and few parts are soon added up.
const samplePart = 32

// Forward fills x [Modalities·Samples·Steps, Width] from the grids [Samples·Steps, Width]
// of the modalities, missing [Modalities, Steps, Width], modality [Modalities, Width] and
// position [Steps, Width]. present has an index for each modality and sample, 0 where it is
// missing. The grid of a modality that no sample has may be the zero Array.
func (a *Assemble) Forward(d *Device, x Array, grids []Array, missing, modality, position, present Array) {
	a.check(grids, x, present)
	if len(grids) != a.Modalities {
		panic(ErrShape)
	}
	slab := a.Steps * a.Width
	fit(a.Modalities*slab, missing)
	fit(a.Modalities*a.Width, modality)
	fit(slab, position)
	n := a.Samples * slab
	for m, grid := range grids {
		d.launch("assemble", blocks(n), 1, x.Slice(m*n, n), grid, missing.Slice(m*slab, slab),
			modality.Slice(m*a.Width, a.Width), position, present.Slice(m*a.Samples, a.Samples),
			a.Samples, slab, a.Width, float32(a.Scale))
	}
}

// Backward fills the gradients of all inputs; dgrids may be nil, and the zero Array is one
// that nobody wants.
func (a *Assemble) Backward(d *Device, dgrids []Array, dmissing, dmodality, dposition, dx, present Array) {
	a.check(dgrids, dx, present)
	slab, scale := a.Steps*a.Width, float32(a.Scale)
	n := a.Samples * slab
	for m, dgrid := range dgrids {
		if dgrid.address != 0 {
			d.launch("slope_grid", blocks(n), 1, dgrid, dx.Slice(m*n, n), present.Slice(m*a.Samples, a.Samples),
				a.Samples, slab, scale)
		}
	}
	fitOrNone(a.Modalities*slab, dmissing)
	fitOrNone(a.Modalities*a.Width, dmodality)
	fitOrNone(slab, dposition)
	if dmissing.address == 0 && dmodality.address == 0 && dposition.address == 0 {
		return
	}
	entries, count := a.Modalities*slab, ceil(a.Samples, samplePart)
	sums := d.New(2 * count * entries)
	defer d.Free(sums)
	d.launch("sum_samples", blocks(entries), count, sums, dx, present, a.Modalities, a.Samples, samplePart, slab)
	d.launch("add_samples", blocks(entries), 1, dmissing, sums, count, a.Modalities, slab, scale)
	if dposition.address != 0 {
		d.launch("slope_position", blocks(slab), 1, dposition, sums, a.Modalities, slab)
	}
	if dmodality.address != 0 {
		d.launch("slope_modality", blocks(dmodality.length), 1, dmodality, sums, a.Modalities, a.Steps, a.Width, scale)
	}
}

func (a *Assemble) check(grids []Array, x, present Array) {
	if grids != nil && len(grids) != a.Modalities {
		panic(ErrShape)
	}
	fitOrNone(a.Samples*a.Steps*a.Width, grids...)
	fit(a.Modalities*a.Samples, present)
	fit(a.Modalities*a.Samples*a.Steps*a.Width, x)
}
