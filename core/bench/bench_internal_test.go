package bench

import (
	"context"
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/fusemoe/fusemoe/core/kernel"
)

// Every piece of work runs, and its figures belong together.
func TestMeasure(t *testing.T) {
	defer goleak.VerifyNone(t)
	small := PhysioNet()
	small.Samples, small.Rows, small.Widths = 2, 3, []int{2, 1}
	for _, w := range []work{
		product(17, 1), product(17, 2), experts(9, 4, 5, 3, 2, 2), attention(2, 5, 3, 2, 4, 2),
		small.step("training step", 2),
	} {
		t.Run(w.name, func(t *testing.T) {
			m, probes, err := w.measure(t.Context(), time.Millisecond)
			if err != nil {
				t.Fatal(err)
			}
			if m.Runs < leastRuns || len(probes) != m.Runs || m.Workers != w.workers {
				t.Errorf("%d runs and %d probes with %d workers", m.Runs, len(probes), m.Workers)
			}
			if !(m.Best > 0 && m.Best <= m.Seconds && m.Peak > 0 && m.GFLOPs > 0) {
				t.Errorf("best %v, median %v, %v GFLOP/s of %v", m.Best, m.Seconds, m.GFLOPs, m.Peak)
			}
			if want := m.GFLOPs / m.Peak; m.Share != want || m.Rate != float64(w.items)/m.Seconds {
				t.Errorf("share %v, want %v; rate %v", m.Share, want, m.Rate)
			}
		})
	}
}

// On one processor, one worker is all workers, and nothing is measured twice.
func TestNoWorkIsMeasuredTwice(t *testing.T) {
	for _, c := range []struct{ workers, works int }{{1, 6}, {2, 7}, {8, 7}} {
		if got := len(works(c.workers)); got != c.works {
			t.Errorf("%d workers: %d pieces of work, want %d", c.workers, got, c.works)
		}
	}
	var got strings.Builder
	r := Report{Machine: Machine{OS: "linux", Architecture: "arm64", Kernel: "generic", Go: "go1", Workers: 1, Peaks: []float64{5, 5}}}
	const want = "linux/arm64, kernels in generic, 1 worker, go1\npeak of multiply-adds: 5 GFLOP/s with 1 worker\n"
	if err := r.WriteTable(&got); err != nil || got.String() != want {
		t.Errorf("%v\ngot:\n%s\nwant:\n%s", err, got.String(), want)
	}
}

func TestMeasureEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for _, w := range []work{product(3, 1), PhysioNet().step("training step", 1)} {
		if _, _, err := w.measure(ctx, time.Hour); !errors.Is(err, context.Canceled) {
			t.Errorf("%s: %v", w.name, err)
		}
	}
}

// The operations of a step are counted by hand for one modality of one value.
func TestTrainingOperations(t *testing.T) {
	w := PhysioNet()
	w.Widths, w.Samples, w.Rows = []int{1}, 1, 1
	c := &w.Config
	c.Steps, c.Width, c.TimeWidth, c.TimeHeads, c.Layers, c.Hidden = 2, 2, 2, 1, 1, 3
	c.Router.Experts, c.Router.TopK, c.Router.Hidden = 2, 1, 5
	const (
		times    = 1*2*2 + 2*1*(2+1*2*observedShare)
		encoder  = 2*2*1*2 + 2*2*(2*1+3*2)
		routed   = 4*2*2 + 2*2*2 + 2*2
		mixed    = 5*(2+2) + 2*2*3 // of the last step alone
		multiply = times + encoder + 2*routed + mixed
	)
	if got := w.operations(); got != 6*multiply {
		t.Errorf("%v operations, want %v", got, 6*multiply)
	}
}

func TestRunIsOneStepEach(t *testing.T) {
	w := PhysioNet()
	w.Samples, w.Rows, w.Widths = 1, 2, []int{1}
	for _, steps := range []int{0, 1, 3} {
		if err := w.Run(t.Context(), nil, steps); err != nil {
			t.Errorf("%d steps: %v", steps, err)
		}
	}
}

func TestExponent(t *testing.T) {
	for _, want := range []float64{0, 0.5, 1, 2} {
		sizes := []int{3, 6, 12, 24}
		var seconds []float64
		for _, n := range sizes {
			seconds = append(seconds, 7*math.Pow(float64(n), want))
		}
		if got := exponent(sizes, seconds); math.Abs(got-want) > 1e-12 {
			t.Errorf("exponent %v, want %v", got, want)
		}
	}
}

func TestProbeCountsAllWorkers(t *testing.T) {
	p := kernel.NewPool(2)
	defer p.Close()
	if rate, took := probe(p, 10); !(rate > 0) || took <= 0 {
		t.Errorf("%v GFLOP/s in %v", rate, took)
	}
}

func TestMedianIsTheLowerMiddle(t *testing.T) {
	if got := median([]float64{5, 1, 3, 2}); got != 2 {
		t.Errorf("median %v", got)
	}
}

func TestTable(t *testing.T) {
	r := Report{
		Machine: Machine{OS: "linux", Architecture: "amd64", Kernel: "avx2", Go: "go1", Workers: 2, Peaks: []float64{100, 200}},
		Measurements: []Measurement{
			{Name: "matrix product", Workers: 1, Seconds: 0.002, Best: 0.001, CPU: 0.0015, GFLOPs: 75, Peak: 100, Share: 0.75},
			{Name: "step", Workers: 2, Seconds: 0.1, Best: 0.1, CPU: 0.18, GFLOPs: 20, Peak: 200, Share: 0.1, Rate: 320, Unit: "samples/s"},
		},
		Growth: []Growth{{Of: "samples", Sizes: []int{1, 2}, Seconds: []float64{0.01, 0.02}, Exponent: 1}},
	}
	const want = `linux/amd64, kernels in avx2, 2 workers, go1
peak of multiply-adds: 100 GFLOP/s with 1 worker, 200 with 2

work                                            workers     median       best  processor  GFLOP/s  of peak  rate
matrix product                                        1    2.00 ms    1.00 ms    1.50 ms     75.0     75 %
step                                                  2  100.00 ms  100.00 ms  180.00 ms     20.0     10 %  320 samples/s

samples: time grows as the power 1.00
     1     10.00 ms a step
     2     20.00 ms a step, 2.00 times the one before
`
	var got strings.Builder
	if err := r.WriteTable(&got); err != nil || got.String() != want {
		t.Errorf("%v\ngot:\n%s\nwant:\n%s", err, got.String(), want)
	}
}
