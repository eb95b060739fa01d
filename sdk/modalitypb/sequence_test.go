package modalitypb_test

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/proto"
	"pgregory.net/rapid"

	"github.com/fusemoe/fusemoe/sdk/modalitypb"
)

func TestUnpackIsTheInverseOfPackSequence(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		dim := rapid.IntRange(1, 9).Draw(t, "dim")
		times := rapid.SliceOfN(rapid.Float64Range(-1e9, 1e9), 1, 12).Draw(t, "times")
		slices.Sort(times)
		n := len(times) * dim
		values := rapid.SliceOfN(rapid.Float32Range(-1e9, 1e9), n, n).Draw(t, "values")
		var observed []bool
		if rapid.Bool().Draw(t, "some missing") {
			observed = rapid.SliceOfN(rapid.Bool(), n, n).Draw(t, "observed")
		}

		x := modalitypb.PackSequence(times, values, observed)
		gotTimes, gotValues, gotObserved, err := x.Unpack(dim)
		if err != nil {
			t.Fatal(err)
		}
		want := slices.Clone(values)
		for i := range observed {
			if !observed[i] {
				want[i] = 0
			}
		}
		if diff := cmp.Diff(times, gotTimes); diff != "" {
			t.Error(diff)
		}
		if diff := cmp.Diff(want, gotValues); diff != "" {
			t.Error(diff)
		}
		if diff := cmp.Diff(observed, gotObserved); diff != "" {
			t.Error(diff)
		}
	})
}

func TestNoRowsIsTheEmptyMessage(t *testing.T) {
	x := modalitypb.PackSequence(nil, nil, nil)
	if !proto.Equal(x, &modalitypb.Sequence{}) {
		t.Errorf("got %v", x)
	}
	if err := x.Check(3); err != nil {
		t.Error(err)
	}
}

func TestCheckSaysWhatIsWrong(t *testing.T) {
	pack := modalitypb.PackSequence
	nan, inf := math.NaN(), float32(math.Inf(1))
	good := func() *modalitypb.Sequence {
		return modalitypb.PackSequence([]float64{0, 1}, []float32{1, 2, 3, 4}, []bool{true, true, true, true})
	}
	if err := good().Check(2); err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name string
		x    *modalitypb.Sequence
		want string
	}{
		{"not a number", pack([]float64{0}, []float32{1, float32(nan)}, nil), "value 1 of row 0 is not finite"},
		{"infinite", pack([]float64{0}, []float32{1, -inf}, nil), "value 1 of row 0 is not finite"},
		{"time not a number", pack([]float64{nan}, []float32{1, 2}, nil), "time of row 0"},
		{"time goes back", pack([]float64{1, 0}, []float32{1, 2, 3, 4}, nil), "time of row 1 is before"},
		{"too few times", changed(good(), func(x *modalitypb.Sequence) { x.Times = x.Times[:8] }), "8 bytes of times"},
		{"too few values", changed(good(), func(x *modalitypb.Sequence) { x.Values = x.Values[:8] }), "8 bytes of values"},
		{"too many bits", changed(good(), func(x *modalitypb.Sequence) { x.Observed = []byte{15, 0} }), "2 bytes"},
		{"padding set", changed(good(), func(x *modalitypb.Sequence) { x.Observed[0] = 0xff }), "after the last value"},
		{"invented value", changed(good(), func(x *modalitypb.Sequence) { x.Observed[0] = 7 }), "value 1 of row 1 is not 0"},
		{"rows that are not there", &modalitypb.Sequence{Length: math.MaxUint32}, "0 bytes of times"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if err := test.x.Check(2); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want an error with %q", err, test.want)
			}
		})
	}
}

// Values are looked at two at a time; each place of a pair, and what is left of one, counts.
func TestEveryValueIsLookedAt(t *testing.T) {
	for n := 1; n <= 9; n++ {
		for bad := range n {
			for _, v := range []float32{
				float32(math.NaN()), math.Float32frombits(0xffc00001), float32(math.Inf(1)), float32(math.Inf(-1)),
				math.MaxFloat32, -math.MaxFloat32, -1, 0,
			} {
				values := make([]float32, n)
				values[bad] = v
				wrong := v-v != 0
				err := modalitypb.PackSequence([]float64{0}, values, nil).Check(n)
				if want := fmt.Sprintf("value %d of row 0 is not finite", bad); wrong != (err != nil) || wrong && err.Error() != want {
					t.Errorf("%v as value %d of %d: got %v", v, bad, n, err)
				}
			}
		}
	}
}

func changed(x *modalitypb.Sequence, change func(*modalitypb.Sequence)) *modalitypb.Sequence {
	change(x)
	return x
}

// FuzzSequence checks that whatever a plugin sends is either refused or unpacks to
// exactly what it says.
func FuzzSequence(f *testing.F) {
	for _, x := range []*modalitypb.Sequence{
		{},
		{Length: 3},
		modalitypb.PackSequence([]float64{0, 2}, []float32{1, 2, 3, 4}, nil),
		modalitypb.PackSequence([]float64{0, 0}, []float32{1, 2, 3, 4}, []bool{true, false, false, true}),
	} {
		raw, err := proto.Marshal(x)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(raw, 2)
	}
	f.Fuzz(func(t *testing.T, raw []byte, dim int) {
		var x modalitypb.Sequence
		if proto.Unmarshal(raw, &x) != nil {
			return
		}
		times, values, observed, err := x.Unpack(dim)
		if err != nil {
			return
		}
		again := modalitypb.PackSequence(times, values, observed)
		if err := again.Check(dim); err != nil {
			t.Errorf("accepted once, refused when packed again: %v", err)
		}
		if len(times) != int(x.GetLength()) || len(values) != len(times)*dim {
			t.Errorf("%d times and %d values for length %d and dim %d", len(times), len(values), x.GetLength(), dim)
		}
	})
}
