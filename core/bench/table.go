package bench

import (
	"fmt"
	"io"
	"strings"
)

// WriteTable writes the report for people.
func (r *Report) WriteTable(w io.Writer) error {
	var b strings.Builder
	m := r.Machine
	workers := "1 worker"
	if m.Workers != 1 {
		workers = fmt.Sprintf("%d workers", m.Workers)
	}
	fmt.Fprintf(&b, "%s/%s, kernels in %s, %s, %s\n", m.OS, m.Architecture, m.Kernel, workers, m.Go)
	if len(m.Peaks) == 2 {
		fmt.Fprintf(&b, "peak of multiply-adds: %.0f GFLOP/s with 1 worker", m.Peaks[0])
		if m.Workers != 1 {
			fmt.Fprintf(&b, ", %.0f with %d", m.Peaks[1], m.Workers)
		}
		b.WriteByte('\n')
	}
	if len(r.Measurements) > 0 {
		fmt.Fprintf(&b, "\n%-47s %7s %10s %10s %10s %8s %8s  %s\n",
			"work", "workers", "median", "best", "processor", "GFLOP/s", "of peak", "rate")
	}
	for _, m := range r.Measurements {
		line := fmt.Sprintf("%-47s %7d %7.2f ms %7.2f ms %7.2f ms %8.1f %6.0f %%",
			m.Name, m.Workers, 1e3*m.Seconds, 1e3*m.Best, 1e3*m.CPU, m.GFLOPs, 100*m.Share)
		if m.Unit != "" {
			line += fmt.Sprintf("  %.0f %s", m.Rate, m.Unit)
		}
		b.WriteString(line + "\n")
	}
	for _, g := range r.Growth {
		fmt.Fprintf(&b, "\n%s: time grows as the power %.2f\n", g.Of, g.Exponent)
		for i, size := range g.Sizes {
			fmt.Fprintf(&b, "%6d %9.2f ms a step", size, 1e3*g.Seconds[i])
			if i > 0 {
				fmt.Fprintf(&b, ", %.2f times the one before", g.Seconds[i]/g.Seconds[i-1])
			}
			b.WriteByte('\n')
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}
