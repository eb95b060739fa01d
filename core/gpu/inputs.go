//go:build gpu

package gpu

import (
	"github.com/fusemoe/fusemoe/core/kernel"
	"github.com/fusemoe/fusemoe/core/kernel/cuda"
	"github.com/fusemoe/fusemoe/core/op"
)

// mask is a mask that is read at each run.
type mask struct {
	device *cuda.Device
	read   func() []bool
	words  []int32
	on     cuda.Array
}

// mask is the zero Array where read is nil: everything is active.
func (p *program) mask(size int, read func() []bool) *mask {
	m := &mask{device: p.Device, read: read}
	if read != nil {
		m.words, m.on = make([]int32, size), p.take(size)
	}
	return m
}

func (m *mask) load() cuda.Array {
	if m.read == nil {
		return m.on
	}
	for i, v := range m.read() {
		m.words[i] = 0
		if v {
			m.words[i] = 1
		}
	}
	m.device.LoadInts(m.on, m.words)
	return m.on
}

// constant is memory that is filled once.
func (p *program) constant(x []float32) cuda.Array {
	if x == nil {
		return cuda.Array{}
	}
	a := p.take(len(x))
	p.Load(a, x)
	return a
}

// series is a ragged series, of another length in each run.
type series struct {
	on    cuda.Series
	start []int32
}

func (s *series) load(d *cuda.Device, from *kernel.Series[float32]) cuda.Series {
	s.free(d)
	s.start = s.start[:0]
	for _, v := range from.Start {
		s.start = append(s.start, int32(v))
	}
	s.on = cuda.Series{
		Width: from.Width, Start: d.New(len(s.start)), Times: d.Upload(from.Times), Values: d.Upload(from.Values),
	}
	d.LoadInts(s.on.Start, s.start)
	if from.Observed != nil {
		s.on.Observed = d.Upload(from.Observed)
	}
	return s.on
}

func (s *series) free(d *cuda.Device) {
	d.Free(s.on.Start, s.on.Times, s.on.Values, s.on.Observed)
	s.on = cuda.Series{}
}

// sums are the column sums of one balance loss on the device, which all programs share.
type sums struct {
	host *op.Accumulator
	on   cuda.Accumulator
	runs int
}

func (d *device) accumulator(host *op.Accumulator) *sums {
	s, ok := d.sums[host]
	if !ok {
		s = &sums{host: host}
		d.sums[host] = s
	}
	return s
}

// upToDate brings the sums to where a run begins.
func (s *sums) upToDate(d *cuda.Device) *cuda.Accumulator {
	switch runs := s.host.Runs(); {
	case runs == s.runs:
	case runs == 0:
		s.on.Reset(d)
	default:
		s.on.Carry(d)
	}
	s.runs = s.host.Runs()
	return &s.on
}
