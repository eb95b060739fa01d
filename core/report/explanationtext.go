package report

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"
)

// WriteText writes what of an explanation people read in a terminal.
func (e Explanation) WriteText(w io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "Sample %s of %s\n%s\n\n", e.Sample, e.Dataset, e.Headline())
	of := ""
	if e.Members > 1 {
		of = fmt.Sprintf(" of an ensemble of %d", e.Members)
	}
	fmt.Fprintf(&b, "In %s, before calibration, seed %d%s says %.3f.\nWith average values, recorded at the same times, it would say %.3f.\n\n",
		e.Scale(), e.Seed, of, e.Value, e.Average)
	e.writeModalities(&b)
	e.writeObservations(&b)
	for l, layer := range e.Layers {
		layer.write(&b, l+1, len(e.Layers))
	}
	e.writeShifts(&b)
	_, err := io.WriteString(w, b.String())
	return err
}

func plain(numbers ...int) table.Writer {
	t := table.NewWriter()
	t.SetStyle(style())
	t.SuppressTrailingSpaces()
	var columns []table.ColumnConfig
	for _, n := range numbers {
		columns = append(columns, table.ColumnConfig{Number: n, Align: text.AlignRight, AlignHeader: text.AlignRight})
	}
	t.SetColumnConfigs(columns)
	return t
}

func (e Explanation) writeModalities(b *strings.Builder) {
	t := plain(2, 3, 4, 5)
	t.AppendHeader(table.Row{"modality", "observed", "left out", "gradients", "gates"})
	for _, m := range e.Modalities {
		if m.Observed == 0 {
			t.AppendRow(table.Row{m.Name, "missing", "", "", Signed(m.Gates)})
			continue
		}
		t.AppendRow(table.Row{m.Name, m.Observed, Signed(m.Left), Signed(&m.Gradients), Signed(m.Gates)})
	}
	fmt.Fprintf(b, "What each modality adds\n\n%s\n\n", t.Render())
}

func (e Explanation) writeObservations(b *strings.Builder) {
	t := plain(1, 4, 5)
	t.AppendHeader(table.Row{e.TimeUnit, "modality", "feature", "recorded", "part"})
	for _, o := range e.Top() {
		recorded := ""
		if o.Recorded != nil {
			recorded = fmt.Sprintf("%.4g", *o.Recorded)
		}
		t.AppendRow(table.Row{fmt.Sprintf("%.1f", o.Time), o.Modality, o.Feature, recorded, fmt.Sprintf("%+.3f", o.Part)})
	}
	fmt.Fprintf(b, "The observations that mattered most, of %d\n\n%s\n", len(e.Observations), t.Render())
	fmt.Fprintf(b, "All parts and %+.3f that they do not explain make %+.3f.\n\n", e.Unexplained(), e.Value-e.Average)
}

// write shows the experts of each row that got most.
func (l ExplainedLayer) write(b *strings.Builder, number, layers int) {
	t := plain()
	t.AppendHeader(table.Row{"of", "experts: weight (cohort's)"})
	for r, row := range l.Rows {
		var used []string
		for _, expert := range Largest(l.Weight[r], 4) {
			one := fmt.Sprintf("%d: %.0f %%", expert+1, 100*l.Weight[r][expert])
			if l.Cohort != nil && l.Cohort[r] != nil {
				one += fmt.Sprintf(" (%.0f %%)", 100*l.Cohort[r][expert])
			}
			used = append(used, one)
		}
		t.AppendRow(table.Row{row, strings.Join(used, "  ")})
	}
	title := "Experts that it used"
	if layers > 1 {
		title += fmt.Sprintf(", layer %d", number)
	}
	fmt.Fprintf(b, "%s\n\n%s\n\n", title, t.Render())
}

// Largest are the places of up to n positive numbers, the largest first.
func Largest(values []float64, n int) (places []int) {
	for i, v := range values {
		if v > 0 {
			places = append(places, i)
		}
	}
	slices.SortStableFunc(places, func(a, b int) int { return cmp.Compare(values[b], values[a]) })
	return places[:min(n, len(places))]
}

func (e Explanation) writeShifts(b *strings.Builder) {
	if len(e.TopShifts()) == 0 {
		return
	}
	t := plain(3, 4, 5, 6, 7)
	t.AppendHeader(table.Row{"layer", "of", "expert", "weight", "cohort", "from values", "from when", "others, most"})
	for _, s := range e.TopShifts() {
		t.AppendRow(table.Row{
			s.Layer, s.Row, s.Expert, fmt.Sprintf("%.0f %%", 100*s.Weight), fmt.Sprintf("%.0f %%", 100*s.Cohort),
			Points(s.Values), Points(s.Recorded), s.Reason(),
		})
	}
	fmt.Fprintf(b, "Where and why its experts differ from the cohort's\n\n%s\n", t.Render())
}

// Signed is a part as text, empty where there is none.
func Signed(part *float64) string {
	if part == nil {
		return ""
	}
	return fmt.Sprintf("%+.3f", *part)
}
