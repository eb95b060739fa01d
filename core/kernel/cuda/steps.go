//go:build gpu

package cuda

import (
	"math"

	"github.com/fusemoe/fusemoe/core/kernel"
)

// Unfold is kernel.Unfold on a device: the last Taps steps of each step side by side.
type Unfold struct{ Samples, Steps, Width, Taps int }

// Forward fills y [Samples·Steps, Taps·Width] from x [Samples·Steps, Width].
func (u *Unfold) Forward(d *Device, y, x Array) {
	u.check(y, x)
	d.launch("unfold", blocks(y.length), 1, y, x, u.Samples*u.Steps, u.Steps, u.Width, u.Taps)
}

// Backward fills dx.
func (u *Unfold) Backward(d *Device, dx, dy Array) {
	if dx.address != 0 {
		u.check(dy, dx)
		d.launch("unfold_slopes", blocks(dx.length), 1, dx, dy, u.Samples*u.Steps, u.Steps, u.Width, u.Taps)
	}
}

func (u *Unfold) check(y, x Array) {
	fit(u.Samples*u.Steps*u.Width, x)
	fit(x.length*u.Taps, y)
}

// MaxSteps is kernel.MaxSteps on a device: the maximum over the steps of each sample.
type MaxSteps struct{ Samples, Steps, Width int }

// Forward fills y [Samples, Width] from x [Samples·Steps, Width].
func (m *MaxSteps) Forward(d *Device, y, x Array) {
	m.check(y, x)
	d.launch("max_steps", blocks(y.length), 1, y, x, m.Samples, m.Steps, m.Width)
}

// Backward fills dx: the first step that reaches the maximum gets the gradient.
func (m *MaxSteps) Backward(d *Device, dx, dy, x Array) {
	if dx.address != 0 {
		m.check(dy, x)
		fit(x.length, dx)
		d.launch("max_steps_slopes", blocks(dy.length), 1, dx, dy, x, m.Samples, m.Steps, m.Width)
	}
}

func (m *MaxSteps) check(y, x Array) {
	fit(m.Samples*m.Width, y)
	fit(y.length*m.Steps, x)
}

// StepPooling is kernel.StepPooling on a device: one vector of the steps of each modality.
type StepPooling struct {
	Kind kernel.Pooling

	Modalities, Samples, Steps, Width int
}

// Forward fills h [Samples, Modalities·Width] from x [Modalities·Samples·Steps, Width] and,
// for attention alone, q [Modalities, Width].
func (s *StepPooling) Forward(d *Device, h, x, q Array) {
	s.check(h, x, q)
	weights := s.weigh(d, x, q)
	defer d.Free(weights)
	d.launch("pool_steps", s.Modalities*s.Samples, 1, h, x, weights, int(s.Kind), s.Modalities, s.Samples, s.Steps, s.Width)
}

// Backward fills the wanted of dx and dq. It needs no Forward before it.
func (s *StepPooling) Backward(d *Device, dx, dq, dh, x, q Array) {
	s.check(dh, x, q)
	fitOrNone(x.length, dx)
	fitOrNone(s.Modalities*s.Width, dq)
	pairs := s.Modalities * s.Samples
	if s.Kind != kernel.AttentionSteps {
		if dx.address != 0 {
			d.launch("spread_steps", pairs, 1, dx, dh, int(s.Kind), s.Modalities, s.Samples, s.Steps, s.Width)
		}
		return
	}
	weights := s.weigh(d, x, q)
	slopes, dqueries := d.New(pairs*s.Steps), d.New(pairs*s.Width)
	defer d.Free(weights, slopes, dqueries)
	d.launch("attend_slopes", pairs, 1, dx, dqueries, slopes, dh, x, q, weights,
		s.Modalities, s.Samples, s.Steps, s.Width, s.root())
	if dq.address != 0 {
		d.sumRows(dq, dqueries, s.Modalities, s.Samples, s.Width)
	}
}

// weigh is what attention makes of each step, and nothing for the other poolings.
func (s *StepPooling) weigh(d *Device, x, q Array) Array {
	if s.Kind != kernel.AttentionSteps {
		return Array{}
	}
	pairs := s.Modalities * s.Samples
	weights := d.New(pairs * s.Steps)
	d.launch("weigh_steps", pairs, 1, weights, x, q, s.Samples, s.Steps, s.Width, s.root())
	return weights
}

func (s *StepPooling) root() float32 { return float32(1 / math.Sqrt(float64(s.Width))) }

func (s *StepPooling) check(h, x, q Array) {
	fit(s.Modalities*s.Samples*s.Width, h)
	fit(h.length*s.Steps, x)
	if s.Kind == kernel.AttentionSteps {
		fit(s.Modalities*s.Width, q)
	}
}
