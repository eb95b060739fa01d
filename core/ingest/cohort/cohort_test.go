package cohort_test

import (
	"bytes"
	"fmt"
	"os"
	"testing"

	"pgregory.net/rapid"

	"github.com/fusemoe/fusemoe/core/data"
	"github.com/fusemoe/fusemoe/core/ingest/cohort"
)

const hour = 3600

func ExampleSelect() {
	stays := []cohort.Stay{
		{ID: "1", Patient: "a", Out: 60 * hour, OutcomeKnown: true, Died: true},
		{ID: "2", Patient: "a", In: 100 * hour, Out: 200 * hour, OutcomeKnown: true},
		{ID: "3", Patient: "b", Out: 20 * hour, OutcomeKnown: true},
		{ID: "4", Patient: "c", Out: 90 * hour},
	}
	_, flow := cohort.Select(stays, cohort.Rules{Window: 48, FirstOnly: true})
	_ = flow.WriteTable(os.Stdout, "deaths")
	// Output:
	//   excluded  stays  patients  deaths  cohort
	//                 4         3       1  stays in intensive care
	//          1      3         2       1  the outcome is unknown
	//          1      2         2       1  not the patient's first stay
	//          1      1         1       1  shorter than 48 hours
}

func TestFlowAsCSV(t *testing.T) {
	_, flow := cohort.Select([]cohort.Stay{{ID: "1", Patient: "a", Out: hour}}, cohort.Rules{})
	var b bytes.Buffer
	if err := flow.WriteCSV(&b, "deaths"); err != nil {
		t.Fatal(err)
	}
	want := "step,excluded_stays,excluded_patients,excluded_deaths,stays,patients,deaths\n" +
		"stays in intensive care,0,0,0,1,1,0\nthe outcome is unknown,1,1,0,0,0,0\n"
	if b.String() != want {
		t.Errorf("%s\nwant\n%s", b.String(), want)
	}
}

func TestRulesThatMakeNoSense(t *testing.T) {
	for _, r := range []cohort.Rules{{Window: -1}, {Gap: 3}, {Window: 48, Gap: -1}, {MinAge: 90, MaxAge: 18}} {
		if r.Validate() == nil {
			t.Errorf("%+v is taken", r)
		}
	}
	if err := (cohort.Rules{Window: 48, Gap: 6, MinAge: 18}).Validate(); err != nil {
		t.Error(err)
	}
	for _, p := range []cohort.Plan{{Fold: 1, Folds: 2}, {Fold: 6, Folds: 5}, {Folds: 5}} {
		if p.Validate() == nil {
			t.Errorf("%+v is taken", p)
		}
	}
}

func TestGuard(t *testing.T) {
	s := cohort.Stay{In: 1000, Out: 1000 + 50*hour}
	end := int64(1000 + 48*hour)
	for name, c := range map[string]struct {
		window          float64
		recorded, known int64
		want            float64 // -1: blocked
	}{
		"at the begin":                 {48, 1000, 1000, 0},
		"before":                       {48, 999, 2000, -1},
		"just within":                  {48, end - 1, end - 1, 48 - 1.0/3600},
		"at the end":                   {48, end, end, -1},
		"known too late":               {48, end - 10, end, -1},
		"known before it was recorded": {48, 4600, 1000, 1}, // clocks differ
		"whole stay, at its end":       {0, s.Out, s.Out, 50},
		"whole stay, after it":         {0, s.Out + 1, s.Out + 1, -1},
	} {
		g := cohort.Guard{Window: c.window}
		hours, ok := g.Place(&s, c.recorded, c.known)
		if ok != (c.want >= 0) || ok && fmt.Sprintf("%.6f", hours) != fmt.Sprintf("%.6f", c.want) {
			t.Errorf("%s: %v %v", name, hours, ok)
		}
		if g.Kept+g.Before+g.After+g.Late != 1 {
			t.Errorf("%s: counts %+v", name, g)
		}
	}
}

// Whatever the stays, no patient is in two splits, strata are shared out in proportion,
// and neither the order of the stays nor anything but the seed has a part in it.
func TestSplit(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		plan := rapid.SampledFrom([]cohort.Plan{{}, {Seed: 7}, {Fold: 2, Folds: 5}, {Fold: 3, Folds: 3}}).Draw(t, "plan")
		var samples []cohort.Candidate
		for range rapid.IntRange(1, 200).Draw(t, "stays") {
			p := rapid.IntRange(0, 80).Draw(t, "patient")
			samples = append(samples, cohort.Candidate{Patient: fmt.Sprint(p), Stratum: p % 7 / 6})
		}
		splits := cohort.Split(samples, plan)
		of := map[string]data.Split{}
		var patients [2][3]int
		for i, s := range samples {
			if old, seen := of[s.Patient]; seen && old != splits[i] {
				t.Fatalf("patient %s is in %s and %s", s.Patient, old, splits[i])
			} else if !seen {
				patients[s.Stratum][splits[i]]++
			}
			of[s.Patient] = splits[i]
		}
		for stratum, n := range patients {
			total := n[0] + n[1] + n[2]
			share := 0.15
			if plan.Folds > 0 {
				share = 1 / float64(plan.Folds)
			}
			for _, split := range []data.Split{data.Val, data.Test} {
				if d := float64(n[split]) - share*float64(total); d > 1.01 || d < -1.01 {
					t.Fatalf("stratum %d: %v", stratum, n)
				}
			}
		}
		order := rapid.Permutation(samples).Draw(t, "order")
		for i, split := range cohort.Split(order, plan) {
			if of[order[i].Patient] != split {
				t.Fatal("the order of stays changes the split")
			}
		}
	})
}

// Every patient is tested on in exactly one fold.
func TestFolds(t *testing.T) {
	var samples []cohort.Candidate
	for i := range 53 {
		samples = append(samples, cohort.Candidate{Patient: fmt.Sprint(i), Stratum: i % 2})
	}
	tested := make([]int, len(samples))
	for fold := 1; fold <= 5; fold++ {
		for i, split := range cohort.Split(samples, cohort.Plan{Fold: fold, Folds: 5}) {
			if split == data.Test {
				tested[i]++
			}
		}
	}
	for i, n := range tested {
		if n != 1 {
			t.Errorf("patient %d is tested on in %d folds", i, n)
		}
	}
}
