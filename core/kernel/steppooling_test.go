package kernel_test

import (
	"math"
	"testing"

	"github.com/fusemoe/fusemoe/core/kernel"
	"github.com/fusemoe/fusemoe/core/kernel/kerneltest"
)

var poolings = []kernel.Pooling{kernel.LastStep, kernel.MeanSteps, kernel.AttentionSteps}

// naivePooling weighs each step as the pooling's definition says.
func naivePooling(s *kernel.StepPooling[float64], x, q []float64) []float64 {
	h := make([]float64, s.Samples*s.Modalities*s.Width)
	for m := range s.Modalities {
		for i := range s.Samples {
			weights, sum := make([]float64, s.Steps), 0.0
			at := func(t, c int) float64 { return x[((m*s.Samples+i)*s.Steps+t)*s.Width+c] }
			for t := range weights {
				switch s.Kind {
				case kernel.LastStep:
					weights[t] = float64(t / (s.Steps - 1))
				case kernel.MeanSteps:
					weights[t] = 1
				case kernel.AttentionSteps:
					var score float64
					for c := range s.Width {
						score += at(t, c) * q[m*s.Width+c]
					}
					weights[t] = math.Exp(score / math.Sqrt(float64(s.Width)))
				}
				sum += weights[t]
			}
			for c := range s.Width {
				for t, w := range weights {
					h[(i*s.Modalities+m)*s.Width+c] += w / sum * at(t, c)
				}
			}
		}
	}
	return h
}

func TestStepPooling(t *testing.T) {
	for _, kind := range poolings {
		t.Run(kind.String(), func(t *testing.T) {
			s := &kernel.StepPooling[float64]{Kind: kind, Modalities: 2, Samples: 3, Steps: 4, Width: 5}
			x, q := kerneltest.Random[float64](120, 1, 1), kerneltest.Random[float64](10, 1, 2)
			h, dh := garbage[float64](30), kerneltest.Random[float64](30, 1, 3)
			s.Forward(nil, h, x, q)
			near(t, "h", h, naivePooling(s, x, q), 1e-13)

			dx, dq := garbage[float64](120), garbage[float64](10)
			s.Backward(nil, dx, dq, dh, x, q)
			kerneltest.CheckGradients(t, func() float64 {
				s.Forward(nil, h, x, q)
				return weighted(h, dh)
			}, [][]float64{x, q}, [][]float64{dx, dq})
			s.Backward(nil, nil, nil, dh, x, q)
		})
	}
}

func TestStepPoolingWorkers(t *testing.T) {
	for _, kind := range poolings {
		x, q := kerneltest.Random[float32](3*17*15*33, 1, 1), kerneltest.Random[float32](3*33, 1, 2)
		sameForAnyWorkers(t, func(p *kernel.Pool) [][]float32 {
			s := &kernel.StepPooling[float32]{Kind: kind, Modalities: 3, Samples: 17, Steps: 15, Width: 33}
			h, dx, dq := garbage[float32](17*3*33), garbage[float32](len(x)), garbage[float32](len(q))
			s.Forward(p, h, x, q)
			s.Backward(p, dx, dq, h, x, q)
			return [][]float32{h, dx, dq}
		})
	}
}

func TestParsePooling(t *testing.T) {
	for _, kind := range poolings {
		if got, err := kernel.ParsePooling(kind.String()); err != nil || got != kind {
			t.Errorf("%v comes back as %v, %v", kind, got, err)
		}
	}
	if _, err := kernel.ParsePooling("median"); err == nil {
		t.Error("an unknown pooling passed")
	}
}
