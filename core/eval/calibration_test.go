package eval_test

import (
	"encoding/json"
	"math"
	"os"
	"strconv"
	"testing"

	"pgregory.net/rapid"

	"github.com/fusemoe/fusemoe/core/eval"
)

// calibrationCase is one case of testdata/calibration.json, which testdata/calibration.py writes: the first half
// of the samples is the validation split, the second the test split.
type calibrationCase struct {
	Name                  string
	Labels                []float32
	Scores                []float64
	Temperature, Isotonic []float64
	ROC, PR               [][2]float64
	Observed, Mean        []float64
	Benefit               map[string][2]float64
	Thresholds            []float64
	Operating             [][5]float64
}

func calibrationCases(t *testing.T) map[string]calibrationCase {
	t.Helper()
	text, err := os.ReadFile("testdata/calibration.json")
	if err != nil {
		t.Fatal(err)
	}
	var list []calibrationCase
	if err := json.Unmarshal(text, &list); err != nil {
		t.Fatal(err)
	}
	cases := map[string]calibrationCase{}
	for _, c := range list {
		cases[c.Name] = c
	}
	return cases
}

func (c calibrationCase) halves() (val, test eval.Predictions) {
	p := death(c.Labels, c.Scores)
	if c.Name == "multiclass" {
		p.Task = eval.Task{Name: "ward", Kind: eval.Multiclass, Columns: []string{"ward"}, Classes: []string{"a", "b", "c"}}
	}
	var rows [2][]int
	for i := range c.Labels {
		half := i * 2 / len(c.Labels)
		rows[half] = append(rows[half], i)
	}
	return p.Select(rows[0]), p.Select(rows[1])
}

func within(t *testing.T, what string, got, want []float64, tolerance float64) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%s: %d values, scikit-learn has %d", what, len(got), len(want))
	}
	for i := range got {
		if math.Abs(got[i]-want[i]) > tolerance {
			t.Fatalf("%s %d: %v, scikit-learn says %v", what, i, got[i], want[i])
		}
	}
}

func TestCalibrationEqualsScikitLearn(t *testing.T) {
	for name, c := range calibrationCases(t) {
		t.Run(name, func(t *testing.T) {
			val, test := c.halves()
			scaled := eval.Calibrate(val, eval.Temperature)
			// scikit-learn's search ends within 1e-5 of the temperature.
			within(t, "temperature", scaled.Apply(test.Task, test.Scores), c.Temperature, 1e-5)
			stepped := eval.Calibrate(val, eval.Isotonic)
			within(t, "isotonic", stepped.Apply(test.Task, test.Scores), c.Isotonic, 1e-9)
		})
	}
}

func TestCurvesEqualScikitLearn(t *testing.T) {
	c := calibrationCases(t)["binary"]
	_, test := c.halves()
	d := eval.Describe(test)[0]
	points := func(curve []eval.Point) (x, y []float64) {
		for _, p := range curve {
			x, y = append(x, p.X), append(y, p.Y)
		}
		return x, y
	}
	for what, pair := range map[string]struct {
		got  []eval.Point
		want [][2]float64
	}{"roc": {d.ROC, c.ROC}, "pr": {d.PR, c.PR}} {
		var x, y []float64
		for _, p := range pair.want {
			x, y = append(x, p[0]), append(y, p[1])
		}
		gotX, gotY := points(pair.got)
		within(t, what+" x", gotX, x, 1e-12)
		within(t, what+" y", gotY, y, 1e-12)
	}
	var observed, mean []float64
	for _, b := range d.Reliability.Bins {
		observed, mean = append(observed, b.Observed), append(mean, b.Mean)
		if !(b.Low <= b.Observed && b.Observed <= b.High) {
			t.Errorf("bin %+v lies outside of its interval", b)
		}
	}
	within(t, "observed", observed, c.Observed, 1e-12)
	within(t, "mean", mean, c.Mean, 1e-12)
	for _, b := range d.Benefit {
		if want, ok := c.Benefit[strconv.FormatFloat(b.Threshold, 'f', -1, 64)]; ok {
			within(t, "net benefit", []float64{b.Model, b.All}, want[:], 1e-12)
			delete(c.Benefit, strconv.FormatFloat(b.Threshold, 'f', -1, 64))
		}
	}
	if len(c.Benefit) > 0 {
		t.Errorf("no net benefit at %v", c.Benefit)
	}
}

func TestOperatingPointsEqualScikitLearn(t *testing.T) {
	c := calibrationCases(t)["binary"]
	_, test := c.halves()
	for i, p := range eval.OperatingPoints(test, 0, c.Thresholds, eval.Options{Resamples: 200, Seed: 1}) {
		all := []eval.Share{p.Sensitivity, p.Specificity, p.PPV, p.NPV, p.Alerts}
		for k, s := range all {
			within(t, "share", []float64{s.Value}, c.Operating[i][k:k+1], 1e-12)
			if !(s.Low < s.Value && s.Value < s.High) {
				t.Errorf("share %d of threshold %v: %+v", k, p.Threshold, s)
			}
		}
	}
}

