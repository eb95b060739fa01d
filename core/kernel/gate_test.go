package kernel_test

import (
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/fusemoe/fusemoe/core/kernel"
	"github.com/fusemoe/fusemoe/core/kernel/kerneltest"
)

var gates = []kernel.Gate{kernel.Softmax, kernel.Laplace, kernel.Gaussian}

func TestGateNames(t *testing.T) {
	for _, g := range gates {
		if got, err := kernel.ParseGate(g.String()); err != nil || got != g {
			t.Errorf("ParseGate(%q) = %v, %v", g, got, err)
		}
	}
	if _, err := kernel.ParseGate("Softmax"); err == nil || !strings.Contains(err.Error(), `"Softmax"`) {
		t.Errorf("error %v does not name the gate", err)
	}
}

// score is the logit of one row and one expert as its formula says.
func score(kind kernel.Gate, x, w []float64, bias float64) float64 {
	product, square := 0.0, 0.0
	for i := range x {
		product += x[i] * w[i]
		square += (x[i] - w[i]) * (x[i] - w[i])
	}
	switch kind {
	case kernel.Laplace:
		return -math.Sqrt(square)
	case kernel.Gaussian:
		return -square
	}
	return product + bias
}

// biasFor is a bias where the gate has one.
func biasFor[F kernel.Float](kind kernel.Gate, n int) []F {
	if kind != kernel.Softmax {
		return nil
	}
	return kerneltest.Random[F](n, 1, 9)
}

func TestGateLogitsMatchTheirDefinition(t *testing.T) {
	for _, kind := range gates {
		for _, width := range sizes {
			l := kernel.GateLogits[float64]{Kind: kind, Groups: 2, Rows: 3, Width: width, Experts: 5}
			x, w, bias := normals(6*width, 1), normals(10*width, 2), biasFor[float64](kind, 10)
			want := make([]float64, 30)
			for i := range want {
				r, e := i/5, i%5+i/15*5
				b := 0.0
				if bias != nil {
					b = bias[e]
				}
				want[i] = score(kind, x[r*width:][:width], w[e*width:][:width], b)
			}
			logits := garbage[float64](30)
			l.Forward(nil, logits, x, w, bias)
			near(t, kind.String()+name(width), logits, want, 1e-11)
		}
	}
}

func TestGateLogitsGradients(t *testing.T) {
	for _, kind := range gates {
		t.Run(kind.String(), func(t *testing.T) {
			const groups, rows, width, experts = 2, 67, 3, 2
			l := kernel.GateLogits[float64]{Kind: kind, Groups: groups, Rows: rows, Width: width, Experts: experts}
			x, w := normals(groups*rows*width, 1), normals(groups*experts*width, 2)
			bias := biasFor[float64](kind, groups*experts)
			dlogits, logits := normals(groups*rows*experts, 3), make([]float64, groups*rows*experts)
			dx, dw, dbias := garbage[float64](len(x)), garbage[float64](len(w)), garbage[float64](len(bias))
			l.Forward(nil, logits, x, w, bias)
			if bias == nil {
				dbias = nil
			}
			l.Backward(nil, dx, dw, dbias, dlogits, x, w, logits)
			kerneltest.CheckGradients(t, func() float64 {
				l.Forward(nil, logits, x, w, bias)
				return weighted(logits, dlogits)
			}, [][]float64{x, w, bias}, [][]float64{dx, dw, dbias})
		})
	}
}

func TestGateLogitsIgnoreWorkersAndOtherRows(t *testing.T) {
	for _, kind := range gates {
		const groups, rows, width, experts = 2, 131, 17, 5
		l := kernel.GateLogits[float32]{Kind: kind, Groups: groups, Rows: rows, Width: width, Experts: experts}
		x, w := kerneltest.Random[float32](groups*rows*width, 1, 1), kerneltest.Random[float32](groups*experts*width, 1, 2)
		bias, dlogits := biasFor[float32](kind, groups*experts), kerneltest.Random[float32](groups*rows*experts, 1, 3)
		logits := make([]float32, len(dlogits))
		sameForAnyWorkers(t, func(p *kernel.Pool) [][]float32 {
			dx, dw, dbias := make([]float32, len(x)), make([]float32, len(w)), make([]float32, groups*experts)
			l.Forward(p, logits, x, w, bias)
			l.Backward(p, dx, dw, dbias, dlogits, x, w, logits)
			return [][]float32{slices.Clone(logits), dx, dw, dbias}
		})
		one := kernel.GateLogits[float32]{Kind: kind, Groups: 1, Rows: 1, Width: width, Experts: experts}
		if bias != nil {
			bias = bias[:experts]
		}
		alone := make([]float32, experts)
		one.Forward(nil, alone, x[7*width:8*width], w[:experts*width], bias)
		if !slices.Equal(alone, logits[7*experts:8*experts]) {
			t.Errorf("%v: a row alone differs from the same row in company", kind)
		}
	}
}

