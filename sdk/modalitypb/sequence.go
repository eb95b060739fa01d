package modalitypb

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
)

const (
	timeBytes  = 8 // float64
	valueBytes = 4 // float32
)

// PackSequence packs T times, T·D values, row by row, and what of them was observed:
// T·D flags, or nil for everything. Values that were not observed are packed as 0.
func PackSequence(times []float64, values []float32, observed []bool) *Sequence {
	if len(times) == 0 {
		return &Sequence{}
	}
	x := &Sequence{
		Length: uint32(len(times)),
		Times:  make([]byte, 0, timeBytes*len(times)),
		Values: make([]byte, valueBytes*len(values)),
	}
	for _, t := range times {
		x.Times = binary.LittleEndian.AppendUint64(x.Times, math.Float64bits(t))
	}
	if observed != nil {
		x.Observed = make([]byte, (len(values)+7)/8)
	}
	for i, v := range values {
		if observed != nil {
			if !observed[i] {
				continue
			}
			x.Observed[i/8] |= 1 << (i % 8)
		}
		binary.LittleEndian.PutUint32(x.Values[valueBytes*i:], math.Float32bits(v))
	}
	return x
}

// Unpack is the inverse of PackSequence for vectors of dim values. It checks first,
// as Check does.
func (x *Sequence) Unpack(dim int) (times []float64, values []float32, observed []bool, err error) {
	if err := x.Check(dim); err != nil {
		return nil, nil, nil, err
	}
	times = make([]float64, x.GetLength())
	for i := range times {
		times[i] = x.time(i)
	}
	values = make([]float32, len(times)*dim)
	for i := range values {
		values[i] = x.value(i)
	}
	if len(x.GetObserved()) > 0 {
		observed = make([]bool, len(values))
		for i := range observed {
			observed[i] = x.observed(i)
		}
	}
	return times, values, observed, nil
}

// Check tells whether x is a sequence of vectors of dim values as modality.proto
// promises them: of the right sizes, times ascending, everything finite, and 0 where
// nothing was observed.
func (x *Sequence) Check(dim int) error {
	rows, n := uint64(x.GetLength()), uint64(x.GetLength())*uint64(dim)
	bits := len(x.GetObserved())
	switch {
	case dim < 1:
		return fmt.Errorf("a sequence of vectors of %d values", dim)
	case uint64(len(x.GetTimes())) != timeBytes*rows:
		return fmt.Errorf("%d bytes of times, want %d for %d rows", len(x.GetTimes()), timeBytes*rows, rows)
	case uint64(len(x.GetValues())) != valueBytes*n:
		return fmt.Errorf("%d bytes of values, want %d for %d rows of %d", len(x.GetValues()), valueBytes*n, rows, dim)
	case bits > 0 && uint64(bits) != (n+7)/8:
		return fmt.Errorf("%d bytes of observed bits, want %d for %d rows of %d", bits, (n+7)/8, rows, dim)
	case bits > 0 && n%8 != 0 && x.Observed[bits-1]>>(n%8) != 0:
		return errors.New("observed bits set after the last value")
	}
	for i := range int(rows) {
		if t := x.time(i); math.IsNaN(t) || math.IsInf(t, 0) {
			return fmt.Errorf("the time of row %d is not finite", i)
		} else if i > 0 && t < x.time(i-1) {
			return fmt.Errorf("the time of row %d is before that of the row before", i)
		}
	}
	if bits == 0 && finite(x.GetValues()) {
		return nil
	}
	for i := range int(n) {
		v := x.value(i)
		if v-v != 0 { // NaN and both infinities, and nothing else
			return fmt.Errorf("value %d of row %d is not finite", i%dim, i/dim)
		}
		if bits > 0 && v != 0 && !x.observed(i) {
			return fmt.Errorf("value %d of row %d is not 0, yet not observed", i%dim, i/dim)
		}
	}
	return nil
}

// finite tells whether no float32 in b is NaN or infinite, two at a time: those have a full
// exponent, to which adding its lowest bit carries into the sign's place.
func finite(b []byte) bool {
	const exponent, lowest, sign = 0x7f800000_7f800000, 0x00800000_00800000, 0x80000000_80000000
	for ; len(b) >= 2*valueBytes; b = b[2*valueBytes:] {
		if (binary.LittleEndian.Uint64(b)&exponent+lowest)&sign != 0 {
			return false
		}
	}
	return len(b) == 0 || (binary.LittleEndian.Uint32(b)&(exponent>>32)+lowest>>32)&(sign>>32) == 0
}

func (x *Sequence) time(i int) float64 {
	return math.Float64frombits(binary.LittleEndian.Uint64(x.Times[timeBytes*i:]))
}

func (x *Sequence) value(i int) float32 {
	return math.Float32frombits(binary.LittleEndian.Uint32(x.Values[valueBytes*i:]))
}

func (x *Sequence) observed(i int) bool {
	return x.Observed[i/8]>>(i%8)&1 == 1
}
