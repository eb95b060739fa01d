package kernel

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// columnsCase is one head of one sample: rows and features, and a share of values that
// was observed.
type columnsCase struct {
	rows, lanes, features int
	share                 float64
}

var columnsCases = []columnsCase{
	{1, 16, 1, 1},
	{3, 32, 3, 0.5},
	{15, 48, 17, 0.3},
	{17, 64, 31, 0.1},
	{31, 80, 15, 0},
	{33, 112, 16, 0.9},
	{63, 128, 33, 0.2},
	{65, 48, 127, 0.05},
	{127, 144, 65, 0.2},
}

// keyDepth is how long the keys are.
const keyDepth = 5

// columnsInputs are the operands of all kernels over columns.
type columnsInputs[F Float] struct {
	n                    int
	x, w, grads, factors []F
	keys, queries        []F // keys of keyDepth entries, each with one more behind it
	list                 observations[F]
}

func (c columnsCase) inputs() *columnsInputs[float32] {
	r := rand.New(rand.NewPCG(uint64(c.rows), uint64(c.features)))
	normal := func(n int) []float32 {
		v := make([]float32, n)
		for i := range v {
			v[i] = float32(r.NormFloat64())
		}
		return v
	}
	in := &columnsInputs[float32]{
		n: c.lanes, x: normal(c.rows * c.lanes), w: normal(c.rows * c.lanes),
		grads: normal(2 * c.features * c.lanes), factors: normal(c.lanes),
		keys: normal(c.rows*(keyDepth+1) - 1), queries: normal(keyDepth * c.lanes),
	}
	for i, v := range in.w {
		in.w[i] = float32(math.Exp(float64(v)))
	}
	values, observed := normal(c.rows*c.features), make([]float32, c.rows*c.features)
	for i := range observed {
		if r.Float64() < c.share {
			observed[i] = 1
		}
	}
	in.list.find(values, observed, c.features)
	return in
}

// double is the same in float64.
func (in *columnsInputs[F]) double() *columnsInputs[float64] {
	list := func(from []observation[F]) (to []observation[float64]) {
		for _, v := range from {
			to = append(to, observation[float64]{v.at, float64(v.value)})
		}
		return to
	}
	return &columnsInputs[float64]{
		n: in.n, x: doubles(in.x), w: doubles(in.w), grads: doubles(in.grads), factors: doubles(in.factors),
		keys: doubles(in.keys), queries: doubles(in.queries),
		list: observations[float64]{
			byRow: list(in.list.byRow), byFeature: list(in.list.byFeature), row: in.list.row, feature: in.list.feature,
		},
	}
}

func doubles[F Float](x []F) []float64 {
	y := make([]float64, len(x))
	for i, v := range x {
		y[i] = float64(v)
	}
	return y
}

// run is every kernel over columns on a path, each with operands that the others give,
// as in the attention.
func (in *columnsInputs[F]) run(s path) map[string][]F {
	n, features := in.n, len(in.list.feature)-1
	weights, totals := make([]F, len(in.x)), make([]F, n)
	attendColumnsOn(s, weights, totals, in.keys, keyDepth+1, in.queries)
	sums := make([]F, 2*features*n)
	least := sumObservedOn(s, sums, in.w, &in.list, n)
	grads := slices.Clone(in.grads)
	least2 := quotientGradientsOn(s, grads, sums, n, 0.5)
	spread := slices.Clone(in.w)
	spreadObservedOn(s, spread, in.grads, &in.list, n)
	scores := slices.Clone(in.x)
	softmaxColumnsOn(s, scores, in.w, in.factors)
	return map[string][]F{
		"weights": weights, "totals": totals, "sums": sums, "least": {least, least2},
		"quotient gradients": grads, "spread": spread, "softmax": scores,
	}
}

