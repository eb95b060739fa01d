//go:build gpu

package cuda

import (
	"fmt"
	"testing"

	"github.com/fusemoe/fusemoe/core/kernel"
	"github.com/fusemoe/fusemoe/core/kernel/kerneltest"
)

// twin is an operation on the processor, in float64, and on the device.
type twin struct {
	name   string
	inputs []int // their lengths
	size   int   // of the result

	forward    func(y []float64, in [][]float64)
	backward   func(din [][]float64, dy []float64, in [][]float64)
	onForward  func(d *Device, y Array, in []Array)
	onBackward func(d *Device, din []Array, dy Array, in []Array)
}

// check holds both to the same results and gradients, twice, and leaves out the gradient of
// each input once.
func (w twin) check(t *testing.T, d *Device) {
	var in, din []Array
	var in64, din64 [][]float64
	for i, n := range w.inputs {
		x, x64 := both(d, n, 1, uint64(i+1))
		in, in64 = append(in, x), append(in64, x64)
		din, din64 = append(din, d.New(n)), append(din64, make([]float64, n))
	}
	y, y64 := d.New(w.size), make([]float64, w.size)
	dy, dy64 := both(d, w.size, 1, 99)
	w.forward(y64, in64)
	w.backward(din64, dy64, in64)
	for range 2 {
		w.onForward(d, y, in)
		near(t, w.name, d, y, y64)
		w.onBackward(d, din, dy, in)
		for i := range din {
			near(t, fmt.Sprint(w.name, ": gradient ", i), d, din[i], din64[i])
		}
	}
	for i := range din {
		wanted := append([]Array{}, din...)
		wanted[i] = Array{}
		w.onForward(d, y, in)
		w.onBackward(d, wanted, dy, in)
		wanted[i] = din[i].Slice(0, w.inputs[i]-1)
		if got := panicOf(func() { w.onBackward(d, wanted, dy, in) }); got != ErrShape {
			t.Errorf("%s: gradient %d is too short: got %v", w.name, i, got)
		}
	}
}

// panicOf is what f panics with, nil for nothing.
func panicOf(f func()) (with any) {
	defer func() { with = recover() }()
	f()
	return nil
}

func linearTwin(groups, rows, in, out int) twin {
	k := kernel.Linear[float64]{Groups: groups, Rows: rows, In: in, Out: out}
	on := Linear{Groups: groups, Rows: rows, In: in, Out: out}
	return twin{
		name: fmt.Sprint("linear ", groups, rows, in, out), inputs: []int{groups * rows * in, groups * in * out, groups * out}, size: groups * rows * out,
		forward: func(y []float64, in [][]float64) { k.Forward(nil, y, in[0], in[1], in[2]) },
		backward: func(din [][]float64, dy []float64, in [][]float64) {
			k.Backward(nil, din[0], din[1], din[2], dy, in[0], in[1])
		},
		onForward: func(d *Device, y Array, in []Array) { on.Forward(d, y, in[0], in[1], in[2]) },
		onBackward: func(d *Device, din []Array, dy Array, in []Array) {
			on.Backward(d, din[0], din[1], din[2], dy, in[0], in[1])
		},
	}
}

func normTwin(groups, rows, width int) twin {
	k := kernel.LayerNorm[float64]{Groups: groups, Rows: rows, Width: width, Eps: 1e-5}
	on := LayerNorm{Groups: groups, Rows: rows, Width: width, Eps: 1e-5}
	return twin{
		name: fmt.Sprint("layer norm ", groups, rows, width), inputs: []int{groups * rows * width, groups * width, groups * width}, size: groups * rows * width,
		forward: func(y []float64, in [][]float64) { k.Forward(nil, y, in[0], in[1], in[2]) },
		backward: func(din [][]float64, dy []float64, in [][]float64) {
			k.Backward(nil, din[0], din[1], din[2], dy, in[0], in[1])
		},
		onForward: func(d *Device, y Array, in []Array) { on.Forward(d, y, in[0], in[1], in[2]) },
		onBackward: func(d *Device, din []Array, dy Array, in []Array) {
			on.Backward(d, din[0], din[1], din[2], dy, in[0], in[1])
		},
	}
}

