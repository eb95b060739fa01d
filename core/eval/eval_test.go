package eval_test

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/fusemoe/fusemoe/core/eval"
)

var nan = float32(math.NaN())

func death(labels []float32, scores []float64) eval.Predictions {
	task := eval.Task{Name: "death", Kind: eval.Binary, Columns: []string{"death"}}
	return eval.Predictions{Task: task, Labels: labels, Scores: scores}
}

func TestOneClassOnlyIsNullAndNeverPanics(t *testing.T) {
	for name, label := range map[string]float32{"negatives": 0, "positives": 1} {
		t.Run(name, func(t *testing.T) {
			m := eval.Evaluate(death([]float32{label, label}, []float64{0.2, 0.7}), eval.Options{Resamples: 10})
			for _, name := range []string{"auroc", "auprc", "f1", "f1_tuned", "threshold", "min_se_ppv"} {
				if v := m.Value(name); !math.IsNaN(v) {
					t.Errorf("%s = %v, want NaN", name, v)
				}
			}
			if v := m.Value("brier"); !(v > 0) {
				t.Errorf("brier = %v: it needs no second class", v)
			}
			text, err := json.Marshal(m)
			if err != nil || !strings.HasPrefix(string(text), `{"auroc":null,"auprc":null,`) {
				t.Errorf("JSON %s, error %v", text, err)
			}
		})
	}
}

func TestNoSamples(t *testing.T) {
	for _, kind := range []eval.Kind{eval.Binary, eval.Multilabel, eval.Multiclass, eval.Regression} {
		task := eval.Task{Kind: kind, Columns: []string{"y"}}
		if kind == eval.Multiclass {
			task.Classes = []string{"a", "b"}
		}
		m := eval.Evaluate(eval.Predictions{Task: task}, eval.Options{Resamples: 10})
		if m.Value("n") != 0 {
			t.Errorf("%s: n = %v", kind, m.Value("n"))
		}
		if _, err := json.Marshal(m); err != nil {
			t.Errorf("%s: %v", kind, err)
		}
	}
}

// A diverged model must not be scored on the samples that it still answers.
func TestScoreThatIsNotFiniteVoidsTheMetrics(t *testing.T) {
	for _, bad := range []float64{math.NaN(), math.Inf(1)} {
		m := eval.Evaluate(death([]float32{0, 1, 0, 1}, []float64{0.1, 0.9, 0.2, bad}), eval.Options{Resamples: 10})
		for _, v := range m.Values {
			counts := v.Name == "n" || v.Name == "positives"
			if math.IsNaN(v.Value) == counts {
				t.Errorf("score %v: %s = %v", bad, v.Name, v.Value)
			}
		}
	}
}

func TestConstantLabelsHaveNoCorrelation(t *testing.T) {
	task := eval.Task{Kind: eval.Regression, Columns: []string{"days"}}
	// 0.1 is not exact in binary: its mean differs from it by rounding.
	p := eval.Predictions{Task: task, Labels: []float32{0.1, 0.1, 0.1}, Scores: []float64{1, 2, 3}}
	m := eval.Evaluate(p, eval.Options{Resamples: 10})
	if !math.IsNaN(m.Value("pearson")) || !math.IsNaN(m.Value("r2")) {
		t.Errorf("pearson %v, r2 %v, want NaN", m.Value("pearson"), m.Value("r2"))
	}
	if math.Abs(m.Value("mae")-1.9) > 1e-6 {
		t.Errorf("mae = %v", m.Value("mae"))
	}
}

func TestMultilabelLeavesUnknownAndOneClassLabelsOutOfTheMean(t *testing.T) {
	p := eval.Predictions{
		Task:   eval.Task{Kind: eval.Multilabel, Columns: []string{"sepsis", "shock"}},
		Labels: []float32{0, 0, 1, 0, 1, nan, nan, nan},
		Scores: []float64{0.1, 0.3, 0.8, 0.2, 0.6, 0.9, 0.5, 0.5},
	}
	m := eval.Evaluate(p, eval.Options{})
	if got := m.Value("auroc"); got != 1 {
		t.Errorf("macro AUROC %v: shock has one class and counts for nothing, sepsis is perfect", got)
	}
	if m.Value("n") != 3 || m.Labels[1].Metrics.Value("n") != 2 {
		t.Errorf("n = %v, of shock %v, want 3 and 2", m.Value("n"), m.Labels[1].Metrics.Value("n"))
	}
}

