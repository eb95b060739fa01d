package model_test

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/fusemoe/fusemoe/core/kernel"
	"github.com/fusemoe/fusemoe/core/kernel/kerneltest"
	"github.com/fusemoe/fusemoe/core/model"
	"github.com/fusemoe/fusemoe/core/op"
	"github.com/fusemoe/fusemoe/routing"
)

// small is a network that has every part and runs in a moment.
func small() model.Config {
	return model.Config{
		Steps: 6, Width: 8, Heads: 2, TimeWidth: 6, TimeHeads: 2, Layers: 2, Hidden: 10,
		Pooling:    kernel.LastStep,
		Imputation: model.Imputation{Enabled: true, Kernel: 2, Gate: kernel.PerFeature},
		Router: routing.Config{
			Kind: routing.PerModality, Gate: kernel.Laplace, Unit: routing.Step, Experts: 6, TopK: 2, Hidden: 7,
		},
		Balance: 0.01,
	}
}

var (
	modalities = []model.Modality{
		{Name: "vitals", Width: 3, Measurements: true},
		{Name: "labs", Width: 4, Measurements: true},
		{Name: "notes", Width: 5},
	}
	tasks = []model.Task{{Name: "death", Kind: model.Binary, Outputs: 1}}
)

// routers are all combinations that a config can ask for.
func routers() map[string]routing.Config {
	all := map[string]routing.Config{}
	for _, kind := range []routing.Kind{routing.Joint, routing.PerModality, routing.Disjoint} {
		for _, gate := range []kernel.Gate{kernel.Softmax, kernel.Laplace, kernel.Gaussian} {
			for _, unit := range []routing.Unit{routing.Step, routing.Sample} {
				c := small().Router
				c.Kind, c.Gate, c.Unit = kind, gate, unit
				all[fmt.Sprintf("%s %v %s", kind, gate, unit)] = c
			}
		}
	}
	return all
}

// cohort makes samples with every pattern of missing modalities but the empty one.
func cohort[F kernel.Float](samples int) model.Batch[F] {
	b := model.Batch[F]{Present: make([]bool, len(modalities)*samples)}
	for m, modality := range modalities {
		s := kernel.Series[F]{Start: []int{0}, Width: modality.Width}
		for i := range samples {
			rows := 0
			if (i+1)%7>>m&1 == 1 || (i+1)%7 == 0 {
				rows = 1 + (i*3+m)%5
				b.Present[m*samples+i] = true
			}
			for r := range rows {
				s.Times = append(s.Times, F(float64(r)+0.5)/F(rows))
			}
			s.Start = append(s.Start, len(s.Times))
		}
		s.Values = kerneltest.Random[F](len(s.Times)*modality.Width, 1, uint64(m+1))
		if modality.Measurements {
			s.Observed = make([]F, len(s.Values))
			for i := range s.Observed {
				if i%3 != 2 {
					s.Observed[i] = 1
				} else {
					s.Values[i] = 0
				}
			}
		}
		b.Series = append(b.Series, s)
	}
	labels := make([]F, samples)
	for i := range labels {
		labels[i] = F(i % 2)
	}
	b.Labels = [][]F{labels}
	return b
}

// pick takes some samples of a batch in a new order.
func pick[F kernel.Float](b model.Batch[F], rows ...int) model.Batch[F] {
	out := model.Batch[F]{Present: make([]bool, len(b.Series)*len(rows)), Labels: make([][]F, len(b.Labels))}
	for m, s := range b.Series {
		q := kernel.Series[F]{Start: []int{0}, Width: s.Width}
		for i, r := range rows {
			lo, hi := s.Start[r], s.Start[r+1]
			q.Times = append(q.Times, s.Times[lo:hi]...)
			q.Values = append(q.Values, s.Values[lo*s.Width:hi*s.Width]...)
			if s.Observed != nil {
				q.Observed = append(q.Observed, s.Observed[lo*s.Width:hi*s.Width]...)
			}
			q.Start = append(q.Start, len(q.Times))
			out.Present[m*len(rows)+i] = b.Present[m*b.Samples()+r]
		}
		out.Series = append(out.Series, q)
	}
	for t, labels := range b.Labels {
		for _, r := range rows {
			out.Labels[t] = append(out.Labels[t], labels[r])
		}
	}
	return out
}

func build[F kernel.Float](t *testing.T, c model.Config) *model.Model[F] {
	t.Helper()
	m, err := model.New[F](c, modalities, tasks, 1)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func predict[F kernel.Float](t *testing.T, m *model.Model[F], b model.Batch[F]) []F {
	t.Helper()
	out, err := m.Predict(nil, b)
	if err != nil {
		t.Fatal(err)
	}
	return slices.Clone(out.Logits[0])
}

// TestEveryParameterLearns fails if a gate, an expert or a missing indicator is left
// out of training, as the gates of the released code are.
func TestEveryParameterLearns(t *testing.T) {
	for name, router := range routers() {
		for _, noise := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s noise=%v", name, noise), func(t *testing.T) {
				c := small()
				c.Router = router
				c.Router.Noise = noise
				c.Pooling = kernel.AttentionSteps
				m := build[float64](t, c)
				if _, err := m.Train(nil, cohort[float64](14), op.Step{Seed: 1, Number: 1, Training: true}); err != nil {
					t.Fatal(err)
				}
				for _, p := range m.Parameters() {
					if !anyNonZero(p.Grad) {
						t.Errorf("%s receives no gradient", p.Name)
					}
				}
			})
		}
	}
}

