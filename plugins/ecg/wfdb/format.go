package wfdb

import (
	"encoding/binary"
	"math"
)

// Format is how the samples of a file are stored, by its number in the specification.
type Format int

// layout is what a format is made of: blocks of so many samples in so many bytes.
type layout struct {
	samples, bytes int
	// part is the bytes of an incomplete block of that many samples.
	part [3]int
	// decode reads len(dst) samples of src, which has exactly their bytes.
	decode func(dst []int32, src []byte)
	// invalid marks a sample that was not recorded.
	invalid int32
	// bits of a sample in a compressed format, else 0.
	bits int
}

// formats are those that this package reads. Format 0 stands for a signal without samples.
var formats = map[Format]layout{
	0:   {invalid: math.MinInt16},
	8:   {samples: 1, bytes: 1, decode: decode8, invalid: math.MinInt32}, // any sample may be valid, this one never is
	16:  {samples: 1, bytes: 2, decode: decode16, invalid: math.MinInt16},
	24:  {samples: 1, bytes: 3, decode: decode24, invalid: -1 << 23},
	32:  {samples: 1, bytes: 4, decode: decode32, invalid: math.MinInt32},
	61:  {samples: 1, bytes: 2, decode: decode61, invalid: math.MinInt16},
	80:  {samples: 1, bytes: 1, decode: decode80, invalid: math.MinInt8},
	160: {samples: 1, bytes: 2, decode: decode160, invalid: math.MinInt16},
	212: {samples: 2, bytes: 3, part: [3]int{0, 2}, decode: decode212, invalid: -1 << 11},
	310: {samples: 3, bytes: 4, part: [3]int{0, 2, 4}, decode: decode310, invalid: -1 << 9},
	311: {samples: 3, bytes: 4, part: [3]int{0, 2, 3}, decode: decode311, invalid: -1 << 9},
	508: {bits: 8, invalid: math.MinInt8},
	516: {bits: 16, invalid: math.MinInt16},
	524: {bits: 24, invalid: -1 << 23},
}

// Invalid is the digital value of samples that were not recorded. Format 8 has none in the specification;
// this package uses the smallest int32 for it.
func (f Format) Invalid() int32 { return formats[f].invalid }

// size is the number of bytes of so many samples.
func (l *layout) size(samples int) int {
	return samples/l.samples*l.bytes + l.part[samples%l.samples]
}

// capacity is the number of samples that so many bytes hold.
func (l *layout) capacity(bytes int64) int64 {
	n := bytes / int64(l.bytes) * int64(l.samples)
	for k := 1; k < l.samples && int64(l.part[k]) <= bytes%int64(l.bytes); k++ {
		n++
	}
	return n
}

// decode8 reads differences to the sample before, which Read sums up for each signal.
func decode8(dst []int32, src []byte) {
	for i := range dst {
		dst[i] = int32(int8(src[i]))
	}
}

func decode16(dst []int32, src []byte) {
	for i := range dst {
		dst[i] = int32(int16(binary.LittleEndian.Uint16(src[2*i:])))
	}
}

func decode24(dst []int32, src []byte) {
	for i := range dst {
		dst[i] = int32(src[3*i]) | int32(src[3*i+1])<<8 | int32(int8(src[3*i+2]))<<16
	}
}

func decode32(dst []int32, src []byte) {
	for i := range dst {
		dst[i] = int32(binary.LittleEndian.Uint32(src[4*i:]))
	}
}

func decode61(dst []int32, src []byte) {
	for i := range dst {
		dst[i] = int32(int16(binary.BigEndian.Uint16(src[2*i:])))
	}
}

func decode80(dst []int32, src []byte) {
	for i := range dst {
		dst[i] = int32(src[i]) - 1<<7
	}
}

func decode160(dst []int32, src []byte) {
	for i := range dst {
		dst[i] = int32(binary.LittleEndian.Uint16(src[2*i:])) - 1<<15
	}
}

// decode212 reads pairs of 12 bits: the low byte of the first, the high halves of both, the low byte of
// the second.
func decode212(dst []int32, src []byte) {
	for i := range dst {
		b := src[i/2*3:]
		if i%2 == 0 {
			dst[i] = signed(uint32(b[0])|uint32(b[1])&0x0f<<8, 12)
		} else {
			dst[i] = signed(uint32(b[2])|uint32(b[1])&0xf0<<4, 12)
		}
	}
}

// decode310 reads triples of 10 bits: in each of two 16-bit words one sample above the lowest bit, and the
// third sample in the five highest bits of both.
func decode310(dst []int32, src []byte) {
	for i := range dst {
		b := src[i/3*4:]
		switch i % 3 {
		case 0:
			dst[i] = signed(uint32(b[0])>>1|uint32(b[1])&7<<7, 10)
		case 1:
			dst[i] = signed(uint32(b[2])>>1|uint32(b[3])&7<<7, 10)
		case 2:
			dst[i] = signed(uint32(b[1])>>3|uint32(b[3])>>3<<5, 10)
		}
	}
}

// decode311 reads triples of 10 bits, from the lowest bit of a 32-bit word upwards.
func decode311(dst []int32, src []byte) {
	for i := range dst {
		b := src[i/3*4:]
		switch i % 3 {
		case 0:
			dst[i] = signed(uint32(b[0])|uint32(b[1])&3<<8, 10)
		case 1:
			dst[i] = signed(uint32(b[1])>>2|uint32(b[2])&15<<6, 10)
		case 2:
			dst[i] = signed(uint32(b[2])>>4|uint32(b[3])&63<<4, 10)
		}
	}
}

// signed extends the sign of a number of so many bits.
func signed(x uint32, bits int) int32 { return int32(x<<(32-bits)) >> (32 - bits) }