func TestValidationThresholdsServeTheTestSet(t *testing.T) {
	val := eval.Evaluate(death([]float32{0, 0, 1, 1}, []float64{0.1, 0.2, 0.3, 0.4}), eval.Options{})
	if diff := cmp.Diff([]float64{0.3}, val.Thresholds()); diff != "" {
		t.Fatal(diff)
	}
	test := eval.Evaluate(death([]float32{0, 1, 1}, []float64{0.35, 0.29, 0.9}),
		eval.Options{Thresholds: val.Thresholds()})
	if test.Value("threshold") != 0.3 || test.Value("f1_tuned") != 0.5 {
		t.Errorf("threshold %v, F1 there %v", test.Value("threshold"), test.Value("f1_tuned"))
	}
	never := eval.Evaluate(death([]float32{0, 1}, []float64{0.1, 0.9}), eval.Options{Thresholds: []float64{math.NaN()}})
	if v := never.Value("f1_tuned"); !math.IsNaN(v) {
		t.Errorf("F1 at no threshold is %v", v)
	}
}

func TestIntervalsRepeatWithTheSeedAndHoldTheValue(t *testing.T) {
	p := cohort(400, 300)
	once := eval.Evaluate(p, eval.Options{Resamples: 200, Seed: 1})
	again := eval.Evaluate(p, eval.Options{Resamples: 200, Seed: 1})
	other := eval.Evaluate(p, eval.Options{Resamples: 200, Seed: 2})
	low, high, ok := once.Interval("auroc")
	if low2, high2, _ := again.Interval("auroc"); low != low2 || high != high2 {
		t.Error("the same seed gives another interval")
	}
	if low2, _, _ := other.Interval("auroc"); low == low2 {
		t.Error("another seed gives the same interval")
	}
	if v := once.Value("auroc"); !ok || !(low < v && v < high) {
		t.Errorf("AUROC %v outside of [%v, %v]", v, low, high)
	}
}

// Five copies of every stay add nothing that was not known: resampled by patient the interval stays as wide.
func TestIntervalsAreOverPatientsNotSamples(t *testing.T) {
	single := cohort(200, 200)
	fivefold := eval.Predictions{Task: single.Task}
	for range 5 {
		fivefold.Labels = append(fivefold.Labels, single.Labels...)
		fivefold.Scores = append(fivefold.Scores, single.Scores...)
		fivefold.Patients = append(fivefold.Patients, single.Patients...)
	}
	width := func(p eval.Predictions) float64 {
		low, high, _ := eval.Evaluate(p, eval.Options{Resamples: 500}).Interval("auroc")
		return high - low
	}
	want, got := width(single), width(fivefold)
	if math.Abs(got/want-1) > 1e-9 {
		t.Errorf("width %v with copies, %v without", got, want)
	}
	fivefold.Patients = nil
	if narrow := width(fivefold); narrow > 0.6*want {
		t.Errorf("width %v with every copy a patient of its own, want about %v", narrow, want/math.Sqrt(5))
	}
}

func TestResamplesOfOneClassAreDrawnAgain(t *testing.T) {
	p := death([]float32{1, 0, 0}, []float64{0.9, 0.1, 0.95})
	low, high, ok := eval.Evaluate(p, eval.Options{Resamples: 300}).Interval("auroc")
	if !ok || low != 0 || high != 1 {
		t.Errorf("[%v, %v] %v, want [0, 1]", low, high, ok)
	}
}

func TestOnePatientHasNoInterval(t *testing.T) {
	p := death([]float32{1, 0}, []float64{0.9, 0.1})
	p.Patients = []string{"a", "a"}
	if _, _, ok := eval.Evaluate(p, eval.Options{Resamples: 10}).Interval("auroc"); ok {
		t.Error("an interval from a single patient")
	}
}

// drawBinary makes predictions with many ties and both classes.
func drawBinary(t *rapid.T) eval.Predictions {
	n := rapid.IntRange(2, 40).Draw(t, "n")
	p := death([]float32{0, 1}, []float64{0.5, 0.5})
	for range n {
		p.Labels = append(p.Labels, float32(rapid.IntRange(0, 1).Draw(t, "label")))
		p.Scores = append(p.Scores, float64(rapid.IntRange(0, 10).Draw(t, "score"))/10)
	}
	return p
}

