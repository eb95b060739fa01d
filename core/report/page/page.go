package page

import (
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"math"
	"reflect"
	"strings"

	"github.com/fusemoe/fusemoe/core/eval"
	"github.com/fusemoe/fusemoe/core/report"
	"github.com/fusemoe/fusemoe/core/report/figure"
)

//go:embed style.css
var style string

//go:embed run.html
var runPage string

// single is the page of one run.
var single = template.Must(template.New("run").Funcs(functions).Parse(runPage))

var functions = template.FuncMap{
	"style":    func() template.CSS { return figure.Style() + "\n" + template.CSS(style) }, //nolint:gosec // embedded
	"title":    report.Title,
	"metric":   metricText,
	"share":    shareText,
	"percent":  func(part, all int) string { return fmt.Sprintf("%.1f %%", 100*float64(part)/float64(max(all, 1))) },
	"count":    count,
	"number":   func(v any) string { return number(reflect.ValueOf(v).Float()) },
	"slug":     slug,
	"find":     find,
	"headline": headline,
	"fewest":   func() int { return fewest },
	"sum": func(all []int) (n int) {
		for _, v := range all {
			n += v
		}
		return n
	},
	"shade": func(row []int, n int) template.CSS {
		whole := 0
		for _, v := range row {
			whole += v
		}
		return template.CSS(fmt.Sprintf("background:color-mix(in srgb,var(--c1) %.0f%%,transparent)", 70*float64(n)/float64(max(whole, 1)))) //nolint:gosec // a number
	},
}

// Write writes the page of a run.
func Write(w io.Writer, r Run) error { return single.Execute(w, view{r}) }

// view is a run as its page asks for it.
type view struct{ Run }

// Prefix tells the figures of several tasks apart.
func (v view) Prefix(t Task) string { return v.prefix(t) }

// TaskFigures are those of a task's predictions, Forests those of its subgroups.
func (v view) TaskFigures(t Task) []figure.Figure { return t.figures(v.prefix(t)) }
func (v view) Forests(t Task) []figure.Figure     { return t.forests(v.prefix(t)) }
func (v view) Cohort() []figure.Figure            { return v.cohortFigures() }
func (v view) Training() []figure.Figure          { return v.trainingFigures() }
func (v view) Experts() []figure.Figure           { return v.expertFigures() }

// metricText is "0.813 [0.743, 0.881]", or "0.813 ± 0.004" of several runs.
func metricText(m Metric) string {
	switch {
	case math.IsNaN(float64(m.Value)):
		return "–"
	case m.Name == "n" || m.Name == "positives":
		return count(int(math.Round(float64(m.Value))))
	case !math.IsNaN(float64(m.Deviation)):
		return number(float64(m.Value)) + " ± " + number(float64(m.Deviation))
	case !math.IsNaN(float64(m.Low)):
		return fmt.Sprintf("%s [%s, %s]", number(float64(m.Value)), number(float64(m.Low)), number(float64(m.High)))
	}
	return number(float64(m.Value))
}

// shareText is a share as a percentage, with its interval.
func shareText(s eval.Share, scale float64) string {
	if math.IsNaN(s.Value) {
		return "–"
	}
	text := fmt.Sprintf("%.0f", scale*s.Value)
	if !math.IsNaN(s.Low) {
		text += fmt.Sprintf(" [%.0f, %.0f]", scale*s.Low, scale*s.High)
	}
	return text
}

// number has three decimals, or three figures where that would be fewer or too many.
func number(v float64) string {
	switch size := math.Abs(v); {
	case math.IsNaN(v):
		return "–"
	case size >= 1000:
		return fmt.Sprintf("%.0f", v)
	case size >= 10:
		return fmt.Sprintf("%.3g", v)
	case size > 0 && size < 0.0005:
		return fmt.Sprintf("%.1e", v)
	}
	return fmt.Sprintf("%.3f", v)
}

// count sets a thin space between thousands.
func count(n int) string {
	text := fmt.Sprint(n)
	for i := len(text) - 3; i > 0 && text[i-1] != '-'; i -= 3 {
		text = text[:i] + "\u202f" + text[i:]
	}
	return text
}

// Abstract says in a sentence or two what came out.
func (v view) Abstract(t Task) string {
	name := headline(t.Kind)[0]
	var parts []string
	for _, metric := range headline(t.Kind)[:2] {
		parts = append(parts, report.Title(metric)+" "+metricText(find(t.Main, metric)))
	}
	test := "the test samples"
	if n := find(t.Main, "n"); !math.IsNaN(float64(n.Value)) {
		test = count(int(n.Value)) + " test samples"
		if p := find(t.Main, "positives"); !math.IsNaN(float64(p.Value)) {
			test += fmt.Sprintf(", %s of them positive", count(int(p.Value)))
		}
	}
	text := fmt.Sprintf("%s on %s: %s", t.Name, test, strings.Join(parts, ", "))
	if find(t.Main, name).hasInterval() {
		text += " (95 % intervals by bootstrap over patients)"
	}
	return text + "."
}

// few says that the test samples of a class are too few to resample.
func (v view) few(t Task) bool {
	n, positives := find(t.Main, "n"), find(t.Main, "positives")
	return n.Value < fewest || t.Kind == eval.Binary && (positives.Value < fewest || n.Value-positives.Value < fewest)
}

func (m Metric) hasInterval() bool {
	return !math.IsNaN(float64(m.Low)) && !math.IsNaN(float64(m.High))
}

// Doubt says what the intervals forbid to conclude; empty where there is nothing to say.
func (v view) Doubt(t Task) string {
	name, chance := headline(t.Kind)[0], 0.5
	if t.Kind == eval.Regression {
		name, chance = "pearson", 0
	}
	m := find(t.Main, name)
	const wide = 0.15 // the distance between a poor and a good model
	width := float64(m.High - m.Low)
	switch {
	case math.IsNaN(float64(m.Value)):
		return report.Title(name) + " cannot be computed: the test samples have one class or value only, or predictions that are no numbers. Nothing can be said about how well this model does."
	case v.few(t):
		return fmt.Sprintf("There are fewer than %d test samples of one class: intervals by resampling so few are narrower than the truth, and a figure as good as this may be luck.", fewest)
	case !m.hasInterval():
		return "There are no intervals: nobody can tell from this test how much of the figures is chance. Set eval.resamples, and test on more than one patient."
	case float64(m.Low) <= chance && chance <= float64(m.High):
		return fmt.Sprintf("The interval of %s includes %g, which is chance: this test does not show that the model has learned anything.", report.Title(name), chance)
	case t.Kind != eval.Regression && width > wide:
		return fmt.Sprintf("The interval of %s is %.2f wide: these test samples are too few to tell a good model from a mediocre one. Compare models pairwise, with fusemoe compare, or test on more patients.", report.Title(name), width)
	}
	return ""
}

// TestLabels are the metrics of each label on the test split.
func (t Task) TestLabels() []LabelResult {
	for _, r := range t.Results {
		if r.Split == "test" {
			return r.Labels
		}
	}
	return nil
}

// NewGroup says whether the i-th subgroup begins another division.
func (t Task) NewGroup(i int) bool { return i == 0 || t.Subgroups[i].Of != t.Subgroups[i-1].Of }

// IsMean tells the values of a regression from the shares of a label.
func (l Label) IsMean() bool { return !math.IsNaN(float64(l.Mean)) }

// BestEpoch is the one whose weights were kept.
func (t Training) BestEpoch() int { return bestOf(t.Epochs) }
