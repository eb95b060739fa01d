// Package bench measures how close this machine comes to its own peak on the work of
// training: matrix products, the expert pass, attention over irregular times and a
// whole step.
//
//	report, err := bench.Run(ctx, bench.Options{})
//	err = report.WriteTable(os.Stdout)
//
// Other programs share the machine, so every run of some work follows a run of
// a probe that does nothing but multiply-adds and takes as long; medians are compared.
package bench

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"time"

	"github.com/fusemoe/fusemoe/core/kernel"
)

// Options say what is measured.
type Options struct {
	// Time is how long each piece of work is repeated, five times at least; 0 means
	// two seconds.
	Time time.Duration
	// Growth measures how the time of a training step grows, in place of the rest.
	Growth bool
	// Measuring, if not nil, is told the name of each piece of work as it begins, and its workers.
	Measuring func(work string)
}

// Report is what was measured.
type Report struct {
	Machine      Machine       `json:"machine"`
	Measurements []Measurement `json:"measurements,omitempty"`
	Growth       []Growth      `json:"growth,omitempty"`
}

// Machine is where it was measured.
type Machine struct {
	OS           string `json:"os"`
	Architecture string `json:"architecture"`
	// Kernel is the set of instructions that the kernels use.
	Kernel string `json:"kernel"`
	Go     string `json:"go"`
	// Workers is how many processors the pool has.
	Workers int `json:"workers"`
	// Peaks are the multiply-add rates in GFLOP/s of one worker and of all: medians of
	// all probes.
	Peaks []float64 `json:"peaks_gflops,omitempty"`
}

// Measurement is one piece of work. All figures but Best are medians over its runs.
type Measurement struct {
	Name    string  `json:"name"`
	Workers int     `json:"workers"`
	Runs    int     `json:"runs"`
	Seconds float64 `json:"seconds"`
	// Best is the quickest run: what the work takes where nothing else runs.
	Best float64 `json:"best_seconds"`
	// CPU is the processor time of a run, all threads together and waiting threads
	// included, 0 where the system does not tell. Other programs disturb it least.
	CPU float64 `json:"cpu_seconds"`
	// GFLOPs counts the matrix products that the work cannot do without, in GFLOP/s;
	// Peak is what the probe reached between its runs, Share the quotient.
	GFLOPs float64 `json:"gflops"`
	Peak   float64 `json:"peak_gflops"`
	Share  float64 `json:"share_of_peak"`
	// Rate is how many units, such as tokens, are done in a second; a matrix product
	// has none.
	Rate float64 `json:"rate,omitempty"`
	Unit string  `json:"unit,omitempty"`
}

// work is something that can be measured.
type work struct {
	name string
	// workers is the size of the pool that run expects.
	workers int
	// operations is the number of floating-point operations in the matrix products.
	operations float64
	items      int
	unit       string
	// repeat runs the work once after each call of next that gives true, and ends
	// after one that gives false.
	repeat func(ctx context.Context, p *kernel.Pool, next func() bool) error
}

// Run measures. An error is that of the context, or of a network that cannot be built.
func Run(ctx context.Context, o Options) (*Report, error) {
	path, err := kernel.Path()
	if err != nil {
		return nil, err
	}
	if o.Time == 0 {
		o.Time = 2 * time.Second
	}
	if o.Measuring == nil {
		o.Measuring = func(string) {}
	}
	r := &Report{Machine: Machine{
		OS: runtime.GOOS, Architecture: runtime.GOARCH, Kernel: path, Go: runtime.Version(),
		Workers: runtime.GOMAXPROCS(0),
	}}
	if o.Growth {
		return r, r.grow(ctx, o)
	}
	return r, r.measure(ctx, o)
}

// works builds each piece of work, products on one worker too. They are built one at a time,
// for their memory.
func works(all int) (builds []func() work) {
	for _, workers := range slices.Compact([]int{1, all}) {
		builds = append(builds, func() work { return product(2048, workers) })
	}
	return append(builds,
		func() work { return experts(3072, 128, 512, 16, 4, all) },
		func() work { return experts(3072, 512, 512, 16, 4, all) },
		func() work { return experts(96, 512, 512, 16, 4, all) },
		func() work { return attention(16, 200, 36, 8, 48, all) },
		func() work { return PhysioNet().step("training step", all) },
	)
}

// measure fills Measurements.
func (r *Report) measure(ctx context.Context, o Options) error {
	all := r.Machine.Workers
	probes := map[int][]float64{}
	for _, build := range works(all) {
		w := build()
		o.Measuring(fmt.Sprintf("%s, workers: %d", w.name, w.workers))
		m, peaks, err := w.measure(ctx, o.Time)
		if err != nil {
			return fmt.Errorf("bench: %s: %w", w.name, err)
		}
		r.Measurements = append(r.Measurements, m)
		probes[w.workers] = append(probes[w.workers], peaks...)
	}
	r.Machine.Peaks = []float64{median(probes[1]), median(probes[all])}
	return nil
}
