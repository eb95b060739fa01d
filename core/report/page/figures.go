package page

import (
	"fmt"
	"math"
	"regexp"
	"slices"
	"strings"

	"github.com/fusemoe/fusemoe/core/eval"
	"github.com/fusemoe/fusemoe/core/report"
	"github.com/fusemoe/fusemoe/core/report/figure"
)

// Figures are all of a run's, each with a name of its own.
func (r Run) Figures() []figure.Figure {
	var all []figure.Figure
	for _, t := range r.Tasks {
		all = append(all, t.figures(r.prefix(t))...)
		all = append(all, t.forests(r.prefix(t))...)
	}
	return slices.Concat(all, r.cohortFigures(), r.trainingFigures(), r.expertFigures())
}

// prefix tells the figures of several tasks apart.
func (r Run) prefix(t Task) string {
	if len(r.Tasks) == 1 {
		return ""
	}
	return slug(t.Name) + "-"
}

var unsafe = regexp.MustCompile(`[^a-zA-Z0-9_]+`)

// slug makes a name that serves in a file's name and in a link.
func slug(name string) string { return strings.Trim(unsafe.ReplaceAllString(name, "-"), "-") }

// mostNamed are as many curves as a legend can name.
const mostNamed = 8

// figures are those of the predictions.
func (t Task) figures(prefix string) []figure.Figure {
	if t.Kind == eval.Regression {
		if len(t.Values) == 0 {
			return nil
		}
		return []figure.Figure{figure.Values(prefix+"values", t.Values), figure.Errors(prefix+"errors", t.Values)}
	}
	var roc, pr []figure.Curve
	var base []float64
	var bins []figure.Calibrated
	for i, d := range t.Details {
		name := ""
		if len(t.Details) > 1 && len(t.Details) <= mostNamed {
			name = d.Name
		}
		if d.ROC != nil {
			roc, pr = append(roc, figure.Curve{Name: name, Points: d.ROC}), append(pr, figure.Curve{Name: name, Points: d.PR})
			base = append(base, float64(d.Positives)/float64(d.N))
		}
		if len(d.Reliability.Bins) > 0 {
			if t.Uncalibrated != nil && len(t.Details) == 1 {
				name = "calibrated"
			}
			bins = append(bins, figure.Calibrated{Name: name, Bins: d.Reliability.Bins})
		}
		if t.Uncalibrated != nil && len(t.Details) == 1 {
			bins = append(bins, figure.Calibrated{Name: "before", Bins: t.Uncalibrated[i].Bins})
		}
	}
	var all []figure.Figure
	if roc != nil {
		all = append(all, figure.ROC(prefix+"roc", roc), figure.PrecisionRecall(prefix+"precision-recall", pr, base))
	}
	if bins != nil {
		all = append(all, figure.Calibration(prefix+"calibration", bins))
	}
	return append(all, t.decisionCurves(prefix)...)
}

// decisionCurves are those of the labels, of which a page shows some at most.
func (t Task) decisionCurves(prefix string) (all []figure.Figure) {
	const most = 4
	if t.Kind == eval.Multiclass {
		return nil // a class is no question that one acts on by a threshold
	}
	for _, d := range t.Details {
		if d.Benefit == nil || len(all) == most {
			continue
		}
		f := figure.DecisionCurve(prefix+"decision", d.Benefit, float64(d.Positives)/float64(d.N))
		if len(t.Details) > 1 {
			f.Name += "-" + slug(d.Name)
			f.Title += ", " + d.Name
		}
		all = append(all, f)
	}
	return all
}