func attentionTwin(sequences, steps, heads, width int) twin {
	k := kernel.SelfAttention[float64]{Sequences: sequences, Steps: steps, Heads: heads, Width: width}
	on := SelfAttention{Sequences: sequences, Steps: steps, Heads: heads, Width: width}
	n := sequences * steps * width
	return twin{
		name: fmt.Sprint("self-attention ", sequences, steps, heads, width), inputs: []int{3 * n}, size: n,
		forward:    func(y []float64, in [][]float64) { k.Forward(nil, y, in[0]) },
		backward:   func(din [][]float64, dy []float64, in [][]float64) { k.Backward(nil, din[0], dy, in[0]) },
		onForward:  func(d *Device, y Array, in []Array) { on.Forward(d, y, in[0]) },
		onBackward: func(d *Device, din []Array, dy Array, in []Array) { on.Backward(d, din[0], dy, in[0]) },
	}
}

func dropTwins(size int, rate float64, training bool) []twin {
	const key = 0xfeedfacecafebeef
	drop, onDrop := kernel.Dropout[float64]{Size: size, Rate: rate}, Dropout{Size: size, Rate: rate}
	residual, onResidual := kernel.Residual[float64]{Size: size, Rate: rate}, Residual{Size: size, Rate: rate}
	return []twin{
		{
			name: fmt.Sprint("dropout ", size, rate, training), inputs: []int{size}, size: size,
			forward:    func(y []float64, in [][]float64) { drop.Forward(nil, y, in[0], key, training) },
			backward:   func(din [][]float64, dy []float64, _ [][]float64) { drop.Backward(nil, din[0], dy, key, training) },
			onForward:  func(d *Device, y Array, in []Array) { onDrop.Forward(d, y, in[0], key, training) },
			onBackward: func(d *Device, din []Array, dy Array, _ []Array) { onDrop.Backward(d, din[0], dy, key, training) },
		},
		{
			name: fmt.Sprint("residual ", size, rate, training), inputs: []int{size, size}, size: size,
			forward: func(y []float64, in [][]float64) { residual.Forward(nil, y, in[0], in[1], key, training) },
			backward: func(din [][]float64, dy []float64, _ [][]float64) {
				residual.Backward(nil, din[0], din[1], dy, key, training)
			},
			onForward: func(d *Device, y Array, in []Array) { onResidual.Forward(d, y, in[0], in[1], key, training) },
			onBackward: func(d *Device, din []Array, dy Array, _ []Array) {
				onResidual.Backward(d, din[0], din[1], dy, key, training)
			},
		},
	}
}

func columnTwins(groups, rows, width, every int) []twin {
	const key = 42
	aside, onAside := kernel.Columns[float64]{Groups: groups, Rows: rows, Width: width}, Columns{Groups: groups, Rows: rows, Width: width}
	add := kernel.AddColumns[float64]{Groups: groups, Rows: rows, Width: width, Rate: 0.3, Every: every}
	onAdd := AddColumns{Groups: groups, Rows: rows, Width: width, Rate: 0.3, Every: every}
	n := groups * rows * width
	return []twin{
		{
			name: fmt.Sprint("columns ", groups, rows, width), inputs: []int{n}, size: n,
			forward:    func(y []float64, in [][]float64) { aside.Forward(nil, y, in[0]) },
			backward:   func(din [][]float64, dy []float64, _ [][]float64) { aside.Backward(nil, din[0], dy) },
			onForward:  func(d *Device, y Array, in []Array) { onAside.Forward(d, y, in[0]) },
			onBackward: func(d *Device, din []Array, dy Array, _ []Array) { onAside.Backward(d, din[0], dy) },
		},
		{
			name: fmt.Sprint("add columns ", groups, rows, width), inputs: []int{n, n}, size: n,
			forward:    func(y []float64, in [][]float64) { add.Forward(nil, y, in[0], in[1], key, true) },
			backward:   func(din [][]float64, dy []float64, _ [][]float64) { add.Backward(nil, din[0], din[1], dy, key, true) },
			onForward:  func(d *Device, y Array, in []Array) { onAdd.Forward(d, y, in[0], in[1], key, true) },
			onBackward: func(d *Device, din []Array, dy Array, _ []Array) { onAdd.Backward(d, din[0], din[1], dy, key, true) },
		},
	}
}

