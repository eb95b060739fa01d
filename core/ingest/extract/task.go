package extract

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/fusemoe/fusemoe/core/data"
	"github.com/fusemoe/fusemoe/core/ingest/cohort"
	"github.com/fusemoe/fusemoe/core/ingest/phenotype"
)

// TaskKind says what is predicted.
type TaskKind uint8

// What can be predicted of a stay.
const (
	Mortality    TaskKind = iota // death in hospital
	LengthOfStay                 // discharge alive within 48 hours after the window
	Phenotypes                   // the 25 phenotypes of package phenotype
	Outcome                      // what a user's own table of stays says, as cohort.Stay.Died
)

// Task is what is predicted, and from how much of a stay.
type Task struct {
	Name   string
	Kind   TaskKind
	Window float64 // hours; 0: the whole stay
}

// ParseTask reads 48-ihm, with any number of hours, los or 25-phe.
func ParseTask(name string) (Task, error) {
	switch name {
	case "los":
		return Task{name, LengthOfStay, 48}, nil
	case "25-phe":
		return Task{name, Phenotypes, 0}, nil
	}
	if hours, ok := strings.CutSuffix(name, "-ihm"); ok {
		if h, err := strconv.Atoi(hours); err == nil && h > 0 {
			return Task{name, Mortality, float64(h)}, nil
		}
	}
	return Task{}, fmt.Errorf("%q is no task; there is 48-ihm, with any number of hours: death in hospital from the first 48; "+
		"los: discharge alive within 48 hours after the first 48; 25-phe: 25 phenotypes of the whole stay", name)
}

// dischargeHours is how soon after the window a discharge alive is a short stay: two days
// (Han et al. 2024), so less than 96 hours from the begin with the usual window.
const dischargeHours = 48

// task is the task as the dataset has it.
func (t Task) task() data.Task {
	switch t.Kind {
	case LengthOfStay:
		return data.Task{Name: "discharge_within_48h", Kind: data.Binary, Columns: []string{"discharge_within_48h"}}
	case Phenotypes:
		return data.Task{Name: "phenotypes", Kind: data.Multilabel, Columns: phenotype.Labels()}
	}
	if t.Kind == Outcome {
		return data.Task{Name: t.Name, Kind: data.Binary, Columns: []string{t.Name}}
	}
	return data.Task{Name: "in_hospital_death", Kind: data.Binary, Columns: []string{"in_hospital_death"}}
}

// phenotypesAStratum makes some four strata of how many phenotypes a stay has.
const phenotypesAStratum = 4

// labels are those of a stay, and its stratum: whether it has them, or how many.
func (t Task) labels(s *cohort.Stay, r cohort.Rules, coded map[int64]phenotype.Set) (labels []float64, stratum int) {
	switch t.Kind {
	case Mortality, Outcome:
		labels = []float64{bit(s.Died)}
	case LengthOfStay:
		labels = []float64{bit(!s.Died && float64(s.Out-s.In) < 3600*(r.Window+r.Gap+dischargeHours))}
	case Phenotypes:
		for i := range phenotype.Labels() {
			labels = append(labels, bit(coded[s.Visit].Has(i)))
		}
	}
	for _, v := range labels {
		stratum += int(v)
	}
	if t.Kind == Phenotypes {
		stratum /= phenotypesAStratum
	}
	return labels, stratum
}

func bit(b bool) float64 {
	if b {
		return 1
	}
	return 0
}
