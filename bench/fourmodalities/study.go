package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/fusemoe/fusemoe/core"
	"github.com/fusemoe/fusemoe/core/config"
	"github.com/fusemoe/fusemoe/core/data"
	"github.com/fusemoe/fusemoe/core/eval"
	"github.com/fusemoe/fusemoe/plugins/cxr"
	"github.com/fusemoe/fusemoe/plugins/ecg"
	"github.com/fusemoe/fusemoe/plugins/notes"
	"github.com/fusemoe/fusemoe/plugins/vitals"
)

// study trains the same model on parts of the same cohort.
type study struct {
	config  *config.Config
	dataset *data.Dataset
	seeds   []uint64
	has     [][]bool // of each modality, by sample
}

// recorded says of each modality which samples have any item of it.
func recorded(d *data.Dataset, modalities []config.Modality) ([][]bool, error) {
	rows := make([]int, d.Len())
	for i := range rows {
		rows[i] = i
	}
	all := make([][]bool, len(modalities))
	for m, modality := range modalities {
		all[m] = make([]bool, d.Len())
		i := 0
		for sample, err := range d.Requests(modality.Name, rows) {
			if err != nil {
				return nil, err
			}
			all[m][i] = len(sample.Items) > 0
			i++
		}
	}
	return all, nil
}

// covered is whether the sample has any of the modalities.
func (s *study) covered(sample int, modalities []int) bool {
	for _, m := range modalities {
		if s.has[m][sample] {
			return true
		}
	}
	return false
}

// coverage is the share of samples that have any of the modalities.
func (s *study) coverage(modalities []int) float64 {
	n := 0
	for i := range s.dataset.Len() {
		if s.covered(i, modalities) {
			n++
		}
	}
	return float64(n) / float64(s.dataset.Len())
}

func (s *study) names(modalities []int) string {
	var names []string
	for _, m := range modalities {
		names = append(names, s.config.Modalities[m].Name)
	}
	return strings.Join(names, " + ")
}

// scores are the AUROCs of one model, by seed.
type scores []float64

func (v scores) mean() float64 {
	sum := 0.0
	for _, x := range v {
		sum += x
	}
	return sum / float64(len(v))
}

func (v scores) String() string {
	squares, mean := 0.0, v.mean()
	for _, x := range v {
		squares += (x - mean) * (x - mean)
	}
	return fmt.Sprintf("%.3f ± %.3f", mean, math.Sqrt(squares/max(1, float64(len(v)-1))))
}

// minus is the difference from what the same seeds had elsewhere, written with its sign.
func (v scores) minus(other scores) string {
	difference := make(scores, len(v))
	for i := range v {
		difference[i] = v[i] - other[i]
	}
	if difference.mean() >= 0 {
		return "+" + difference.String()
	}
	return difference.String()
}

// train trains a model of some modalities with every seed. Its first scores are on the
// test split as it is; one more for each of the modalities removed, by place.
func (s *study) train(ctx context.Context, modalities []int, missing config.Missing, removed []int) ([]scores, error) {
	var rows []int
	for i := range s.dataset.Len() {
		if s.covered(i, modalities) {
			rows = append(rows, i)
		}
	}
	all := make([]scores, 1+len(removed))
	for _, seed := range s.seeds {
		cfg := *s.config
		cfg.Modalities = nil
		for _, m := range modalities {
			cfg.Modalities = append(cfg.Modalities, s.config.Modalities[m])
		}
		if len(modalities) == 1 {
			cfg.Model.ModalityDropout = 0 // there is nothing else to see
		}
		cfg.Model.Missing, cfg.Train.Seeds, cfg.Eval.Resamples = missing, []uint64{seed}, 0
		values, err := s.trainOnce(ctx, &cfg, modalities, s.dataset.Subset(rows), removed)
		if err != nil {
			return nil, fmt.Errorf("%s, seed %d: %w", s.names(modalities), seed, err)
		}
		for i, v := range values {
			all[i] = append(all[i], v)
		}
	}
	return all, nil
}

func (s *study) trainOnce(ctx context.Context, cfg *config.Config, modalities []int, d *data.Dataset, removed []int) (values []float64, err error) {
	rt, err := core.Open(ctx, cfg, core.WithDataset(d),
		core.WithModality("vitals", vitals.New()), core.WithModality("notes", notes.New()),
		core.WithModality("ecg", ecg.New()), core.WithModality("cxr", cxr.New()))
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rt.Close()) }()
	if err := rt.Prepare(ctx); err != nil {
		return nil, err
	}
	if _, err := rt.Train(ctx); err != nil {
		return nil, err
	}
	e, err := rt.Evaluate(ctx, data.Test)
	if err != nil {
		return nil, err
	}
	values = append(values, s.auroc(e.Predictions[0], modalities, modalities))
	for _, m := range removed {
		name := s.config.Modalities[m].Name
		e, err := rt.EvaluateWithout(ctx, data.Test, func(_ int, modality string) bool { return modality == name })
		if err != nil {
			return nil, err
		}
		values = append(values, s.auroc(e.Predictions[0], modalities, without(modalities, m)))
	}
	return values, nil
}

// auroc is that of the whole test split, predicted from what is left of the modalities
// that the model was trained with: who has none of these gets the share of the outcome
// among such samples of the training split.
func (s *study) auroc(p eval.Predictions, trained, left []int) float64 {
	labels, err := s.dataset.Labels(p.Name)
	if err != nil {
		panic("fourmodalities: the predictions are of another dataset")
	}
	uncovered, events := 0, 0
	for _, i := range s.dataset.Rows(data.Train) {
		if !s.covered(i, left) {
			uncovered++
			events += int(labels[i])
		}
	}
	whole := eval.Predictions{Task: p.Task}
	for _, i := range s.dataset.Rows(data.Test) {
		score := float64(events) / float64(max(1, uncovered))
		if s.covered(i, trained) {
			if s.covered(i, left) {
				score = p.Scores[0]
			}
			p.Scores = p.Scores[1:]
		}
		whole.Scores, whole.Labels = append(whole.Scores, score), append(whole.Labels, labels[i])
	}
	return eval.Evaluate(whole, eval.Options{}).Value("auroc")
}

// without is the modalities but one.
func without(modalities []int, one int) []int {
	return slices.DeleteFunc(slices.Clone(modalities), func(m int) bool { return m == one })
}