func activationTwin(kind kernel.Activation) twin {
	const size = 1001
	k, on := kernel.Activate[float64]{Kind: kind, Size: size}, Activate{Kind: kind, Size: size}
	return twin{
		name: fmt.Sprint("activation ", kind), inputs: []int{size}, size: size,
		forward:    func(y []float64, in [][]float64) { k.Forward(nil, y, in[0]) },
		backward:   func(din [][]float64, dy []float64, in [][]float64) { k.Backward(nil, din[0], dy, in[0]) },
		onForward:  func(d *Device, y Array, in []Array) { on.Forward(d, y, in[0]) },
		onBackward: func(d *Device, din []Array, dy Array, in []Array) { on.Backward(d, din[0], dy, in[0]) },
	}
}

func blendTwin(level kernel.Level, gates int) twin {
	k := kernel.Blend[float64]{Samples: 5, Steps: 7, Width: 33, Level: level}
	on := Blend{Samples: 5, Steps: 7, Width: 33, Level: level}
	const n = 5 * 7 * 33
	return twin{
		name: fmt.Sprint("blend ", level), inputs: []int{n, n, gates}, size: n,
		forward: func(y []float64, in [][]float64) { k.Forward(nil, y, in[0], in[1], in[2]) },
		backward: func(din [][]float64, dy []float64, in [][]float64) {
			k.Backward(nil, din[0], din[1], din[2], dy, in[0], in[1], in[2])
		},
		onForward: func(d *Device, y Array, in []Array) { on.Forward(d, y, in[0], in[1], in[2]) },
		onBackward: func(d *Device, din []Array, dy Array, in []Array) {
			on.Backward(d, din[0], din[1], din[2], dy, in[0], in[1], in[2])
		},
	}
}

func stepTwins() []twin {
	unfold, onUnfold := kernel.Unfold[float64]{Samples: 5, Steps: 7, Width: 9, Taps: 3}, Unfold{Samples: 5, Steps: 7, Width: 9, Taps: 3}
	highest, onHighest := kernel.MaxSteps[float64]{Samples: 5, Steps: 7, Width: 9}, MaxSteps{Samples: 5, Steps: 7, Width: 9}
	const n = 5 * 7 * 9
	return []twin{
		{
			name: "unfold", inputs: []int{n}, size: 3 * n,
			forward:    func(y []float64, in [][]float64) { unfold.Forward(nil, y, in[0]) },
			backward:   func(din [][]float64, dy []float64, _ [][]float64) { unfold.Backward(nil, din[0], dy) },
			onForward:  func(d *Device, y Array, in []Array) { onUnfold.Forward(d, y, in[0]) },
			onBackward: func(d *Device, din []Array, dy Array, _ []Array) { onUnfold.Backward(d, din[0], dy) },
		},
		{
			name: "maximum over steps", inputs: []int{n}, size: 5 * 9,
			forward:    func(y []float64, in [][]float64) { highest.Forward(nil, y, in[0]) },
			backward:   func(din [][]float64, dy []float64, in [][]float64) { highest.Backward(nil, din[0], dy, in[0]) },
			onForward:  func(d *Device, y Array, in []Array) { onHighest.Forward(d, y, in[0]) },
			onBackward: func(d *Device, din []Array, dy Array, in []Array) { onHighest.Backward(d, din[0], dy, in[0]) },
		},
	}
}