func TestOrderOfSamplesDoesNotMatter(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := drawBinary(t)
		shuffled := death(nil, nil)
		for _, i := range rapid.Permutation(indices(len(p.Labels))).Draw(t, "order") {
			shuffled.Labels = append(shuffled.Labels, p.Labels[i])
			shuffled.Scores = append(shuffled.Scores, p.Scores[i])
		}
		a, b := eval.Evaluate(p, eval.Options{}), eval.Evaluate(shuffled, eval.Options{})
		for _, v := range a.Values {
			if math.Abs(v.Value-b.Value(v.Name)) > 1e-12 {
				t.Errorf("%s is %v, shuffled %v", v.Name, v.Value, b.Value(v.Name))
			}
		}
	})
}

func TestRankingMetricsSeeRanksOnly(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := drawBinary(t)
		cubed, turned := death(p.Labels, nil), death(p.Labels, nil)
		for _, s := range p.Scores {
			cubed.Scores = append(cubed.Scores, s*s*s)
			turned.Scores = append(turned.Scores, 1-s)
		}
		a, b := eval.Evaluate(p, eval.Options{}), eval.Evaluate(cubed, eval.Options{})
		for _, name := range []string{"auroc", "auprc", "min_se_ppv", "f1_tuned"} {
			if a.Value(name) != b.Value(name) {
				t.Errorf("%s is %v, of cubed scores %v", name, a.Value(name), b.Value(name))
			}
		}
		if c := eval.Evaluate(turned, eval.Options{}); math.Abs(c.Value("auroc")-(1-a.Value("auroc"))) > 1e-12 {
			t.Errorf("AUROC %v, turned round %v", a.Value("auroc"), c.Value("auroc"))
		}
		if a.Value("f1_tuned") < a.Value("f1") {
			t.Errorf("F1 %v at its best threshold, %v at 0.5", a.Value("f1_tuned"), a.Value("f1"))
		}
	})
}

func indices(n int) []int {
	all := make([]int, n)
	for i := range all {
		all[i] = i
	}
	return all
}

// cohort makes n stays of about as many patients as named, of which a seventh dies.
func cohort(n, patients int) eval.Predictions {
	random := rand.New(rand.NewPCG(7, 7))
	p := death(nil, nil)
	for i := range n {
		y := 0.0
		if random.IntN(7) == 0 {
			y = 1
		}
		p.Labels = append(p.Labels, float32(y))
		p.Scores = append(p.Scores, 1/(1+math.Exp(2-1.4*y-random.NormFloat64())))
		p.Patients = append(p.Patients, strconv.Itoa(i%patients))
	}
	return p
}

func TestWrongShapesPanicWithAConstant(t *testing.T) {
	good := death([]float32{0, 1}, []float64{0.1, 0.2})
	for name, spoil := range map[string]func(*eval.Predictions){
		"unknown kind":       func(p *eval.Predictions) { p.Kind = "ordinal" },
		"two columns":        func(p *eval.Predictions) { p.Columns = []string{"a", "b"} },
		"a score too few":    func(p *eval.Predictions) { p.Scores = p.Scores[:1] },
		"a patient too few":  func(p *eval.Predictions) { p.Patients = []string{"a"} },
		"a label of 2":       func(p *eval.Predictions) { p.Labels = []float32{0, 2} },
		"one class declared": func(p *eval.Predictions) { p.Kind, p.Classes = eval.Multiclass, []string{"a"} },
	} {
		t.Run(name, func(t *testing.T) {
			defer func() {
				if text, _ := recover().(string); !strings.HasPrefix(text, "eval: ") {
					t.Errorf("panic %q", text)
				}
			}()
			p := good
			spoil(&p)
			eval.Evaluate(p, eval.Options{})
		})
	}
}

// A test set of 4,000 stays, 1,000 resamples, all metrics: under 3 s is the promise.
func BenchmarkIntervals(b *testing.B) {
	p := cohort(4000, 3500)
	for b.Loop() {
		eval.Evaluate(p, eval.Options{Resamples: 1000})
	}
}
