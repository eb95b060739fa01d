//go:build gpu

package cuda

// Accumulator carries the column sums of one balance loss over the runs of an optimizer
// step, so that the loss of a run sees all rows of the step so far. Each run pulls with the
// strength that it has alone. The zero Accumulator begins with nothing.
type Accumulator struct{ prior, own Array } // float64

// Reset forgets the runs so far: an optimizer step begins.
func (a *Accumulator) Reset(d *Device) { d.Clear(a.prior) }

// Carry adds the last run to the sums that the next one starts from.
func (a *Accumulator) Carry(d *Device) { d.Copy(a.prior, a.own) }

// Release gives the memory of the sums back.
func (a *Accumulator) Release(d *Device) {
	d.Free(a.prior, a.own)
	*a = Accumulator{}
}

// begin makes room for the sums of that many experts.
func (a *Accumulator) begin(d *Device, experts int) {
	if a.prior.length != 2*experts {
		d.Free(a.prior, a.own)
		a.prior, a.own = d.newDoubles(experts), d.newDoubles(experts)
		d.Clear(a.prior, a.own)
	}
}

// variation adds up the parts and fills loss.
func (a *Accumulator) variation(d *Device, loss, parts Array, count, experts int) {
	d.launch("variation", 1, 1, loss, a.own, a.prior, parts, count, experts)
}

// slopes is a new array of the gradients of the sums.
func (a *Accumulator) slopes(d *Device, dloss Array, experts int) Array {
	slopes := d.New(experts)
	d.launch("variation_slopes", 1, 1, slopes, dloss, a.own, a.prior, experts)
	return slopes
}

// Importance is kernel.Importance on a device.
type Importance struct{ Rows, Experts int }

// Forward fills loss, a single entry, from gates [Rows, Experts].
func (m *Importance) Forward(d *Device, loss, gates Array, a *Accumulator) {
	fit(1, loss)
	fit(m.Rows*m.Experts, gates)
	a.begin(d, m.Experts)
	count, grain := parts(m.Rows)
	sums := d.newDoubles(count * m.Experts)
	defer d.Free(sums)
	d.launch("sum_gates", count, ceil(m.Experts, lanes), sums, gates, m.Rows, grain, m.Experts)
	a.variation(d, loss, sums, count, m.Experts)
}

// Backward computes the gradient of the gates from that of the loss, after Forward with the
// same accumulator.
func (m *Importance) Backward(d *Device, dgates, dloss Array, a *Accumulator) {
	fit(1, dloss)
	if dgates.address == 0 {
		return
	}
	fit(m.Rows*m.Experts, dgates)
	slopes := a.slopes(d, dloss, m.Experts)
	defer d.Free(slopes)
	d.launch("repeat_row", blocks(dgates.length), 1, dgates, slopes, m.Rows, m.Experts)
}

// Load is kernel.Load on a device.
type Load struct {
	Rows, Experts, K int

	thresholds Array // two for each row
}

// Forward fills loss, a single entry. logits, noisy and raw, all [Rows, Experts], are those
// of NoisyLogits. active has an index for each row, 0 where it is no load; the zero Array
// says that all are.
func (l *Load) Forward(d *Device, loss, logits, noisy, raw, active Array, a *Accumulator) {
	fit(1, loss)
	l.check(logits, noisy, raw, active)
	d.Free(l.thresholds)
	l.thresholds = d.New(2 * l.Rows)
	d.launch("load_thresholds", blocks(l.Rows), 1, l.thresholds, noisy, l.Rows, l.Experts, l.K)
	a.begin(d, l.Experts)
	count, grain := parts(l.Rows)
	sums := d.newDoubles(count * l.Experts)
	defer d.Free(sums)
	d.launch("sum_loads", count, ceil(l.Experts, lanes), sums, l.thresholds, logits, noisy, raw, active,
		l.Rows, grain, l.Experts)
	a.variation(d, loss, sums, count, l.Experts)
}

// Backward computes the gradients of logits and raw from that of the loss, after Forward
// with the same arguments; that of the noisy logits is 0.
func (l *Load) Backward(d *Device, dlogits, dnoisy, draw, dloss, logits, noisy, raw, active Array, a *Accumulator) {
	fit(1, dloss)
	l.check(logits, noisy, raw, active)
	if dnoisy.address != 0 {
		fit(logits.length, dnoisy)
		d.Clear(dnoisy)
	}
	slopes := a.slopes(d, dloss, l.Experts)
	defer d.Free(slopes)
	d.launch("slope_loads", blocks(logits.length), 1, dlogits, draw, slopes, l.thresholds, logits, noisy, raw, active,
		l.Rows, l.Experts)
}

func (l *Load) check(logits, noisy, raw, active Array) {
	if l.K < 1 || l.K > l.Experts {
		panic(ErrShape)
	}
	fit(l.Rows*l.Experts, logits, noisy, raw)
	fitOrNone(l.Rows, active)
}

// Entropy is kernel.Entropy on a device.
type Entropy struct {
	Groups, Rows, Experts int // Rows is the number of rows of a group

	probs  Array
	slopes Array // float64 [Groups, Experts], of the loss in the probabilities of a row
}

// Forward fills loss, a single entry, from logits [Groups·Rows, Experts]. active has an
// index for each row, 0 where it does not count; the zero Array says that all do.
func (n *Entropy) Forward(d *Device, loss, logits, active Array) {
	fit(1, loss)
	n.check(logits, active)
	rows := n.Groups * n.Rows
	d.Free(n.probs, n.slopes)
	n.probs, n.slopes = d.New(logits.length), d.newDoubles(n.Groups*n.Experts)
	d.launch("route_softly", blocks(rows), 1, n.probs, logits, active, rows, n.Experts)
	each, grain := parts(n.Rows)
	sums, all := d.newDoubles(n.Groups*each*(n.Experts+1)), d.newDoubles(n.Groups*(n.Experts+1))
	defer d.Free(sums, all)
	d.launch("sum_routes", n.Groups*each, ceil(n.Experts+1, lanes), sums, n.probs, active, n.Rows, grain, each, n.Experts)
	d.launch("entropy", 1, 1, loss, n.slopes, all, sums, n.Groups, each, n.Experts)
}

// Backward computes the gradient of the logits from that of the loss, after Forward with
// the same arguments.
func (n *Entropy) Backward(d *Device, dlogits, dloss, logits, active Array) {
	fit(1, dloss)
	n.check(logits, active)
	if dlogits.address == 0 {
		return
	}
	fit(logits.length, dlogits)
	rows := n.Groups * n.Rows
	d.launch("slope_entropy", blocks(rows), 1, dlogits, dloss, n.slopes, n.probs, rows, n.Rows, n.Experts)
}

func (n *Entropy) check(logits, active Array) {
	fit(n.Groups*n.Rows*n.Experts, logits)
	fitOrNone(n.Groups*n.Rows, active)
}

// fitOrNone is fit for arrays that may be the zero Array.
func fitOrNone(n int, arrays ...Array) {
	for _, a := range arrays {
		if a.address != 0 {
			fit(n, a)
		}
	}
}
