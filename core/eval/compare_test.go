package eval_test

import (
	"math"
	"math/rand/v2"
	"strconv"
	"testing"

	"github.com/fusemoe/fusemoe/core/eval"
)

// rivals are predictions of one set of patients, two samples each: the second model adds noise to the first.
func rivals(noise float64) (a, b eval.Predictions) {
	random := rand.New(rand.NewPCG(7, 7))
	a = death(nil, nil)
	for i := range 400 {
		y := float32(0)
		if random.Float64() < 0.3 {
			y = 1
		}
		z := float64(y)*1.5 + random.NormFloat64()
		a.Labels = append(a.Labels, y)
		a.Scores = append(a.Scores, 1/(1+math.Exp(-z)))
		a.Patients = append(a.Patients, strconv.Itoa(i/2))
	}
	b = a
	b.Scores = nil
	for _, p := range a.Scores {
		z := math.Log(p/(1-p)) + noise*random.NormFloat64()
		b.Scores = append(b.Scores, 1/(1+math.Exp(-z)))
	}
	return a, b
}

func near(a, b float64) bool { return math.Abs(a-b) < 1e-12 }

func one(p eval.Predictions) eval.Contender { return eval.Contender{Seeds: []eval.Predictions{p}} }

func difference(t *testing.T, all []eval.Difference, name string) eval.Difference {
	t.Helper()
	for _, d := range all {
		if d.Name == name {
			return d
		}
	}
	t.Fatalf("no %s", name)
	return eval.Difference{}
}

func TestCompareWithItselfIsZero(t *testing.T) {
	a, _ := rivals(0)
	for _, d := range eval.Compare(one(a), one(a), eval.Options{Resamples: 50, Seed: 1}) {
		if d.Name == "f1_tuned" { // no threshold was given
			continue
		}
		if d.Difference != 0 || d.Low != 0 || d.High != 0 || d.Verdict() != 0 {
			t.Errorf("%+v", d)
		}
	}
}

// The metrics of each side are those of Evaluate, and swapping the sides turns every interval about.
func TestCompareIsEvaluateTwice(t *testing.T) {
	a, b := rivals(3)
	o := eval.Options{Resamples: 200, Seed: 1}
	there, back := eval.Compare(one(a), one(b), o), eval.Compare(one(b), one(a), o)
	alone := eval.Evaluate(b, eval.Options{})
	for i, d := range there {
		if d.Name == "f1_tuned" {
			continue
		}
		if d.B != alone.Value(d.Name) {
			t.Errorf("%s: %v, Evaluate says %v", d.Name, d.B, alone.Value(d.Name))
		}
		if r := back[i]; !near(d.Difference, -r.Difference) || !near(d.Low, -r.High) || !near(d.High, -r.Low) {
			t.Errorf("%s: [%v, %v], turned about [%v, %v]", d.Name, d.Low, d.High, r.Low, r.High)
		}
	}
	if d := difference(t, there, "auroc"); d.Verdict() != -1 {
		t.Errorf("noise of three logits is no worse: %+v", d)
	}
	if d := difference(t, there, "brier"); d.Verdict() != -1 || d.Low < 0 {
		t.Errorf("a larger Brier score is worse: %+v", d)
	}
}

// Two models that fail on the same patients differ by less than their own intervals suggest.
func TestPairingNarrowsTheInterval(t *testing.T) {
	a, b := rivals(0.3)
	o := eval.Options{Resamples: 500, Seed: 1}
	d := difference(t, eval.Compare(one(a), one(b), o), "auroc")
	low, high, _ := eval.Evaluate(a, o).Interval("auroc")
	if paired, alone := d.High-d.Low, high-low; paired > alone/2 {
		t.Errorf("width %.4f, of one model alone %.4f", paired, alone)
	}
}

func TestSeedsCountByTheirMean(t *testing.T) {
	a, b := rivals(2)
	both := eval.Contender{Seeds: []eval.Predictions{a, b}, Thresholds: [][]float64{{0.4}, {0.6}}}
	d := difference(t, eval.Compare(one(a), both, eval.Options{}), "auroc")
	want := (eval.Evaluate(a, eval.Options{}).Value("auroc") + eval.Evaluate(b, eval.Options{}).Value("auroc")) / 2
	if math.Abs(d.B-want) > 1e-15 || !math.IsNaN(d.Low) {
		t.Errorf("%+v, want a mean of %v and no interval", d, want)
	}
}

func TestADivergedModelHasNoDifference(t *testing.T) {
	a, b := rivals(1)
	b.Scores[3] = math.NaN()
	for _, d := range eval.Compare(one(a), one(b), eval.Options{Resamples: 10}) {
		if !math.IsNaN(d.Difference) || d.Verdict() != 0 {
			t.Errorf("%+v", d)
		}
	}
}