// Every path gives what plain Go gives in float64, and the fast ones the same bits.
func TestColumnsMatchFloat64(t *testing.T) {
	for _, c := range columnsCases {
		in := c.inputs()
		want := in.double().run(generic)
		var fast map[string][]float32
		for _, s := range paths() {
			got := in.run(s)
			for name, w := range want {
				for i, v := range got[name] {
					if !(math.Abs(float64(v)-w[i]) <= 1e-4*(1+math.Abs(w[i]))) {
						t.Fatalf("%v, %v: %s[%d] is %v, want %v", s, c, name, i, v, w[i])
					}
				}
				if s != generic && fast != nil && !slices.Equal(got[name], fast[name]) {
					t.Errorf("%v, %v: %s differs from the other fast path", s, c, name)
				}
			}
			if s != generic {
				fast = got
			}
		}
	}
}

// Below the bound there is no gradient, and the smallest sum is told.
func TestColumnsFindWhatUnderflows(t *testing.T) {
	const n = 16
	for _, s := range paths() {
		sums, grads := make([]float32, 4*n), make([]float32, 4*n)
		for j := range n {
			sums[j], sums[n+j], sums[2*n+j], sums[3*n+j] = 2, 1, 3, 0.5
			grads[j], grads[2*n+j] = 1, 1
		}
		sums[3*n+5] = 0
		if least := quotientGradientsOn(s, grads, sums, n, 1e-30); least != 0 {
			t.Errorf("%v: the least is %v", s, least)
		}
		for j := range n {
			want := []float32{1, -2, 2, -6}
			if j == 5 {
				want[2], want[3] = 0, 0
			}
			if got := []float32{grads[j], grads[n+j], grads[2*n+j], grads[3*n+j]}; !slices.Equal(got, want) {
				t.Errorf("%v: lane %d has gradients %v, want %v", s, j, got, want)
			}
		}
	}
}

// The lists hold what was observed, in order, by row and by feature.
func TestObservations(t *testing.T) {
	var o observations[float32]
	o.find([]float32{9, 9, 9, 9, 9, 9}, []float32{1, 1, 1, 1, 1, 1}, 2) // leaves longer lists behind
	o.find([]float32{1, 0, 2, 3, 0, 4}, []float32{1, 0, 1, 1, 0, 1}, 3)
	if want := []observation[float32]{{0, 1}, {2, 2}, {0, 3}, {2, 4}}; !slices.Equal(o.byRow, want) {
		t.Errorf("by row: %v", o.byRow)
	}
	if want := []observation[float32]{{0, 1}, {1, 3}, {0, 2}, {1, 4}}; !slices.Equal(o.byFeature, want) {
		t.Errorf("by feature: %v", o.byFeature)
	}
	if !slices.Equal(o.row, []int32{0, 2, 4}) || !slices.Equal(o.feature, []int32{0, 2, 2, 4}) || o.seen(1) || !o.seen(2) {
		t.Errorf("they start at %v and %v", o.row, o.feature)
	}
}

// Sines on every path are those of float64 as far as the arguments' own rounding lets
// them, also where it takes many turns.
func TestSinesMatchFloat64(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 5))
	for _, scale := range []float32{1, 30, 1000, sincosRange / 4} {
		weight, bias := make([]float32, 67), make([]float32, 67)
		for i := range weight {
			weight[i], bias[i] = scale*float32(2*r.Float64()-1), scale*float32(2*r.Float64()-1)
		}
		var fast [2][]float32
		for _, s := range paths() {
			sin, cos := make([]float32, len(weight)), make([]float32, len(weight))
			sinesOn(s, sin, cos, weight, bias, []float32{0.75}, true)
			for i := range weight {
				x := float64(weight[i])*0.75 + float64(bias[i])
				// The argument is rounded in float32, on some paths before the sum too.
				tolerance := 1e-7 + 0x1p-23*(math.Abs(float64(weight[i]))+math.Abs(float64(bias[i])))
				if math.Abs(float64(sin[i])-math.Sin(x)) > tolerance || math.Abs(float64(cos[i])-math.Cos(x)) > tolerance {
					t.Fatalf("%v: sine and cosine of %v are %v and %v", s, x, sin[i], cos[i])
				}
			}
			if s != generic && fast[0] != nil && (!slices.Equal(sin, fast[0]) || !slices.Equal(cos, fast[1])) {
				t.Errorf("%v: differs from the other fast path", s)
			}
			if s != generic {
				fast = [2][]float32{sin, cos}
			}
		}
	}
}