// forests shows the headline metric by subgroup.
func (t Task) forests(prefix string) []figure.Figure {
	if len(t.Subgroups) == 0 {
		return nil
	}
	name := headline(t.Kind)[0]
	var groups []figure.Interval
	of, any := "", false
	for _, s := range t.Subgroups {
		if s.Of != of {
			of = s.Of
			groups = append(groups, figure.Interval{Name: of, Heading: true})
		}
		m := find(s.Metrics, name)
		any = any || !math.IsNaN(float64(m.Value))
		groups = append(groups, figure.Interval{Name: s.Name, Value: float64(m.Value), Low: float64(m.Low), High: float64(m.High)})
	}
	all := float64(find(t.Main, name).Value)
	if !any || math.IsNaN(all) {
		return nil
	}
	return []figure.Figure{figure.Forest(prefix+"subgroups", report.Title(name), all, groups)}
}

// find is the metric of that name, NaN where there is none.
func find(all []Metric, name string) Metric {
	for _, m := range all {
		if m.Name == name {
			return m
		}
	}
	none := Number(math.NaN())
	return Metric{Name: name, Value: none, Low: none, High: none, Deviation: none}
}

func (r Run) modalityNames() []string {
	names := make([]string, len(r.Modalities))
	for i, m := range r.Modalities {
		names[i] = m.Name
	}
	return names
}

func (r Run) cohortFigures() []figure.Figure {
	if len(r.Patterns) == 0 {
		return nil
	}
	var patterns []figure.Pattern
	for _, p := range r.Patterns {
		n := 0
		for _, s := range p.Samples {
			n += s
		}
		patterns = append(patterns, figure.Pattern{Present: p.Present, Samples: n})
	}
	return []figure.Figure{figure.Patterns("missingness", r.modalityNames(), patterns)}
}

// expertFigures are of the first training, as experts of different seeds have nothing in common but their numbers.
func (r Run) expertFigures() (all []figure.Figure) {
	if len(r.Trainings) == 0 {
		return nil
	}
	t := r.Trainings[0]
	layer := func(l int) string {
		if len(t.Experts.Layers) == 1 {
			return ""
		}
		return fmt.Sprintf(", layer %d", l+1)
	}
	for l, e := range t.Experts.Layers {
		if len(t.Experts.Modalities) > 1 {
			all = append(all, figure.Share(fmt.Sprintf("modality-share-%d", l+1), "Modalities of each expert"+layer(l), t.Experts.Modalities, e.Share, e.Use))
		}
	}
	for l := range t.Experts.Layers {
		if use := t.useOverTime(l); len(use) > 0 {
			all = append(all, figure.ExpertUse(fmt.Sprintf("expert-use-%d", l+1), "Use of the experts in training"+layer(l), use))
		}
	}
	for l := range t.Experts.Layers {
		f := figure.Progress(fmt.Sprintf("gate-entropy-%d", l+1), "Entropy of the gates"+layer(l), "nats", t.entropyOverTime(l))
		f.Caption = fmt.Sprintf("0 where one expert gets all; %.2f would be equal shares of the %d chosen experts.", math.Log(float64(r.Model.TopK)), r.Model.TopK)
		all = append(all, f)
	}
	return all
}

// useOverTime is the use of the experts of a layer by epoch.
func (t Training) useOverTime(layer int) (use [][]float64) {
	for _, e := range t.Epochs {
		if e.Experts != nil && layer < len(e.Experts.Layers) {
			use = append(use, e.Experts.Layers[layer].Use)
		}
	}
	return use
}

// entropyOverTime is the mean entropy of the gates of a layer by modality.
func (t Training) entropyOverTime(layer int) []figure.History {
	histories := make([]figure.History, len(t.Experts.Modalities))
	for m, name := range t.Experts.Modalities {
		histories[m] = figure.History{Name: name, Series: m}
		if len(t.Experts.Modalities) == 1 {
			histories[m].Name = ""
		}
		for _, e := range t.Epochs {
			v := math.NaN()
			if e.Experts != nil && layer < len(e.Experts.Layers) {
				v = e.Experts.Layers[layer].Entropy[m]
			}
			histories[m].Values = append(histories[m].Values, v)
		}
	}
	return histories
}