// TestEveryGateAndExpertLearns looks closer: each gate vector, each expert and each
// modality's indicator on its own.
func TestEveryGateAndExpertLearns(t *testing.T) {
	c := small()
	c.Entropy = 0.1
	m := build[float64](t, c)
	if _, err := m.Train(nil, cohort[float64](14), op.Step{Seed: 1, Number: 1, Training: true}); err != nil {
		t.Fatal(err)
	}
	for _, p := range m.Parameters() {
		rows := 0
		switch {
		case strings.HasSuffix(p.Name, "gate.weight"):
			rows = p.Shape[0] * p.Shape[1]
		case strings.Contains(p.Name, ".expert."), p.Name == "missing":
			rows = p.Shape[0]
		}
		for i := range rows {
			width := len(p.Grad) / rows
			if !anyNonZero(p.Grad[i*width : (i+1)*width]) {
				t.Errorf("%s: part %d of %d receives no gradient", p.Name, i, rows)
			}
		}
	}
}

func anyNonZero(x []float64) bool {
	return slices.ContainsFunc(x, func(v float64) bool { return v != 0 })
}

// TestPredictionIgnoresCompany holds the promise that a sample's prediction is the
// same bits alone, in any batch and in any order. The released code mixes the samples
// of a batch.
func TestPredictionIgnoresCompany(t *testing.T) {
	for name, router := range routers() {
		t.Run(name, func(t *testing.T) {
			c := small()
			c.Router = router
			m := build[float32](t, c)
			all := cohort[float32](9)
			together := predict(t, m, all)
			reversed := predict(t, m, pick(all, 8, 7, 6, 5, 4, 3, 2, 1, 0))
			for i, want := range together {
				if alone := predict(t, m, pick(all, i))[0]; alone != want {
					t.Errorf("sample %d: %v alone, %v in the batch", i, alone, want)
				}
				if got := reversed[8-i]; got != want {
					t.Errorf("sample %d: %v in reverse order, %v in order", i, got, want)
				}
			}
		})
	}
}

// TestWorkersDoNotMatter holds training to the same bits on any number of cores.
func TestWorkersDoNotMatter(t *testing.T) {
	var want []float32
	for _, workers := range []int{1, 2, 3, 8} {
		pool := kernel.NewPool(workers)
		m := build[float32](t, small())
		if _, err := m.Train(pool, cohort[float32](9), op.Step{Seed: 1, Number: 1, Training: true}); err != nil {
			t.Fatal(err)
		}
		pool.Close()
		var grads []float32
		for _, p := range m.Parameters() {
			grads = append(grads, p.Grad...)
		}
		if want == nil {
			want = grads
		}
		if !slices.Equal(grads, want) {
			t.Errorf("%d workers give other gradients than one", workers)
		}
	}
}

// TestEvaluationIsDeterministic fails if noise or dropout reaches a prediction, as the
// gate noise of the released code does.
func TestEvaluationIsDeterministic(t *testing.T) {
	c := small()
	c.Router.Noise, c.Dropout, c.ModalityDropout = true, 0.5, 0.5
	m := build[float32](t, c)
	all := cohort[float32](9)
	first := predict(t, m, all)
	if _, err := m.Train(nil, all, op.Step{Seed: 1, Number: 1, Training: true}); err != nil {
		t.Fatal(err)
	}
	if again := predict(t, m, all); !slices.Equal(first, again) {
		t.Errorf("two predictions differ: %v and %v", first, again)
	}
}

// TestNoiseInTraining makes sure that the noise that evaluation lacks is there in
// training, and a function of seed and step.
func TestNoiseInTraining(t *testing.T) {
	c := small()
	c.Router.Noise = true
	m := build[float64](t, c)
	loss := func(number uint64) float64 {
		l, err := m.Train(nil, cohort[float64](9), op.Step{Seed: 1, Number: number, Training: true})
		if err != nil {
			t.Fatal(err)
		}
		m.EndStep()
		return l["total"]
	}
	one, two, again := loss(1), loss(2), loss(1)
	if one == two {
		t.Error("two steps draw the same noise")
	}
	if one != again {
		t.Error("the same step draws other noise the second time")
	}
}

