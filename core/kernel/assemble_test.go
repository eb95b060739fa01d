package kernel_test

import (
	"slices"
	"testing"

	"github.com/fusemoe/fusemoe/core/kernel"
	"github.com/fusemoe/fusemoe/core/kernel/kerneltest"
)

// assembleInputs are the inputs of an Assemble of the given sizes.
type assembleInputs[F kernel.Float] struct {
	grids                       [][]F
	missing, modality, position []F
	present                     []bool
}

func newAssembleInputs[F kernel.Float](modalities, samples, steps, width int) assembleInputs[F] {
	in := assembleInputs[F]{
		missing:  kerneltest.Random[F](modalities*steps*width, 1, 1),
		modality: kerneltest.Random[F](modalities*width, 1, 2),
		position: kerneltest.Random[F](steps*width, 1, 3),
		present:  make([]bool, modalities*samples),
	}
	for m := range modalities {
		in.grids = append(in.grids, kerneltest.Random[F](samples*steps*width, 1, uint64(10+m)))
	}
	for i := range in.present {
		in.present[i] = i%3 != 1
	}
	return in
}

func TestAssemble(t *testing.T) {
	const modalities, samples, steps, width = 2, 4, 3, 5
	in := newAssembleInputs[float64](modalities, samples, steps, width)
	var want []float64
	for m := range modalities {
		for s := range samples {
			for i := range steps * width {
				u := in.missing[m*steps*width+i]
				if in.present[m*samples+s] {
					u = in.grids[m][s*steps*width+i]
				}
				want = append(want, 2.5*(u+in.modality[m*width+i%width])+in.position[i])
			}
		}
	}
	a := kernel.Assemble[float64]{Modalities: modalities, Samples: samples, Steps: steps, Width: width, Scale: 2.5}
	x := garbage[float64](len(want))
	a.Forward(nil, x, in.grids, in.missing, in.modality, in.position, in.present)
	near(t, "x", x, want, 1e-14)

	dx := kerneltest.Random[float64](len(x), 1, 4)
	dgrids := [][]float64{garbage[float64](samples * steps * width), garbage[float64](samples * steps * width)}
	dmissing, dmodality := garbage[float64](len(in.missing)), garbage[float64](len(in.modality))
	dposition := garbage[float64](len(in.position))
	a.Backward(nil, dgrids, dmissing, dmodality, dposition, dx, in.present)
	kerneltest.CheckGradients(t, func() float64 {
		a.Forward(nil, x, in.grids, in.missing, in.modality, in.position, in.present)
		return weighted(x, dx)
	}, append(slices.Clone(in.grids), in.missing, in.modality, in.position),
		append(slices.Clone(dgrids), dmissing, dmodality, dposition))
}

// A modality that nobody has needs no grid, and each gradient may be unwanted.
func TestAssembleWithout(t *testing.T) {
	in := newAssembleInputs[float64](2, 3, 2, 2)
	in.present = []bool{true, true, true, false, false, false}
	a := kernel.Assemble[float64]{Modalities: 2, Samples: 3, Steps: 2, Width: 2, Scale: 1}
	x := garbage[float64](24)
	a.Forward(nil, x, [][]float64{in.grids[0], nil}, in.missing, in.modality, in.position, in.present)
	if x[12] != in.missing[4]+in.modality[2]+in.position[0] {
		t.Errorf("the missing modality starts with %v", x[12])
	}
	dgrids := [][]float64{nil, garbage[float64](12)}
	a.Backward(nil, dgrids, nil, nil, nil, x, in.present)
	near(t, "the gradient of an absent grid", dgrids[1], make([]float64, 12), 0)
	dmodality := garbage[float64](4)
	a.Backward(nil, nil, nil, dmodality, nil, slices.Repeat([]float64{1}, 24), in.present)
	near(t, "dmodality", dmodality, []float64{6, 6, 6, 6}, 0)
}

func TestAssembleWorkers(t *testing.T) {
	const modalities, samples, steps, width = 3, 17, 16, 33
	in := newAssembleInputs[float32](modalities, samples, steps, width)
	sameForAnyWorkers(t, func(p *kernel.Pool) [][]float32 {
		a := kernel.Assemble[float32]{Modalities: modalities, Samples: samples, Steps: steps, Width: width, Scale: 3}
		x := garbage[float32](modalities * samples * steps * width)
		a.Forward(p, x, in.grids, in.missing, in.modality, in.position, in.present)
		dgrids := make([][]float32, modalities)
		for m := range dgrids {
			dgrids[m] = garbage[float32](samples * steps * width)
		}
		dmissing, dmodality := garbage[float32](len(in.missing)), garbage[float32](len(in.modality))
		dposition := garbage[float32](len(in.position))
		a.Backward(p, dgrids, dmissing, dmodality, dposition, x, in.present)
		return append(dgrids, x, dmissing, dmodality, dposition)
	})
}
