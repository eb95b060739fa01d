//go:build gpu

package cuda

import "math"

// Series is kernel.Series on a device: Start holds indices, and Observed is the zero Array
// where every value was.
type Series struct {
	Width                          int
	Start, Times, Values, Observed Array
}

// TimeWeights are kernel.TimeWeights on a device.
type TimeWeights struct {
	Weight, Bias, Query, QueryBias, Key, KeyBias Array
}

// IrregularAttention is kernel.IrregularAttention on a device.
type IrregularAttention struct {
	Samples, Steps, Heads, Embed, Width int

	Flags bool

	// The rows of the grid come before those of the series in phi and projected, the
	// embeddings and their projections.
	phi, projected Array
	turned         Array // [Embed, Steps]: the grid's queries, scaled
	weights        Array // [rows, Heads·Steps], by Backward turned into their gradients
	out, totals    Array // [Samples, Width, Heads·Steps]: the results and their denominators
}

// As in kernels/block.cuh and kernels/time.cu.
const (
	lanes      = 32
	laneGroups = block / lanes
	laneEach   = 4
)

// mostParts is how many parts a sum over rows is made of at most, and leastPart how many
// rows each has at least: enough blocks for a device, whose sums are soon added up.
const (
	mostParts = 128
	leastPart = 64
)

// parts divides n rows.
func parts(n int) (count, grain int) {
	grain = max(leastPart, (n+mostParts-1)/mostParts)
	return (n + grain - 1) / grain, grain
}

// Forward fills y [Samples·Steps, Heads·Width], or Width columns more with Flags.
func (a *IrregularAttention) Forward(d *Device, y Array, s Series, w TimeWeights) {
	a.check(y, s, w)
	d.Free(a.phi, a.projected, a.turned, a.weights, a.out, a.totals)
	e, t, rows := a.Embed, a.Steps, s.Times.length
	a.phi, a.projected = d.New((t+rows)*e), d.New((t+rows)*e)
	d.launch("embed_times", blocks((t+rows)*e), 1, a.phi, a.projected, s.Times, w.Weight, w.Bias, w.QueryBias, w.KeyBias,
		t, t+rows, e)
	d.project(a.grid(a.projected), a.grid(a.phi), w.Query, e)
	d.project(a.series(a.projected), a.series(a.phi), w.Key, e)
	a.turned = d.New(e * t)
	d.launch("turn_queries", blocks(e*t), 1, a.turned, a.projected, t, e, a.scale())

	columns := a.Heads * t
	key := a.series(a.projected)
	a.weights = d.New(rows * columns)
	d.launch("attend", a.Samples*ceil(columns, lanes), 1, a.weights, a.turned, key, s.Start, t, a.Heads, e)
	a.out, a.totals = d.New(a.Samples*a.Width*columns), d.New(a.Samples*a.Width*columns)
	d.launch("attend_values", a.Samples*ceil(a.Width, laneGroups), ceil(columns, lanes*laneEach), y, a.out, a.totals,
		a.weights, s.Values, s.Observed, a.turned, key, s.Start, t, a.Heads, e, a.Width, a.flags())
}

// Backward fills the gradients of the weights, once after Forward with the same series and
// weights; the zero Array is one that nobody wants.
func (a *IrregularAttention) Backward(d *Device, dw TimeWeights, dy Array, s Series, w TimeWeights) {
	a.check(dy, s, w)
	e, t, rows, columns := a.Embed, a.Steps, s.Times.length, a.Heads*a.Steps
	key := a.series(a.projected)
	slopes := d.New(a.totals.length)
	d.launch("divide_gradients", blocks(slopes.length), 1, slopes, dy, a.totals, a.Samples, t, a.Heads, a.Width, a.flags())
	d.launch("slope_scores", ceil(rows, laneGroups), ceil(columns, lanes), a.weights, slopes, a.out, s.Values, s.Observed,
		s.Start, a.Samples, rows, columns, a.Width)
	if s.Observed.address != 0 {
		d.launch("slope_alone", blocks(a.Samples*columns), 1, a.weights, dy, a.totals, s.Values, s.Observed, a.turned, key,
			s.Start, a.Samples, t, a.Heads, e, a.Width, a.flags())
	}
	d.Free(slopes)

	dprojected := d.New((t + rows) * e)
	d.launch("slope_keys", blocks(rows*e), 1, a.series(dprojected), a.weights, a.projected, rows, t, a.Heads, e, a.scale())
	count, grain := parts(rows)
	queries := d.New(count * e * t)
	d.launch("slope_queries", count, blocks(e*t), queries, a.weights, key, rows, grain, t, a.Heads, e)
	d.launch("add_queries", blocks(e*t), 1, dprojected, queries, count, t, e, a.scale())
	d.Free(queries)
	a.backwardProjections(d, dw, dprojected, s, w)
	d.Free(dprojected)
}

