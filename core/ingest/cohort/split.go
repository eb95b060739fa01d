package cohort

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"fmt"
	"slices"

	"github.com/fusemoe/fusemoe/core/data"
)

// Plan says how patients are parted.
type Plan struct {
	Seed uint64
	// Fold, from 1 to Folds, is tested on and the next one chooses the epoch. Without
	// Folds it is 70 % of the patients for training, 15 % to choose by and 15 % to test.
	Fold, Folds int
}

// Validate reports a plan that cannot be followed.
func (p Plan) Validate() error {
	if p.Folds != 0 && (p.Folds < 3 || p.Fold < 1 || p.Fold > p.Folds) {
		return fmt.Errorf("fold %d of %d: give at least three folds, and a fold from 1 to their number", p.Fold, p.Folds)
	}
	return nil
}

// Candidate is a sample that is to be put into a split. Patients of the same stratum are
// shared out among the splits in proportion.
type Candidate struct {
	Patient string
	Stratum int
}

// Split parts patients, never stays: all samples of a patient are in one split. A patient
// belongs to the highest stratum of the samples. The order within a stratum is that of
// hashes of the seed and the patient, so it depends neither on the order of the tables
// nor on chance.
func Split(samples []Candidate, p Plan) []data.Split {
	stratum := map[string]int{}
	for _, s := range samples {
		if old, ok := stratum[s.Patient]; !ok || s.Stratum > old {
			stratum[s.Patient] = s.Stratum
		}
	}
	type patient struct {
		id      string
		stratum int
		key     [sha256.Size]byte
	}
	var patients []patient
	for id, s := range stratum {
		patients = append(patients, patient{id, s, sha256.Sum256(fmt.Appendf(nil, "split %d %s", p.Seed, id))})
	}
	slices.SortFunc(patients, func(a, b patient) int {
		return cmp.Or(cmp.Compare(b.stratum, a.stratum), bytes.Compare(a.key[:], b.key[:]))
	})
	of, first := map[string]data.Split{}, 0
	for i, one := range patients {
		if one.stratum != patients[first].stratum {
			first = i
		}
		of[one.id] = p.split(i - first)
	}
	splits := make([]data.Split, len(samples))
	for i, s := range samples {
		splits[i] = of[s.Patient]
	}
	return splits
}

// cycle is 14 train, 3 val and 3 test of 20, evenly spread, so that any run of patients
// is shared out in proportion and the first three already have each.
var cycle = [20]data.Split{
	data.Train, data.Val, data.Test, data.Train, data.Train, data.Train, data.Train, data.Train, data.Val, data.Test,
	data.Train, data.Train, data.Train, data.Train, data.Train, data.Val, data.Test, data.Train, data.Train, data.Train,
}

// split is that of patient i of a stratum.
func (p Plan) split(i int) data.Split {
	if p.Folds == 0 {
		return cycle[i%len(cycle)]
	}
	switch i % p.Folds {
	case p.Fold - 1:
		return data.Test
	case p.Fold % p.Folds:
		return data.Val
	}
	return data.Train
}