func poolingTwin(kind kernel.Pooling) twin {
	k := kernel.StepPooling[float64]{Kind: kind, Modalities: 3, Samples: 5, Steps: 7, Width: 33}
	on := StepPooling{Kind: kind, Modalities: 3, Samples: 5, Steps: 7, Width: 33}
	return twin{
		name: fmt.Sprint("pooling ", kind), inputs: []int{3 * 5 * 7 * 33, 3 * 33}, size: 3 * 5 * 33,
		forward:    func(y []float64, in [][]float64) { k.Forward(nil, y, in[0], in[1]) },
		backward:   func(din [][]float64, dy []float64, in [][]float64) { k.Backward(nil, din[0], din[1], dy, in[0], in[1]) },
		onForward:  func(d *Device, y Array, in []Array) { on.Forward(d, y, in[0], in[1]) },
		onBackward: func(d *Device, din []Array, dy Array, in []Array) { on.Backward(d, din[0], din[1], dy, in[0], in[1]) },
	}
}

func TestOperationsMatchThoseOfTheProcessor(t *testing.T) {
	all := []twin{
		linearTwin(1, 1, 1, 1), linearTwin(3, 65, 17, 33), linearTwin(2, 300, 31, 16),
		normTwin(1, 1, 1), normTwin(3, 65, 17), normTwin(2, 300, 128),
		attentionTwin(1, 1, 1, 1), attentionTwin(5, 7, 3, 33), attentionTwin(3, 48, 2, 64),
		activationTwin(kernel.ReLU), activationTwin(kernel.GELU), activationTwin(kernel.Sigmoid),
		blendTwin(kernel.PerFeature, 5*7*33), blendTwin(kernel.PerStep, 5*7), blendTwin(kernel.PerSample, 5),
		poolingTwin(kernel.AttentionSteps),
	}
	all = append(all, dropTwins(1001, 0.3, true)...)
	all = append(all, dropTwins(1001, 0.3, false)...)
	all = append(all, columnTwins(3, 5, 7, 0)...)
	all = append(all, columnTwins(2, 33, 64, 5)...)
	all = append(all, stepTwins()...)
	for _, w := range all {
		t.Run(w.name, func(t *testing.T) { onBoth(t, w.check) })
	}
}

// TestPoolingsWithoutQuery are those that have no second gradient.
func TestPoolingsWithoutQuery(t *testing.T) {
	d := device(t)
	for _, kind := range []kernel.Pooling{kernel.LastStep, kernel.MeanSteps} {
		w := poolingTwin(kind)
		x, x64 := both(d, w.inputs[0], 1, 1)
		dh, dh64 := both(d, w.size, 1, 2)
		h, h64, dx, dx64 := d.New(w.size), make([]float64, w.size), d.New(len(x64)), make([]float64, len(x64))
		w.forward(h64, [][]float64{x64, nil})
		w.backward([][]float64{dx64, nil}, dh64, [][]float64{x64, nil})
		w.onForward(d, h, []Array{x, {}})
		w.onBackward(d, []Array{dx, {}}, dh, []Array{x, {}})
		near(t, w.name, d, h, h64)
		near(t, w.name+": dx", d, dx, dx64)
	}
}

// TestDropoutIsThatOfTheProcessor holds the device to the same entries, bit by bit.
func TestDropoutIsThatOfTheProcessor(t *testing.T) {
	d := device(t)
	x := kerneltest.Random[float32](333, 1, 1)
	for _, last := range []kernel.LastOf{{}, {Width: 9, Every: 4}} {
		want, got := make([]float32, len(x)), make([]float32, len(x))
		k := kernel.Dropout[float32]{Size: len(x), Rate: 0.5, Last: last}
		k.Forward(nil, want, x, 7, true)
		y := d.New(len(x))
		(&Dropout{Size: len(x), Rate: 0.5, Last: last}).Forward(d, y, d.Upload(x), 7, true)
		if err := d.Store(got, y); err != nil {
			t.Fatal(err)
		}
		for i := range want {
			if got[i] != want[i] {
				t.Fatalf("%v: entry %d is %v, want %v", last, i, got[i], want[i])
			}
		}
	}
}