// backwardProjections turns the gradients of the projections into those of the weights.
func (a *IrregularAttention) backwardProjections(d *Device, dw TimeWeights, dprojected Array, s Series, w TimeWeights) {
	e, all := a.Embed, dprojected.length/a.Embed
	dphi := d.New(dprojected.length)
	defer d.Free(dphi)
	for _, p := range []struct {
		part       func(Array) Array
		dweight, w Array
	}{{a.grid, dw.Query, w.Query}, {a.series, dw.Key, w.Key}} {
		dprojected, dphi, phi := p.part(dprojected), p.part(dphi), p.part(a.phi)
		rows := dphi.length / e
		d.product(matrixOf(dphi, e), matrixOf(dprojected, e), transposed(matrixOf(p.w, e)), rows, e, e, false)
		switch {
		case p.dweight.address == 0:
		case rows == 0:
			d.Clear(p.dweight)
		default:
			d.product(matrixOf(p.dweight, e), transposed(matrixOf(phi, e)), matrixOf(dprojected, e), e, e, rows, false)
		}
	}
	count, grain := parts(all - a.Steps)
	sums := d.New((count + 1) * 3 * e)
	defer d.Free(sums)
	d.launch("slope_times", count+1, ceil(e, lanes), sums, dphi, dprojected, s.Times, w.Weight, w.Bias, a.Steps, all, grain, e)
	d.launch("add_times", blocks(e), 1, dw.Weight, dw.Bias, dw.QueryBias, dw.KeyBias, sums, count+1, e)
}

// project adds phi·weight to out, all of whose rows have e entries.
func (d *Device) project(out, phi, weight Array, e int) {
	d.product(matrixOf(out, e), matrixOf(phi, e), matrixOf(weight, e), out.length/e, e, e, true)
}

// grid is the part of x that the grid's rows have, series that of the series.
func (a *IrregularAttention) grid(x Array) Array { return x.Slice(0, a.Steps*a.Embed) }

func (a *IrregularAttention) series(x Array) Array {
	return x.Slice(a.Steps*a.Embed, x.length-a.Steps*a.Embed)
}

func (a *IrregularAttention) scale() float32 {
	return float32(1 / math.Sqrt(float64(a.Embed/a.Heads)))
}

func (a *IrregularAttention) flags() int {
	if a.Flags {
		return 1
	}
	return 0
}

func (a *IrregularAttention) check(y Array, s Series, w TimeWeights) {
	if s.Width != a.Width || a.Heads < 1 || a.Embed < 1 || a.Embed%a.Heads != 0 {
		panic(ErrShape)
	}
	fit(a.Samples+1, s.Start)
	fit(s.Times.length*s.Width, s.Values)
	if s.Observed.address != 0 {
		fit(s.Values.length, s.Observed)
	}
	fit(a.Samples*a.Steps*(a.Heads+a.flags())*a.Width, y)
	fit(a.Embed, w.Weight, w.Bias, w.QueryBias, w.KeyBias)
	fit(a.Embed*a.Embed, w.Query, w.Key)
}

// ceil is n/m, rounded up.
func ceil(n, m int) int { return (n + m - 1) / m }