func TestLaplaceGateBesideItsExpert(t *testing.T) {
	l := kernel.GateLogits[float32]{Kind: kernel.Laplace, Groups: 1, Rows: 2, Width: 33, Experts: 1}
	w := kerneltest.Random[float32](33, 3, 1)
	x := append(slices.Clone(w), w...) // row 0 is the expert, row 1 lies 1e-3 beside it
	x[33+4] += 0.001
	logits, dx, dw := garbage[float32](2), garbage[float32](66), garbage[float32](33)
	l.Forward(nil, logits, x, w, nil)
	distance := float64(x[33+4]) - float64(w[4])
	if logits[0] != 0 || math.Abs(float64(logits[1])+distance) > 1e-7 {
		t.Errorf("logits = %v, want 0 and %v", logits, -distance)
	}
	l.Backward(nil, dx, dw, nil, []float32{1, 0}, x, w, logits)
	for _, v := range append(dx, dw...) {
		if v != 0 {
			t.Fatalf("gradients %v %v at distance 0, want zeros", dx, dw)
		}
	}
}

// Whether all groups share a loop or have one each, the products are those of MatMul.
func TestGateLogitsTogetherMatchProducts(t *testing.T) {
	for _, l := range []kernel.GateLogits[float32]{
		{Groups: 3, Rows: 131, Width: 17, Experts: 5},
		{Groups: 2, Rows: 57, Width: 64, Experts: 33},
		{Groups: 2, Rows: 0, Width: 3, Experts: 2},
		{Groups: 2, Rows: 3000, Width: 95, Experts: 61}, // a loop each
	} {
		x := kerneltest.Random[float32](l.Groups*l.Rows*l.Width, 1, 1)
		w := kerneltest.Random[float32](l.Groups*l.Experts*l.Width, 1, 2)
		dy := kerneltest.Random[float32](l.Groups*l.Rows*l.Experts, 1, 3)
		sameForAnyWorkers(t, func(p *kernel.Pool) [][]float32 {
			y, dx, dw, db := garbage[float32](len(dy)), garbage[float32](len(x)), garbage[float32](len(w)), garbage[float32](l.Groups*l.Experts)
			l.Forward(p, y, x, w, nil)
			l.Backward(p, dx, dw, db, dy, x, w, y)
			for g := range l.Groups {
				xg, wg, dyg := x[g*l.Rows*l.Width:], w[g*l.Experts*l.Width:], dy[g*l.Rows*l.Experts:]
				want := make([]float32, l.Rows*l.Experts)
				kernel.MatMul(nil, kernel.NT, l.Rows, l.Experts, l.Width, xg, l.Width, wg, l.Width, want, l.Experts, false)
				sameProduct(t, "logits", y[g*l.Rows*l.Experts:], want)
				want = make([]float32, l.Rows*l.Width)
				kernel.MatMul(nil, kernel.NN, l.Rows, l.Width, l.Experts, dyg, l.Experts, wg, l.Width, want, l.Width, false)
				sameProduct(t, "dx", dx[g*l.Rows*l.Width:], want)
				want = make([]float32, l.Experts*l.Width)
				kernel.MatMul(nil, kernel.TN, l.Experts, l.Width, l.Rows, dyg, l.Experts, xg, l.Width, want, l.Width, false)
				sameProduct(t, "dw", dw[g*l.Experts*l.Width:], want)
			}
			l.Backward(p, nil, nil, db, dy, x, w, y)
			l.Backward(p, nil, dw, nil, dy, x, w, y)
			return [][]float32{y, dx, dw, db}
		})
	}
}
