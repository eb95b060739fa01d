//go:build gpu

package gpu

import (
	"errors"
	"fmt"

	"github.com/fusemoe/fusemoe/core/kernel/cuda"
	"github.com/fusemoe/fusemoe/core/op"
)

type (
	array  = cuda.Array
	arrays = []cuda.Array
)

var errNoKernel = errors.New("no kernel for this operation on a GPU")

// lower finds what package cuda computes for a call.
func (p *program) lower(n *node) error {
	for _, table := range []func(*node) (operation, bool){p.dense, p.random, p.steps, p.mixture, p.balance, p.losses, p.plain} {
		if o, ok := table(n); ok {
			n.operation = o
			return nil
		}
	}
	return fmt.Errorf("%s: %w", n.Name, errNoKernel)
}

// plain has what is no kernel.
func (p *program) plain(n *node) (operation, bool) {
	d := p.Device
	switch k := n.Kernel.(type) {
	case op.RowRange: // a view: see layOut and addRows
		return operation{forward: func(array, arrays) {}}, true
	case op.WeightedSum:
		return p.weightedSum(n, k.Weights), true
	case op.Sum:
		return operation{
			func(y array, in arrays) {
				d.Copy(y, in[0])
				for _, x := range in[1:] {
					d.Add(y, x)
				}
			},
			func(din arrays, dy, _ array, _ arrays) {
				for _, to := range din {
					if to.Given() {
						d.Copy(to, dy)
					}
				}
			},
		}, true
	}
	return operation{}, false
}

// weightedSum reads the losses where they lie, side by side.
func (p *program) weightedSum(n *node, weights []float64) operation {
	d := p.Device
	all := make([]float64, p.scalars.Len())
	for i, a := range n.in {
		all[a.Offset(p.scalars)] += weights[i]
	}
	on := d.UploadDoubles(all)
	n.free = append(n.free, func() { d.FreeDoubles(on) })
	return operation{
		func(y array, _ arrays) { d.WeighScalars(y, p.scalars, on) },
		func(_ arrays, dy, _ array, _ arrays) { d.SpreadScalars(p.slopes, dy, on) },
	}
}

// at is entry i, or nothing where there is none.
func at(a arrays, i int) array {
	if i < len(a) {
		return a[i]
	}
	return array{}
}
