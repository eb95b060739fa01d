package kernel

// Assemble makes the fusion encoder's input from the grids of all modalities:
//
//	x[m,s,t] = Scale·(u + modality[m]) + position[t]
//
// with u = grid[m][s,t] where sample s has modality m and the learned indicator
// missing[m,t] where it has not. Each of the Modalities grids is [Samples·Steps,
// Width]; missing is [Modalities, Steps, Width], modality [Modalities, Width],
// position [Steps, Width], present [Modalities, Samples], and x
// [Modalities·Samples·Steps, Width].
type Assemble[F Float] struct {
	Modalities, Samples, Steps, Width int

	Scale float64

	sums []F // per modality and step, the gradient summed over samples
}

// Forward fills x. The grid of a modality that no sample has may be nil.
func (a *Assemble[F]) Forward(p *Pool, x []F, grids [][]F, missing, modality, position []F, present []bool) {
	a.check(x, present)
	w, block, factor := a.Width, a.Steps*a.Width, F(a.Scale)
	mustHold(len(grids) == a.Modalities && len(missing) == a.Modalities*block)
	mustHold(len(modality) == a.Modalities*w && len(position) == block)
	for m, grid := range grids {
		for _, has := range present[m*a.Samples:][:a.Samples] {
			mustHold(!has || len(grid) == a.Samples*block)
		}
	}
	p.For(a.Modalities*a.Samples, blockGrain(block), func(lo, hi int) {
		for i := lo; i < hi; i++ {
			m, s := i/a.Samples, i%a.Samples
			from := missing[m*block:][:block]
			if present[i] {
				from = grids[m][s*block:][:block]
			}
			assembleOn(activePath(), x[i*block:][:block], from, modality[m*w:][:w], position, factor)
		}
	})
}

// assembleOn is Forward for the steps of one sample and modality.
func assembleOn[F Float](s path, x, grid, kind, position []F, factor F) {
	done := 0
	if isFloat32[F]() && s != generic {
		done = s.assemble(single(x), single(grid), single(kind), single(position), float32(factor))
	}
	for t := done; t < len(x); t += len(kind) {
		out, in, at := x[t:][:len(kind)], grid[t:][:len(kind)], position[t:][:len(kind)]
		for c, k := range kind {
			out[c] = factor*(in[c]+k) + at[c]
		}
	}
}

// Backward fills the gradients of all inputs; dgrids, or any one of them, may be nil.
func (a *Assemble[F]) Backward(p *Pool, dgrids [][]F, dmissing, dmodality, dposition, dx []F, present []bool) {
	a.check(dx, present)
	w, block := a.Width, a.Steps*a.Width
	mustHold(dgrids == nil || len(dgrids) == a.Modalities)
	for _, d := range dgrids {
		fitOrNil(a.Samples*block, d)
	}
	fitOrNil(a.Modalities*block, dmissing)
	fitOrNil(a.Modalities*w, dmodality)
	fitOrNil(block, dposition)
	if dgrids != nil {
		a.backwardGrids(p, dgrids, dx, present)
	}
	if dmissing != nil || dmodality != nil || dposition != nil {
		a.backwardShared(p, dmissing, dmodality, dposition, dx, present)
	}
}

func (a *Assemble[F]) backwardGrids(p *Pool, dgrids [][]F, dx []F, present []bool) {
	block := a.Steps * a.Width
	p.For(a.Modalities*a.Samples, blockGrain(block), func(lo, hi int) {
		for i := lo; i < hi; i++ {
			m, s := i/a.Samples, i%a.Samples
			if dgrids[m] == nil {
				continue
			}
			to := dgrids[m][s*block:][:block]
			if present[i] {
				scaled(to, dx[i*block:][:block], F(a.Scale))
			} else {
				clear(to)
			}
		}
	})
}

// backwardShared sums over the samples, in order, one step in parallel to another.
func (a *Assemble[F]) backwardShared(p *Pool, dmissing, dmodality, dposition, dx []F, present []bool) {
	w, block, factor := a.Width, a.Steps*a.Width, F(a.Scale)
	a.sums = grow(a.sums, a.Modalities*block)
	// A few steps at a time are worth the calls for each sample, and leave work for all workers.
	const together = 128
	p.For(a.Steps, max(1, together/max(w, 1)), func(lo, hi int) {
		for m := range a.Modalities {
			sum := a.sums[m*block+lo*w : m*block+hi*w]
			clear(sum)
			if dmissing != nil {
				clear(dmissing[m*block+lo*w : m*block+hi*w])
			}
			for s := range a.Samples {
				i := m*a.Samples + s
				d := dx[i*block+lo*w : i*block+hi*w]
				addTo(sum, d)
				if dmissing != nil && !present[i] {
					addTo(dmissing[m*block+lo*w:m*block+hi*w], d)
				}
			}
			if dmissing != nil {
				scaleBy(dmissing[m*block+lo*w:m*block+hi*w], factor)
			}
		}
	})
	if dposition != nil {
		clear(dposition)
		for m := range a.Modalities {
			addTo(dposition, a.sums[m*block:][:block])
		}
	}
	if dmodality != nil {
		clear(dmodality)
		for m := range a.Modalities {
			kind := dmodality[m*w:][:w]
			addRows(kind, a.sums[m*block:][:block])
			scaleBy(kind, factor)
		}
	}
}

func (a *Assemble[F]) check(x []F, present []bool) {
	mustHold(len(present) == a.Modalities*a.Samples && len(x) == len(present)*a.Steps*a.Width)
}