func TestReliabilityIsTheCalibrationErrorOfTheMetrics(t *testing.T) {
	for _, r := range references(t) {
		p := r.predictions()
		if r.Kind != eval.Binary {
			continue
		}
		d, m := eval.Describe(p)[0], eval.Evaluate(p, eval.Options{})
		if d.Reliability.ECE != m.Value("ece") || math.Abs(d.Reliability.Brier-m.Value("brier")) > 1e-12 {
			t.Errorf("%s: %+v, metrics say %v and %v", r.Name, d.Reliability, m.Value("ece"), m.Value("brier"))
		}
		sum, n := 0.0, 0
		for _, b := range d.Reliability.Bins {
			sum += float64(b.N) * math.Abs(b.Mean-b.Observed)
			n += b.N
		}
		if math.Abs(sum/float64(n)-m.Value("ece")) > 1e-12 {
			t.Errorf("%s: the bins come to %v, not %v", r.Name, sum/float64(n), m.Value("ece"))
		}
	}
}

// A temperature changes no ranking, and fits the validation split at least as well as the scores did.
func TestTemperatureKeepsTheOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(2, 40).Draw(t, "n")
		p := death(nil, nil)
		for range n {
			p.Labels = append(p.Labels, float32(rapid.IntRange(0, 1).Draw(t, "label")))
			p.Scores = append(p.Scores, float64(rapid.IntRange(1, 99).Draw(t, "score"))/100)
		}
		q := p
		q.Scores = eval.Calibrate(p, eval.Temperature).Apply(p.Task, p.Scores)
		before, after := eval.Evaluate(p, eval.Options{}), eval.Evaluate(q, eval.Options{})
		if a, b := before.Value("auroc"), after.Value("auroc"); a != b && a == a {
			t.Errorf("AUROC %v became %v", a, b)
		}
		if a, b := before.Value("log_loss"), after.Value("log_loss"); b > a+1e-9 {
			t.Errorf("log loss %v became %v", a, b)
		}
	})
}

func TestWhatCannotBeCalibratedStays(t *testing.T) {
	days := eval.Predictions{
		Task:   eval.Task{Name: "days", Kind: eval.Regression, Columns: []string{"days"}},
		Labels: []float32{1, 2}, Scores: []float64{3, 4},
	}
	for name, p := range map[string]eval.Predictions{
		"a regression":    days,
		"one class":       death([]float32{0, 0}, []float64{0.2, 0.4}),
		"no samples":      death(nil, nil),
		"a diverged one":  death([]float32{0, 1}, []float64{0.2, math.NaN()}),
		"unknown labels":  death([]float32{nan, nan}, []float64{0.2, 0.4}),
		"certain rightly": death([]float32{0, 1}, []float64{0, 1}),
	} {
		got := eval.Calibrate(p, eval.Temperature).Apply(p.Task, p.Scores)
		for i, v := range got {
			if want := p.Scores[i]; math.Abs(v-want) > 1e-9 {
				t.Errorf("%s: %v became %v", name, want, v)
			}
		}
	}
}

func TestSensitivityThreshold(t *testing.T) {
	p := death([]float32{1, 0, 1, 0, 1, 1}, []float64{0.9, 0.8, 0.7, 0.6, 0.5, 0.4})
	for target, want := range map[float64]float64{0.25: 0.9, 0.5: 0.7, 0.51: 0.5, 1: 0.4} {
		if got := eval.SensitivityThreshold(p, 0, target); got != want {
			t.Errorf("sensitivity %v from %v on, want %v", target, got, want)
		}
	}
}

func TestMistakesComeMostConfidentFirst(t *testing.T) {
	p := death([]float32{0, 1, 1, 0, nan}, []float64{0.5, 0.1, 0.9, 0.1, 0.9})
	got := eval.Mistakes(p, 0, 0.2)
	// A miss at half the threshold outweighs a false alarm three eighths of the way to 1.
	if len(got) != 2 || got[0].Row != 1 || got[1].Row != 0 || got[0].Distance != 0.5 {
		t.Errorf("%+v", got)
	}
	ward := eval.Predictions{
		Task:   eval.Task{Kind: eval.Multiclass, Columns: []string{"w"}, Classes: []string{"a", "b"}},
		Labels: []float32{0, 1}, Scores: []float64{0.1, 0.9, 0.1, 0.9},
	}
	if m := eval.Mistakes(ward, 0, 0); len(m) != 1 || m[0].Predicted != "b" || m[0].True != "a" {
		t.Errorf("%+v", m)
	}
}