// An argument that no rounding touches gives the sine to the last place.
func TestSinesAreExact(t *testing.T) {
	weight, sin, cos := make([]float32, 16), make([]float32, 16), make([]float32, 16)
	for _, s := range paths() {
		for i := -20_000; i <= 20_000; i += 16 {
			for j := range weight {
				weight[j] = float32(i+j) * 0.0731
			}
			sinesOn(s, sin, cos, weight, make([]float32, 16), []float32{1}, true)
			for j, w := range weight {
				wantSin, wantCos := math.Sincos(float64(w))
				if math.Abs(float64(sin[j])-wantSin) > 1e-7 || math.Abs(float64(cos[j])-wantCos) > 1e-7 {
					t.Fatalf("%v: sine and cosine of %v are %v and %v, want %v and %v", s, w, sin[j], cos[j], wantSin, wantCos)
				}
			}
		}
	}
}

// Rows of times are the same together and alone, and their gradients those of one row
// after the other.
func TestTimesInRows(t *testing.T) {
	const rows = 5
	for _, width := range []int{1, 3, 15, 16, 17, 31, 33, 63, 64, 65, 127} {
		weight, bias, times := normals32(width, 1), normals32(width, 2), normals32(rows, 3)
		grads, slopes := normals32(rows*width, 4), normals32(rows*width, 5)
		var fast []float32
		for _, s := range paths() {
			all, alone := make([]float32, 2*(rows+1)*width), make([]float32, 2*(rows+1)*width)
			split := func(x []float32) (sin, cos, sums, weighted []float32) {
				return x[:rows*width], x[rows*width:][:rows*width], x[2*rows*width:][:width], x[2*rows*width+width:]
			}
			sin, cos, sums, weighted := split(all)
			sinesOn(s, sin, cos, weight, bias, times, true)
			addSlopesOn(s, sums, weighted, grads, slopes, times)
			sin, cos, sums, weighted = split(alone)
			for r := range rows {
				from, to := r*width, (r+1)*width
				sinesOn(s, sin[from:to], cos[from:to], weight, bias, times[r:r+1], true)
				addSlopesOn(s, sums, weighted, grads[from:to], slopes[from:to], times[r:r+1])
			}
			if !slices.Equal(all, alone) {
				t.Errorf("%v: %d rows of %d differ from each row alone", s, rows, width)
			}
			if s != generic && fast != nil && !slices.Equal(all, fast) {
				t.Errorf("%v: rows of %d differ from the other fast path", s, width)
			}
			if s != generic {
				fast = all
			}
		}
	}
}

func BenchmarkColumns(b *testing.B) {
	c := columnsCase{rows: 200, lanes: 48, features: 36, share: 0.2}
	for _, s := range paths() {
		in := c.inputs()
		n, features := in.n, c.features
		sums, totals, grads := make([]float32, 2*features*n), make([]float32, n), slices.Clone(in.grads)
		for name, run := range map[string]func(){
			"weights":   func() { attendColumnsOn(s, in.x, totals, in.keys, keyDepth+1, in.queries) },
			"sums":      func() { sumObservedOn(s, sums, in.w, &in.list, n) },
			"quotients": func() { quotientGradientsOn(s, grads, sums, n, 0) },
			"spread":    func() { spreadObservedOn(s, in.x, in.grads, &in.list, n) },
		} {
			b.Run(fmt.Sprintf("%v/%s", s, name), func(b *testing.B) {
				for b.Loop() {
					run()
				}
			})
		}
	}
}
