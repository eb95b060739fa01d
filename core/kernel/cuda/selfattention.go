//go:build gpu

package cuda

import "math"

// SelfAttention is kernel.SelfAttention on a device. Width is a multiple of Heads.
type SelfAttention struct {
	Sequences, Steps, Heads, Width int

	weights Array // [Sequences, Heads, Steps, Steps]
}

// Forward computes y [Sequences·Steps, Width] from qkv [Sequences·Steps, 3·Width].
func (s *SelfAttention) Forward(d *Device, y, qkv Array) {
	s.check(y, qkv)
	d.Free(s.weights)
	s.weights = d.New(s.Sequences * s.Heads * s.Steps * s.Steps)
	d.launch("attend_heads", s.Sequences*s.Heads, 1, y, s.weights, qkv, s.Steps, s.Heads, s.Width, s.scale())
}

// Backward computes the gradient of qkv from that of y, after Forward with the same qkv.
func (s *SelfAttention) Backward(d *Device, dqkv, dy, qkv Array) {
	if dqkv.address == 0 {
		return
	}
	s.check(dy, qkv)
	fit(qkv.length, dqkv)
	slopes := d.New(s.weights.length)
	defer d.Free(slopes)
	d.launch("head_slopes", s.Sequences*s.Heads, 1, dqkv, slopes, dy, s.weights, qkv, s.Steps, s.Heads, s.Width, s.scale())
}

// Release gives the memory of the last pass back.
func (s *SelfAttention) Release(d *Device) {
	d.Free(s.weights)
	s.weights = Array{}
}

func (s *SelfAttention) scale() float32 {
	return float32(1 / math.Sqrt(float64(s.Width/s.Heads)))
}

func (s *SelfAttention) check(y, qkv Array) {
	if s.Width%s.Heads != 0 {
		panic(ErrShape)
	}
	fit(s.Sequences*s.Steps*s.Width, y)
	fit(3*y.length, qkv)
}
