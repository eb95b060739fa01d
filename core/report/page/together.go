package page

import (
	_ "embed"
	"html/template"
	"io"
	"math"
	"slices"

	"github.com/fusemoe/fusemoe/core/eval"
	"github.com/fusemoe/fusemoe/core/report"
	"github.com/fusemoe/fusemoe/core/report/figure"
)

//go:embed together.html
var togetherPage string

// several is the page of several runs; it has the parts of that of one.
var several = template.Must(template.Must(single.Clone()).New("together").Parse(togetherPage))

// Together are several runs side by side.
type Together struct {
	Runs []Run
	// Comparisons are of each further run with the first one, and Why says why there are none.
	Comparisons []report.Comparison
	Why         string
}

// WriteTogether writes the page of several runs. Tasks of the same name and kind stand side by side.
func WriteTogether(w io.Writer, t Together) error { return several.Execute(w, t) }

// sameTask is a task that some of the runs have.
type sameTask struct {
	Name string
	Kind eval.Kind
	// Runs has a task of each run; one without a name where the run lacks it.
	Runs []Task
}

// Tasks are all that any run has, in the order in which they come.
func (t Together) Tasks() (all []sameTask) {
	for r, run := range t.Runs {
		for _, task := range run.Tasks {
			i := slices.IndexFunc(all, func(s sameTask) bool { return s.Name == task.Name && s.Kind == task.Kind })
			if i < 0 {
				i = len(all)
				all = append(all, sameTask{task.Name, task.Kind, make([]Task, len(t.Runs))})
			}
			all[i].Runs[r] = task
		}
	}
	return all
}

// Metrics are those that any of the runs has on its test split.
func (s sameTask) Metrics() (names []string) {
	for _, t := range s.Runs {
		for _, m := range t.Main {
			if !slices.Contains(names, m.Name) {
				names = append(names, m.Name)
			}
		}
	}
	return names
}

// Compared are the comparisons of a task.
func (t Together) Compared(task string) (all []report.Comparison) {
	for _, c := range t.Comparisons {
		if c.Task == task {
			all = append(all, c)
		}
	}
	return all
}

// Figures are those of one task of all runs.
func (t Together) Figures(s sameTask) []figure.Figure {
	var roc, pr []figure.Curve
	var base []float64
	var bins []figure.Calibrated
	groups := make([]figure.Interval, 0, len(t.Runs))
	metric := headline(s.Kind)[0]
	for r, task := range s.Runs {
		name := t.Runs[r].Name
		if task.Name == "" {
			continue
		}
		m := find(task.Main, metric)
		groups = append(groups, figure.Interval{Name: name, Value: float64(m.Value), Low: float64(m.Low), High: float64(m.High)})
		if len(task.Details) != 1 || task.Details[0].ROC == nil {
			continue
		}
		d := task.Details[0]
		roc, pr = append(roc, figure.Curve{Name: name, Points: d.ROC}), append(pr, figure.Curve{Name: name, Points: d.PR})
		base = append(base, float64(d.Positives)/float64(d.N))
		bins = append(bins, figure.Calibrated{Name: name, Bins: d.Reliability.Bins})
	}
	var all []figure.Figure
	if first := groups[0].Value; !math.IsNaN(first) {
		f := figure.Forest(slug(s.Name)+"-figures", report.Title(metric), first, groups)
		f.Title, f.Caption = report.Title(metric), "With 95 % intervals; the line is at the first run's. Intervals that overlap say little: the paired differences do."
		all = append(all, f)
	}
	if roc != nil {
		all = append(all, figure.ROC(slug(s.Name)+"-roc", roc), figure.PrecisionRecall(slug(s.Name)+"-precision-recall", pr, base),
			figure.Calibration(slug(s.Name)+"-calibration", bins))
	}
	return append(all, t.progress(s))
}

// progress shows the headline metric on the validation split, the first seed of every run.
func (t Together) progress(s sameTask) figure.Figure {
	metric := headline(s.Kind)[0]
	var histories []figure.History
	for r, run := range t.Runs {
		for _, training := range run.Trainings[:min(1, len(run.Trainings))] {
			h := figure.History{Name: run.Name, Series: r, Best: bestOf(training.Epochs)}
			for _, e := range training.Epochs {
				h.Values = append(h.Values, e.Validation[s.Name].value(metric))
			}
			histories = append(histories, h)
		}
	}
	f := figure.Progress(slug(s.Name)+"-validation", report.Title(metric)+" on the validation split", "", histories)
	f.Caption = "After every epoch, of the first seed of each run; the dot is the epoch that was kept."
	return f
}

// settingRow is one key and its value in each run.
type settingRow struct {
	Key    string
	Values []string
}

// Settings are those in which the runs differ.
func (t Together) Settings() (rows []settingRow) {
	for r, run := range t.Runs {
		for _, s := range run.Changed {
			i := slices.IndexFunc(rows, func(row settingRow) bool { return row.Key == s.Key })
			if i < 0 {
				i = len(rows)
				rows = append(rows, settingRow{s.Key, slices.Repeat([]string{"default"}, len(t.Runs))})
			}
			rows[i].Values[r] = s.Value
		}
	}
	return slices.DeleteFunc(rows, func(row settingRow) bool { return len(slices.Compact(slices.Clone(row.Values))) == 1 })
}
