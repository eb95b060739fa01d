package page

import (
	"cmp"
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"math"
	"slices"

	"github.com/fusemoe/fusemoe/core/report"
	"github.com/fusemoe/fusemoe/core/report/figure"
)

//go:embed explanation.html
var explanationPage string

// explained is the page of one sample; it has the parts of that of a run.
var explained = template.Must(template.Must(single.Clone()).New("explanation").Funcs(template.FuncMap{
	"signed": report.Signed,
	"plus":   func(v float64) string { return fmt.Sprintf("%+.3f", v) },
	"points": report.Points,
	"whole":  func(v float64) string { return fmt.Sprintf("%.0f %%", 100*v) },
	"recorded": func(v *float64) string {
		if v == nil {
			return ""
		}
		return fmt.Sprintf("%.4g", *v)
	},
	"time": func(v float64) string { return fmt.Sprintf("%.1f", v) },
}).Parse(explanationPage))

// WriteExplanation writes the page of one sample.
func WriteExplanation(w io.Writer, e report.Explanation) error {
	return explained.Execute(w, explanation{e})
}

// explanation is one as its page asks for it.
type explanation struct{ report.Explanation }

// Parts are the figures of what each modality and each observation adds.
func (e explanation) Parts() []figure.Figure {
	var all []figure.Parts
	ways := []string{"left out", "its observations", "its gates"}
	for _, m := range e.Modalities {
		name := m.Name
		if m.Observed == 0 {
			name += " (missing)"
		}
		all = append(all, figure.Parts{Name: name, Parts: []float64{orNaN(m.Left), observed(m), orNaN(m.Gates)}})
	}
	figures := []figure.Figure{figure.Contributions("modalities", "What each modality adds", e.Scale(),
		"Three ways to tell, which need not agree. First: what the prediction loses with the learned indicator of a missing modality in its place. Second: the sum of its observations by integrated gradients. Third: the weight of its gates times their gradients, summed over experts and layers.",
		ways, all)}
	if tracks := e.tracks(); len(tracks) > 0 {
		figures = append(figures, figure.Moments("moments", "The observations that mattered", e.TimeUnit, e.Window, tracks))
	}
	return figures
}

func orNaN(v *float64) float64 {
	if v == nil {
		return math.NaN()
	}
	return *v
}

func observed(m report.ModalityPart) float64 {
	if m.Observed == 0 {
		return math.NaN()
	}
	return m.Gradients
}

// mostTracks are as many features as a figure shows.
const mostTracks = 14

// tracks are the features whose observations add most, whichever way.
func (e explanation) tracks() (all []figure.Track) {
	sums := map[string]float64{}
	for _, o := range e.Observations {
		name := o.Modality
		if o.Feature != "" {
			name = o.Feature
		}
		i := slices.IndexFunc(all, func(t figure.Track) bool { return t.Name == name })
		if i < 0 {
			i = len(all)
			all = append(all, figure.Track{Name: name})
		}
		all[i].Moments = append(all[i].Moments, figure.Moment{Time: o.Time, Part: o.Part})
		sums[name] += math.Abs(o.Part)
	}
	all = slices.DeleteFunc(all, func(t figure.Track) bool { return sums[t.Name] == 0 })
	slices.SortStableFunc(all, func(a, b figure.Track) int { return cmp.Compare(sums[b.Name], sums[a.Name]) })
	return all[:min(mostTracks, len(all))]
}

// Experts are the figures of the gates.
func (e explanation) Experts() (all []figure.Figure) {
	for l, layer := range e.Layers {
		title := "Experts beside the cohort's"
		if len(e.Layers) > 1 {
			title += fmt.Sprintf(", layer %d", l+1)
		}
		all = append(all, figure.Gates(fmt.Sprintf("gates-%d", l+1), title, layer.Rows, layer.Weight, layer.Cohort))
	}
	return all
}
