package report

import (
	"encoding/json"
	"fmt"
	"io"
	"math"

	"github.com/jedib0t/go-pretty/v6/table"

	"github.com/fusemoe/fusemoe/core/eval"
)

// Comparison is how the second of two runs differs from the first in one task.
type Comparison struct {
	// A and B are the paths of the runs, SeedsA and SeedsB how many trainings each has.
	A, B           string
	SeedsA, SeedsB int
	Task           string
	// Samples is how many samples both have; LeftOut how many only the larger one has.
	Samples, LeftOut int
	Differences      []eval.Difference
}

// WriteComparisons writes comparisons as tables: for each metric both values, the difference of the second
// from the first with its 95 % interval, and what that shows.
func WriteComparisons(w io.Writer, all []Comparison) error {
	for i, c := range all {
		if i > 0 {
			if _, err := fmt.Fprintln(w); err != nil {
				return err
			}
		}
		if err := c.write(w); err != nil {
			return err
		}
	}
	return nil
}

func (c Comparison) write(w io.Writer) error {
	_, err := fmt.Fprintf(w, "%s on %d test samples of both runs%s\n  A  %s%s\n  B  %s%s\n\n", c.Task, c.Samples, c.leftOut(),
		c.A, seeds(c.SeedsA), c.B, seeds(c.SeedsB))
	if err != nil {
		return err
	}
	t := table.NewWriter()
	t.SetStyle(style())
	t.SuppressTrailingSpaces()
	t.AppendHeader(table.Row{"metric", "A", "B", "B - A, 95 % interval", "B is"})
	for _, r := range c.Rows() {
		t.AppendRow(table.Row{r.Metric, r.A, r.B, r.Difference, r.Verdict})
	}
	_, err = fmt.Fprintln(w, t.Render())
	return err
}

// ComparedRow is one metric of a comparison, as people read it.
type ComparedRow struct{ Metric, A, B, Difference, Verdict string }

// Rows are the metrics that can be computed.
func (c Comparison) Rows() (rows []ComparedRow) {
	for _, d := range c.Differences {
		if !math.IsNaN(d.A) || !math.IsNaN(d.B) {
			rows = append(rows, ComparedRow{Title(d.Name), figure(d.A), figure(d.B), interval(d), verdict(d)})
		}
	}
	return rows
}

func (c Comparison) leftOut() string {
	if c.LeftOut == 0 {
		return ""
	}
	return fmt.Sprintf(", without %d that only one of them has", c.LeftOut)
}

func seeds(n int) string {
	if n == 1 {
		return ""
	}
	return fmt.Sprintf(" (mean of %d seeds)", n)
}

func figure(v float64) string {
	if math.IsNaN(v) {
		return "-"
	}
	return fmt.Sprintf("%.3f", v)
}

func interval(d eval.Difference) string {
	if math.IsNaN(d.Difference) {
		return "-"
	}
	text := fmt.Sprintf("%+.3f", d.Difference)
	if !math.IsNaN(d.Low) {
		text += fmt.Sprintf(" [%+.3f, %+.3f]", d.Low, d.High)
	}
	return text
}

func verdict(d eval.Difference) string {
	switch {
	case d.Verdict() > 0:
		return "better"
	case d.Verdict() < 0:
		return "worse"
	case math.IsNaN(d.Low):
		return ""
	}
	return "not shown to differ"
}

// WriteComparisonsJSON writes comparisons as one JSON list; what could not be computed is null.
func WriteComparisonsJSON(w io.Writer, all []Comparison) error {
	list := []any{}
	for _, c := range all {
		metrics := map[string]any{}
		for _, d := range c.Differences {
			metrics[d.Name] = map[string]any{
				"a": orNull(d.A), "b": orNull(d.B), "difference": orNull(d.Difference),
				"ci95": []any{orNull(d.Low), orNull(d.High)},
			}
		}
		list = append(list, map[string]any{
			"a": c.A, "b": c.B, "seeds_a": c.SeedsA, "seeds_b": c.SeedsB, "task": c.Task,
			"n": c.Samples, "left_out": c.LeftOut, "metrics": metrics,
		})
	}
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	return e.Encode(list)
}
