package page

import (
	"maps"
	"math"
	"slices"

	"github.com/fusemoe/fusemoe/core/eval"
	"github.com/fusemoe/fusemoe/core/report"
	"github.com/fusemoe/fusemoe/core/report/figure"
)

// trainingFigures are the learning curves: of a pretraining, of every loss term, and of what
// judged the epochs.
func (r Run) trainingFigures() (all []figure.Figure) {
	if f, ok := r.pretrainingCurves(); ok {
		all = append(all, f)
	}
	for _, t := range r.Tasks {
		all = append(all, r.metricCurves(t))
	}
	for _, term := range r.lossTerms() {
		all = append(all, r.lossCurves(term))
	}
	return all
}

// reconstruction is the loss of a pretraining, as package model calls it.
const reconstruction = "reconstruction"

// pretrainingCurves shows how well what was hidden is filled in.
func (r Run) pretrainingCurves() (f figure.Figure, ok bool) {
	var histories []figure.History
	for _, t := range r.Trainings {
		if len(t.Pretraining) == 0 {
			continue
		}
		best := bestOf(t.Pretraining)
		h, v := figure.History{Name: "training", Best: best}, figure.History{Name: "validation", Series: 1, Best: best}
		for _, e := range t.Pretraining {
			h.Values = append(h.Values, e.Losses[reconstruction])
			v.Values = append(v.Values, -float64(e.Score))
		}
		histories = append(histories, h, v)
	}
	f = figure.Progress("pretraining", "Pretraining", "", histories)
	f.Caption = "Squared error of the hidden values, in squared standard deviations: 1 is no better than the mean. " +
		"Training is with dropout, validation without; the dot is the epoch whose weights training began with."
	return f, len(histories) > 0
}

// lossTerms are the total, those of the tasks, and the auxiliary ones.
func (r Run) lossTerms() []string {
	found := map[string]bool{}
	for _, t := range r.Trainings {
		for _, e := range t.Epochs {
			for name := range e.Losses {
				found[name] = true
			}
		}
	}
	var terms []string
	take := func(name string) {
		if found[name] {
			terms = append(terms, name)
			delete(found, name)
		}
	}
	take("total")
	for _, t := range r.Tasks {
		take(t.Name)
	}
	return append(terms, slices.Sorted(maps.Keys(found))...)
}

// lossCurves shows one term of every seed.
func (r Run) lossCurves(term string) figure.Figure {
	title, caption := "Training loss, all terms", "The weighted sum of all terms."
	var task *Task
	for i := range r.Tasks {
		if r.Tasks[i].Name == term {
			task = &r.Tasks[i]
		}
	}
	validated := task != nil && task.Kind != eval.Regression
	switch {
	case term == "balance":
		title, caption = "Balance loss", "How unevenly the gates use the experts, summed over gates and layers."
	case term == "entropy":
		title, caption = "Entropy loss", "Lower: each modality is surer of its experts, and the modalities use different ones."
	case validated:
		title, caption = "Loss, "+term, "Training is with dropout and class weights, validation without."
	case task != nil:
		title, caption = "Loss, "+term, "Squared error in standard deviations of the target."
	}
	var histories []figure.History
	for _, t := range r.Trainings {
		h := figure.History{Best: bestOf(t.Epochs)}
		v := figure.History{Name: "validation", Series: 1, Best: bestOf(t.Epochs)}
		for _, e := range t.Epochs {
			loss, ok := e.Losses[term]
			if !ok {
				loss = math.NaN()
			}
			h.Values = append(h.Values, loss)
			v.Values = append(v.Values, e.Validation[term].value("log_loss"))
		}
		if validated {
			h.Name = "training"
			histories = append(histories, h, v)
		} else {
			histories = append(histories, h)
		}
	}
	f := figure.Progress("loss-"+slug(term), title, "", histories)
	f.Caption = caption
	return f
}

// metricCurves shows how a task did on the validation split.
func (r Run) metricCurves(t Task) figure.Figure {
	names := []string{"auroc", "auprc"}
	if t.Kind == eval.Regression {
		names = []string{"mae", "rmse"}
	}
	var histories []figure.History
	for i, name := range names {
		for _, training := range r.Trainings {
			h := figure.History{Name: report.Title(name), Series: i, Best: bestOf(training.Epochs)}
			for _, e := range training.Epochs {
				h.Values = append(h.Values, e.Validation[t.Name].value(name))
			}
			histories = append(histories, h)
		}
	}
	f := figure.Progress(r.prefix(t)+"validation", "Validation, "+t.Name, "", histories)
	f.Caption = "After every epoch; the dot is the best one, whose weights were kept."
	if len(r.Trainings) > 1 {
		f.Caption += " A line is a seed."
	}
	return f
}
