package bench

import (
	"context"
	"slices"
	"time"

	"github.com/fusemoe/fusemoe/core/kernel"
)

const (
	// leastRuns is how many runs a median needs to shrug off two disturbed ones.
	leastRuns = 5
	// probeRounds of the shortest probe take about a millisecond: long against the
	// hand-over to a worker.
	probeRounds = 100_000
)

// measure runs the work for the given time, each run after a probe that takes about
// as long, so that other programs disturb both alike, and returns what the probes
// reached in GFLOP/s as well.
func (w *work) measure(ctx context.Context, limit time.Duration) (Measurement, []float64, error) {
	pool := kernel.NewPool(w.workers)
	defer pool.Close()
	var seconds, cpu, peaks []float64
	var start, end time.Time
	var clock cpuClock
	var cpuStart time.Duration
	rounds := probeRounds
	err := w.repeat(ctx, pool, func() bool {
		now := time.Now()
		switch {
		case start.IsZero(): // the first run fills scratch memory and caches
			start = now
			return true
		case end.IsZero():
			end = now.Add(limit)
		default:
			seconds = append(seconds, now.Sub(start).Seconds())
			cpu = append(cpu, (clock.now() - cpuStart).Seconds())
		}
		if len(seconds) >= leastRuns && now.After(end) {
			return false
		}
		last := now.Sub(start)
		clock.findThreads()
		rate, took := probe(pool, rounds)
		peaks = append(peaks, rate)
		rounds = max(probeRounds, int(float64(rounds)*last.Seconds()/took.Seconds()))
		cpuStart = clock.now()
		start = time.Now()
		return true
	})
	if err != nil {
		return Measurement{}, nil, err
	}
	m := Measurement{
		Name: w.name, Workers: w.workers, Runs: len(seconds),
		Seconds: median(seconds), Best: slices.Min(seconds), CPU: median(cpu), Peak: median(peaks), Unit: w.unit,
	}
	m.GFLOPs = w.operations / m.Seconds / 1e9
	m.Share = m.GFLOPs / m.Peak
	if w.items > 0 {
		m.Rate = float64(w.items) / m.Seconds
	}
	return m, peaks, nil
}

// probe is the multiply-add rate of all workers together, in GFLOP/s, and how long
// it took to find out.
func probe(p *kernel.Pool, rounds int) (rate float64, took time.Duration) {
	n := p.Workers()
	operations := make([]int, n)
	start := time.Now()
	p.For(n, 1, func(lo, _ int) { operations[lo] = kernel.MultiplyAdds(rounds) })
	took = time.Since(start)
	return float64(n*operations[0]) / took.Seconds() / 1e9, took
}

// median is the middle value, the lower of two.
func median(x []float64) float64 {
	sorted := slices.Sorted(slices.Values(x))
	return sorted[(len(sorted)-1)/2]
}
