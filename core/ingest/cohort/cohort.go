// Package cohort chooses the stays that a study is about: it excludes step by step and
// counts what each step excludes, parts patients into splits, and lets nothing into a
// sample that was not known before the end of its window.
//
//	kept, flow, err := cohort.Select(stays, cohort.Rules{Window: 48, MinAge: 18})
//	splits := cohort.Split(candidates, cohort.Plan{Seed: 1})
package cohort

import (
	"cmp"
	"fmt"
	"slices"
)

// Stay is one stay in intensive care.
type Stay struct {
	ID      string // of the sample
	Patient string
	Visit   int64 // the admission to hospital that it belongs to
	In, Out int64 // its begin and end, in seconds
	Age     float64
	// Died says that the patient did not leave the hospital alive. OutcomeKnown says that
	// this is known, AgeKnown the same of Age.
	Died, OutcomeKnown, AgeKnown bool
}

// Hours is the length of the stay.
func (s *Stay) Hours() float64 { return float64(s.Out-s.In) / 3600 }

// Rules say which stays are in the study, and how long each is watched.
type Rules struct {
	Window float64 // hours from the begin of the stay; 0: the whole stay
	// Gap is how many hours lie between the end of the window and what is predicted: a
	// stay must last beyond both.
	Gap            float64
	MinAge, MaxAge float64 // years; 0: no limit
	FirstOnly      bool    // only the first stay of each patient
}

// Validate reports rules that make no sense.
func (r Rules) Validate() error {
	switch {
	case r.Window < 0 || r.Gap < 0:
		return fmt.Errorf("a window of %g hours and a gap of %g hours: neither can be negative", r.Window, r.Gap)
	case r.Window == 0 && r.Gap > 0:
		return fmt.Errorf("a gap of %g hours needs a window: of a whole stay nothing is left to come", r.Gap)
	case r.MinAge < 0 || r.MaxAge < 0 || r.MaxAge > 0 && r.MaxAge < r.MinAge:
		return fmt.Errorf("ages from %g to %g: there is nobody between", r.MinAge, r.MaxAge)
	}
	return nil
}

// Count is of stays, their patients, and those that ended with a death in hospital.
type Count struct{ Stays, Patients, Deaths int }

// Step is one exclusion: what was left out, and what remained after it.
type Step struct {
	Reason         string
	Excluded, Left Count
}

// Flow is how the cohort came about. Its first step excludes nothing.
type Flow []Step

// Select leaves out stays step by step. The order of the rest is by patient and begin.
func Select(stays []Stay, r Rules) ([]Stay, Flow) {
	stays = slices.Clone(stays)
	slices.SortStableFunc(stays, func(a, b Stay) int {
		return cmp.Or(cmp.Compare(a.Patient, b.Patient), cmp.Compare(a.In, b.In), cmp.Compare(a.ID, b.ID))
	})
	flow := Flow{{Reason: "stays in intensive care", Left: count(stays)}}
	exclude := func(reason string, out func(i int, s *Stay) bool) {
		stays, flow = flow.exclude(stays, reason, out)
	}
	exclude("the outcome is unknown", func(_ int, s *Stay) bool { return !s.OutcomeKnown })
	if r.MinAge > 0 {
		exclude(fmt.Sprintf("younger than %g years, or of unknown age", r.MinAge), func(_ int, s *Stay) bool { return !s.AgeKnown || s.Age < r.MinAge })
	}
	if r.MaxAge > 0 {
		exclude(fmt.Sprintf("older than %g years, or of unknown age", r.MaxAge), func(_ int, s *Stay) bool { return !s.AgeKnown || s.Age > r.MaxAge })
	}
	if r.FirstOnly {
		before := stays
		exclude("not the patient's first stay", func(i int, s *Stay) bool { return i > 0 && before[i-1].Patient == s.Patient })
	}
	if r.Window > 0 {
		reason := fmt.Sprintf("shorter than %g hours", r.Window+r.Gap)
		exclude(reason, func(_ int, s *Stay) bool { return float64(s.Out-s.In) < 3600*(r.Window+r.Gap) })
	}
	return stays, flow
}

// Exclude is a further step, of stays without anything recorded in the window.
func (f Flow) Exclude(stays []Stay, reason string, out func(s *Stay) bool) ([]Stay, Flow) {
	return f.exclude(stays, reason, func(_ int, s *Stay) bool { return out(s) })
}

func (f Flow) exclude(stays []Stay, reason string, out func(i int, s *Stay) bool) ([]Stay, Flow) {
	var kept, gone []Stay
	for i := range stays {
		if out(i, &stays[i]) {
			gone = append(gone, stays[i])
		} else {
			kept = append(kept, stays[i])
		}
	}
	return kept, append(f, Step{Reason: reason, Excluded: count(gone), Left: count(kept)})
}

func count(stays []Stay) Count {
	c := Count{Stays: len(stays)}
	patients := map[string]bool{}
	for i := range stays {
		patients[stays[i].Patient] = true
		if stays[i].Died && stays[i].OutcomeKnown {
			c.Deaths++
		}
	}
	c.Patients = len(patients)
	return c
}
