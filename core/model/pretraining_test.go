package model_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/fusemoe/fusemoe/core/kernel"
	"github.com/fusemoe/fusemoe/core/kernel/kerneltest"
	"github.com/fusemoe/fusemoe/core/model"
	"github.com/fusemoe/fusemoe/core/op"
)

// asTheyAre leaves the values of the modalities in their units.
func asTheyAre() (all []model.Scale) {
	for _, m := range modalities {
		all = append(all, model.Scale{Mean: make([]float64, m.Width), Deviation: slices.Repeat([]float64{1}, m.Width)})
	}
	return all
}

// TestPretrainingReachesAllButTheHeads: every other parameter learns from what is hidden,
// and no head or pooling query is handed to the optimizer, whose decay would shrink it.
func TestPretrainingReachesAllButTheHeads(t *testing.T) {
	c := small()
	c.ModalityDropout, c.Pooling = 0.3, kernel.AttentionSteps
	m := build[float64](t, c)
	p := m.Pretraining(0.4, asTheyAre(), 1)
	defer p.Close()
	if _, err := p.Train(nil, cohort[float64](28), op.Step{Seed: 1, Number: 1, Training: true}); err != nil {
		t.Fatal(err)
	}
	learning := map[string]bool{}
	for _, q := range p.Parameters() {
		learning[q.Name] = true
		if !anyNonZero(q.Grad) {
			t.Errorf("%s receives no gradient", q.Name)
		}
	}
	for _, q := range m.Parameters() {
		task := q.Name == "pooling.query" || strings.HasPrefix(q.Name, "head.")
		if learning[q.Name] == task {
			t.Errorf("%s: in pretraining %v", q.Name, learning[q.Name])
		}
	}
}

// alike are samples of which every value of every modality is the same number.
func alike(samples int, seed uint64) model.Batch[float64] {
	b := cohort[float64](samples)
	levels := kerneltest.Random[float64](samples, 1.7, seed) // deviation 1
	for m := range b.Series {
		s := &b.Series[m]
		for i := range samples {
			for j := s.Start[i] * s.Width; j < s.Start[i+1]*s.Width; j++ {
				if s.Values[j] = levels[i]; s.Observed != nil {
					s.Values[j] *= s.Observed[j]
				}
			}
		}
	}
	return b
}

// TestPretrainingLearnsToFillIn what the rest of a sample tells.
func TestPretrainingLearnsToFillIn(t *testing.T) {
	c := small()
	c.ModalityDropout = 0.1
	m := build[float64](t, c)
	p := m.Pretraining(0.3, asTheyAre(), 1)
	defer p.Close()
	judge := func() float64 {
		loss, err := p.Judge(nil, alike(70, 2), op.Step{Seed: 5})
		if err != nil {
			t.Fatal(err)
		}
		return loss
	}
	before := judge()
	if again := judge(); again != before {
		t.Errorf("judged %v, then %v", before, again)
	}
	for n := range uint64(150) {
		if _, err := p.Train(nil, alike(35, 100+n), op.Step{Seed: 1, Number: n + 1, Training: true}); err != nil {
			t.Fatal(err)
		}
		for _, q := range p.Parameters() {
			for i, g := range q.Grad {
				q.Value[i] -= 0.05 * g
			}
			clear(q.Grad)
		}
		p.EndStep()
	}
	if after := judge(); after > before/3 {
		t.Errorf("the error of what is filled in was %v and is %v", before, after)
	}
}
