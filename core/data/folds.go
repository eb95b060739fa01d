package data

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"slices"
)

// Folds divides all samples anew, by patient, into k datasets: each has another k-th of
// the patients in its test split, a k-th of the others in its validation split (of two
// folds a third), and the rest to train on. Patients of whom a sample is positive in the given task, if that is
// binary, are spread evenly. The order is a function of the patients' names alone.
func (d *Dataset) Folds(k int, task string) ([]*Dataset, error) {
	patients, err := d.strata(task)
	if err != nil {
		return nil, err
	}
	if k < 2 || k > len(patients) {
		return nil, fmt.Errorf("%d folds of %d patients: want at least 2 and at most one fold a patient", k, len(patients))
	}
	var r report
	folds := make([]*Dataset, k)
	for f := range folds {
		split := make(map[string]Split, len(patients))
		others := 0
		for i, p := range patients {
			switch {
			case i%k == f:
				split[p.name] = Test
				continue
			case others%max(k, 3) == 0:
				split[p.name] = Val
			default:
				split[p.name] = Train
			}
			others++
		}
		splits := make([]Split, d.Len())
		for i, name := range d.Patients {
			splits[i] = split[name]
		}
		folds[f] = d.assigned(splits)
		folds[f].checkClasses(&r)
		if err := r.err(fmt.Sprintf("%s, fold %d of %d", d.Name, f+1, k)); err != nil {
			return nil, err
		}
	}
	return folds, nil
}

// stratum is a patient on the way into a fold.
type stratum struct {
	name     string
	positive bool
	order    [sha256.Size]byte
}

// strata lists the patients, the positive ones first, otherwise in an order that has
// nothing to do with time, place or outcome.
func (d *Dataset) strata(task string) ([]*stratum, error) {
	t, err := d.taskIndex(task)
	if err != nil {
		return nil, err
	}
	seen := map[string]*stratum{}
	var all []*stratum
	for i, name := range d.Patients {
		p := seen[name]
		if p == nil {
			p = &stratum{name: name, order: sha256.Sum256([]byte(name))}
			seen[name] = p
			all = append(all, p)
		}
		if d.Tasks[t].Kind == Binary && d.labels[t][i] == 1 {
			p.positive = true
		}
	}
	slices.SortFunc(all, func(a, b *stratum) int {
		switch {
		case a.positive && !b.positive:
			return -1
		case b.positive && !a.positive:
			return 1
		}
		return bytes.Compare(a.order[:], b.order[:])
	})
	return all, nil
}
