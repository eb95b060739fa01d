package wfdb_test

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/fusemoe/fusemoe/plugins/ecg/wfdb"
)

// encodings are the uncompressed formats but for 8, as the specification describes them: how many bits a
// sample has, and its bytes.
var encodings = map[wfdb.Format]struct {
	bits   int
	encode func(samples []int32) []byte
}{
	16: {16, each(func(b []byte, x int32) []byte { return binary.LittleEndian.AppendUint16(b, uint16(x)) })},
	24: {24, each(func(b []byte, x int32) []byte { return append(b, byte(x), byte(x>>8), byte(x>>16)) })},
	32: {32, each(func(b []byte, x int32) []byte { return binary.LittleEndian.AppendUint32(b, uint32(x)) })},
	61: {16, each(func(b []byte, x int32) []byte { return binary.BigEndian.AppendUint16(b, uint16(x)) })},
	80: {8, each(func(b []byte, x int32) []byte { return append(b, byte(x+128)) })},
	160: {16, each(func(b []byte, x int32) []byte {
		return binary.LittleEndian.AppendUint16(b, uint16(x+32768))
	})},
	212: {12, blocks(2, func(s []uint32) []byte {
		return []byte{byte(s[0]), byte(s[0]>>8&15 | s[1]>>8&15<<4), byte(s[1])}
	})},
	310: {10, blocks(3, func(s []uint32) []byte {
		return []byte{
			byte(s[0] << 1), byte(s[0]>>7&7 | s[2]&31<<3),
			byte(s[1] << 1), byte(s[1]>>7&7 | s[2]>>5&31<<3),
		}
	})},
	311: {10, blocks(3, func(s []uint32) []byte {
		return binary.LittleEndian.AppendUint32(nil, s[0]&1023|s[1]&1023<<10|s[2]&1023<<20)
	})},
}

func each(one func([]byte, int32) []byte) func([]int32) []byte {
	return func(samples []int32) (out []byte) {
		for _, x := range samples {
			out = one(out, x)
		}
		return out
	}
}

func blocks(size int, one func([]uint32) []byte) func([]int32) []byte {
	return func(samples []int32) (out []byte) {
		for i := 0; i < len(samples); i += size {
			block := make([]uint32, size)
			for j := range min(size, len(samples)-i) {
				block[j] = uint32(samples[i+j])
			}
			out = append(out, one(block)...)
		}
		return out
	}
}

// record is a file system with a record r of one signal.
func record(format string, frames int, data []byte) fstest.MapFS {
	header := fmt.Sprintf("r 1 250 %d\nr.dat %s\n", frames, format)
	return fstest.MapFS{"r.hea": {Data: []byte(header)}, "r.dat": {Data: data}}
}

func TestEveryFormatHoldsTheNumbersOfItsBits(t *testing.T) {
	for format, e := range encodings {
		t.Run(fmt.Sprint(format), func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) {
				low, high := int32(-1)<<(e.bits-1), int32(1<<(e.bits-1)-1)
				want := rapid.SliceOfN(rapid.Int32Range(low, high), 1, 20).Draw(t, "samples")
				r, err := wfdb.ReadFS(record(fmt.Sprint(format), len(want), e.encode(want)), "r")
				if err != nil {
					t.Fatal(err)
				}
				got, err := r.Digital(0)
				if diff := cmp.Diff(want, got); diff != "" || err != nil {
					t.Error(diff, err)
				}
			})
		})
	}
}

func TestFormat8HoldsDifferences(t *testing.T) {
	files := fstest.MapFS{
		"r.hea": {Data: []byte("r 2 250 3\nr.dat 8 200 12 0 100\nr.dat 8 200 12 0 -5\n")},
		"r.dat": {Data: []byte{0, 1, 127, 0xff, 0x80, 0}},
	}
	r, err := wfdb.ReadFS(files, "r")
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range [][]int32{{100, 227, 99}, {-4, -5, -5}} {
		if got, _ := r.Digital(i); !cmp.Equal(want, got) {
			t.Errorf("signal %d: %v, want %v", i, got, want)
		}
	}
}

// FuzzSamples decodes any bytes in any of the uncompressed formats, with any number of samples a frame and
// any skew.
func FuzzSamples(f *testing.F) {
	for _, format := range []uint16{8, 16, 24, 32, 61, 80, 160, 212, 310, 311} {
		f.Add(format, uint16(0), uint8(1), uint8(0), []byte{1, 2, 3, 250, 251, 252, 253, 254})
		f.Add(format, uint16(2), uint8(2), uint8(1), []byte{0x80, 0, 0x80, 0xff, 7, 0, 0, 0, 9, 9, 9, 9, 1, 1, 1, 1})
	}
	f.Fuzz(func(t *testing.T, format, frames uint16, perFrame, skew uint8, data []byte) {
		spec := fmt.Sprintf("%dx%d:%d", format, perFrame, skew)
		checkRecord(t, record(spec, int(frames), data))
	})
}

// FuzzFLAC decodes any bytes as a compressed file.
func FuzzFLAC(f *testing.F) {
	for i, format := range []uint16{508, 516, 524} {
		data, err := os.ReadFile(fmt.Sprintf("testdata/flacformats.d%d", i))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(format, uint16(499), data)
		f.Add(format, uint16(0), data[:len(data)/2])
	}
	f.Fuzz(func(t *testing.T, format, frames uint16, data []byte) {
		checkRecord(t, record(fmt.Sprint(format), int(frames), data))
	})
}

// FuzzSegments reads any header of a record with segments, the layout and the header of one of which are any too.
func FuzzSegments(f *testing.F) {
	data := []byte{1, 0, 2, 0, 3, 0, 4, 0, 5, 0, 6, 0, 7, 0, 8, 0}
	f.Add("r/2 1 250 8\ns 4\ns 4\n", "", "s 1 250 4\ns.dat 16\n", data)
	f.Add("r/3 2 250\nl 0\ns 4\n~ 3\n", "l 2 250 0\n~ 0 200 0 0 0 0 0 I\n~ 0 200 0 0 0 0 0 II\n", "s 1 250 4\ns.dat 16 200 16 0 1 10 0 II\n", data)
	f.Add("r 1 250 4\ns.dat 16x2:1+2\n", "", "", data)
	f.Fuzz(func(t *testing.T, header, layout, segment string, data []byte) {
		checkRecord(t, fstest.MapFS{
			"r.hea": file(header), "l.hea": file(layout), "s.hea": file(segment), "s.dat": {Data: data},
		})
	})
}

// checkRecord checks that a record is an *wfdb.Error or has all the samples that it promises.
func checkRecord(t *testing.T, files fstest.MapFS) {
	r, err := wfdb.ReadFS(files, "r")
	if err != nil {
		if _, ok := errors.AsType[*wfdb.Error](err); !ok {
			t.Errorf("%T: %v", err, err)
		}
		return
	}
	for i, s := range r.Signals {
		digital, err := r.Digital(i)
		if n := r.Frames * s.PerFrame; err != nil || len(digital) != n || len(r.Physical(i)) != n {
			t.Errorf("signal %d has %d samples of %d, %v", i, len(digital), n, err)
		}
	}
}
