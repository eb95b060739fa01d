package kernel_test

import (
	"math"
	"testing"

	"github.com/fusemoe/fusemoe/core/kernel"
	"github.com/fusemoe/fusemoe/core/kernel/kerneltest"
)

var nan = math.NaN()

// loss is one of the three with its labels and weights in place.
type loss struct {
	name     string
	logits   []float64
	want     float64
	forward  func(logits []float64) float64
	backward func(dlogits []float64, dloss float64, logits []float64)
}

func binary(name string, outputs int, want float64, logits, labels, weight []float64) loss {
	l := &kernel.BinaryCrossEntropy[float64]{Samples: len(labels) / outputs, Outputs: outputs}
	return loss{
		name: "binary, " + name, logits: logits, want: want,
		forward: func(z []float64) float64 { return l.Forward(nil, z, labels, weight) },
		backward: func(dz []float64, d float64, z []float64) {
			l.Backward(nil, dz, d, z, labels, weight)
		},
	}
}

func softmax(name string, want float64, logits, labels, weight []float64) loss {
	l := &kernel.SoftmaxCrossEntropy[float64]{Samples: len(labels), Classes: len(logits) / len(labels)}
	return loss{
		name: "softmax, " + name, logits: logits, want: want,
		forward: func(z []float64) float64 { return l.Forward(nil, z, labels, weight) },
		backward: func(dz []float64, d float64, z []float64) {
			l.Backward(nil, dz, d, z, labels, weight)
		},
	}
}

func squared(name string, want float64, predictions, labels []float64) loss {
	l := &kernel.SquaredError[float64]{Samples: len(labels), Outputs: 1}
	return loss{
		name: "squared, " + name, logits: predictions, want: want,
		forward: func(z []float64) float64 { return l.Forward(nil, z, labels) },
		backward: func(dz []float64, d float64, z []float64) {
			l.Backward(nil, dz, d, z, labels)
		},
	}
}

func losses() []loss {
	log := math.Log
	return []loss{
		binary("even odds", 1, log(2), []float64{0, 0}, []float64{0, 1}, nil),
		binary("unknown labels", 2, (log(2)+log(1+math.Exp(-3)))/2,
			[]float64{0, 5, 5, 3}, []float64{1, nan, nan, 1}, nil),
		binary("weighted positives", 2, (3*log(2)+log(2)+3*log(2)+2*log(2))/4,
			[]float64{0, 0, 0, 0}, []float64{1, 0, 1, 1}, []float64{3, 2}),
		binary("far off", 1, 400, []float64{-800, 800}, []float64{1, 1}, nil),
		binary("nothing known", 2, 0, []float64{1, 2}, []float64{nan, nan}, nil),
		softmax("even odds", log(3), []float64{1, 1, 1}, []float64{2}, nil),
		softmax("unknown labels", log(1+math.Exp(-2)), []float64{2, 0, 9, 9}, []float64{0, nan}, nil),
		softmax("weighted classes", (log(2)+5*log(2))/2, []float64{0, 0, 0, 0}, []float64{0, 1}, []float64{1, 5}),
		softmax("far off", 1000, []float64{-500, 500}, []float64{0}, nil),
		softmax("nothing known", 0, []float64{1, 2}, []float64{nan}, nil),
		squared("unknown labels", (1.0+4)/2, []float64{1, 7, 3}, []float64{2, nan, 1}),
		squared("nothing known", 0, []float64{1}, []float64{nan}),
	}
}

func TestLosses(t *testing.T) {
	for _, l := range losses() {
		t.Run(l.name, func(t *testing.T) {
			if got := l.forward(l.logits); math.Abs(got-l.want) > 1e-12 {
				t.Errorf("loss %v, want %v", got, l.want)
			}
			const dloss = 1.5
			dlogits := garbage[float64](len(l.logits))
			l.backward(dlogits, dloss, l.logits)
			kerneltest.CheckGradients(t, func() float64 { return dloss * l.forward(l.logits) },
				[][]float64{l.logits}, [][]float64{dlogits})
			l.backward(nil, dloss, l.logits)
		})
	}
}

func TestLossesWorkers(t *testing.T) {
	const samples, outputs = 1023, 5
	z := kerneltest.Random[float32](samples*outputs, 2, 1)
	labels, classes := make([]float32, len(z)), make([]float32, samples)
	for i := range labels {
		labels[i] = float32(i * i % 2)
		if i%7 == 0 {
			labels[i] = float32(nan)
		}
	}
	for i := range classes {
		classes[i] = float32(i % outputs)
	}
	b := kernel.BinaryCrossEntropy[float32]{Samples: samples, Outputs: outputs}
	c := kernel.SoftmaxCrossEntropy[float32]{Samples: samples, Classes: outputs}
	r := kernel.SquaredError[float32]{Samples: samples, Outputs: outputs}
	sameForAnyWorkers(t, func(p *kernel.Pool) [][]float32 {
		db, dc, dr := garbage[float32](len(z)), garbage[float32](len(z)), garbage[float32](len(z))
		b.Backward(p, db, 1, z, labels, nil)
		c.Backward(p, dc, 1, z, classes, nil)
		r.Backward(p, dr, 1, z, labels)
		values := []float32{b.Forward(p, z, labels, nil), c.Forward(p, z, classes, nil), r.Forward(p, z, labels)}
		return [][]float32{db, dc, dr, values}
	})
}

// A class that does not exist is a bug of the caller.
func TestSoftmaxCrossEntropyRejectsAnUnknownClass(t *testing.T) {
	l := kernel.SoftmaxCrossEntropy[float64]{Samples: 1, Classes: 2}
	panicsOnShape(t, func() { l.Forward(nil, []float64{0, 0}, []float64{2}, nil) })
}