// TestIndicatorReplacesTheMissingModality changes one indicator and looks at who
// notices: exactly the samples without that modality.
func TestIndicatorReplacesTheMissingModality(t *testing.T) {
	for name, router := range routers() {
		if router.Kind == routing.Disjoint {
			// A missing modality is heard there only through pooling and its own layers.
			continue
		}
		t.Run(name, func(t *testing.T) {
			c := small()
			c.Router = router
			m := build[float64](t, c)
			all := cohort[float64](9)
			for i, modality := range modalities {
				before := predict(t, m, all)
				perturbIndicator(m, i)
				after := predict(t, m, all)
				for s := range before {
					missing := !all.Present[i*all.Samples()+s]
					if changed := before[s] != after[s]; changed != missing {
						t.Errorf("sample %d: %s missing %v, prediction changed %v", s, modality.Name, missing, changed)
					}
				}
			}
		})
	}
}

func perturbIndicator(m *model.Model[float64], modality int) {
	for _, p := range m.Parameters() {
		if p.Name == "missing" {
			n := len(p.Value) / len(modalities)
			for i := range n { // not by a constant, which the layer norms would remove
				p.Value[modality*n+i] += math.Sin(float64(i))
			}
		}
	}
}

// TestEntropyIsBounded checks -log(min(M, S)) <= E <= 0 while a per-modality router
// learns to minimise it.
func TestEntropyIsBounded(t *testing.T) {
	c := small()
	c.Entropy = 1
	m := build[float64](t, c)
	floor := -math.Log(float64(min(len(modalities), c.Router.Experts)))
	first, last := 0.0, 0.0
	for i := range 30 {
		losses, err := m.Train(nil, cohort[float64](9), op.Step{Seed: 1, Number: uint64(i + 1), Training: true})
		if err != nil {
			t.Fatal(err)
		}
		m.EndStep()
		if e := losses["entropy"]; e > 0 || e < floor {
			t.Fatalf("entropy loss %v outside [%v, 0]", e, floor)
		}
		if i == 0 {
			first = losses["entropy"]
		}
		last = losses["entropy"]
		descend(m, 0.05)
	}
	if last >= first {
		t.Errorf("the entropy loss does not fall: %v, then %v", first, last)
	}
}

func descend(m *model.Model[float64], rate float64) {
	for _, p := range m.Parameters() {
		for i, g := range p.Grad {
			p.Value[i] -= rate * g
		}
		clear(p.Grad)
	}
}

// TestImpossibleRouters lists what a config cannot ask for.
func TestImpossibleRouters(t *testing.T) {
	for _, test := range []struct {
		name string
		edit func(*model.Config)
		want string
	}{
		{"entropy of a joint router", func(c *model.Config) { c.Router.Kind, c.Entropy = routing.Joint, 1 }, "undefined"},
		{"entropy of disjoint pools", func(c *model.Config) { c.Router.Kind, c.Entropy = routing.Disjoint, 1 }, "constant"},
		{"pools too small", func(c *model.Config) { c.Router.Kind, c.Router.TopK = routing.Disjoint, 3 }, "fewer than top-k"},
		{"top-k beyond the experts", func(c *model.Config) { c.Router.TopK = 7 }, "exceeds"},
		{"heads that do not divide", func(c *model.Config) { c.Heads = 3 }, "divisible"},
	} {
		t.Run(test.name, func(t *testing.T) {
			c := small()
			test.edit(&c)
			_, err := model.New[float32](c, modalities, tasks, 1)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got error %v, want one that says %q", err, test.want)
			}
		})
	}
}

// awayFromKinks enlarges the embeddings, whose layer norms bend sharply near 0. With
// every expert chosen the top-k has no kinks either.
func awayFromKinks(m *model.Model[float64]) {
	for _, p := range m.Parameters() {
		if p.Name == "missing" || p.Name == "modality" || p.Name == "position" {
			for i := range p.Value {
				p.Value[i] *= 50
			}
		}
	}
}

// TestModelGradients checks the whole network by finite differences, for each router.
func TestModelGradients(t *testing.T) {
	for _, kind := range []routing.Kind{routing.Joint, routing.PerModality, routing.Disjoint} {
		t.Run(string(kind), func(t *testing.T) {
			c := small()
			c.Steps, c.Width, c.Hidden, c.Layers = 3, 4, 3, 1
			c.Balance = 0 // its prior sums change from run to run
			c.Router.Kind, c.Router.Hidden = kind, 2
			if c.Router.TopK = c.Router.Experts; kind == routing.Disjoint {
				c.Router.TopK = c.Router.Experts / len(modalities)
			}
			m := build[float64](t, c)
			awayFromKinks(m)
			batch := cohort[float64](3)
			step := op.Step{Seed: 1, Number: 1, Training: true}
			run := func() float64 {
				losses, err := m.Train(nil, batch, step)
				if err != nil {
					t.Fatal(err)
				}
				return losses["total"]
			}
			run()
			var values, grads [][]float64
			for _, p := range m.Parameters() {
				n := min(len(p.Value), 6) // of each: the kernels' own tests look at all
				values = append(values, p.Value[:n])
				grads = append(grads, slices.Clone(p.Grad[:n]))
			}
			kerneltest.CheckGradients(t, run, values, grads)
		})
	}
}
