package mimic

import (
	"context"
	"strconv"

	"github.com/fusemoe/fusemoe/core/ingest/cohort"
	"github.com/fusemoe/fusemoe/core/ingest/extract"
	"github.com/fusemoe/fusemoe/core/ingest/phenotype"
	"github.com/fusemoe/fusemoe/core/ingest/table"
)

// admission is what is known of one at its end.
type admission struct{ died, known bool }

// birth lets the age at a time be told: MIMIC-IV has the age in one year, MIMIC-III the
// date of birth.
type birth struct {
	age, year int64
	date      int64
}

// oldest is the age of whoever MIMIC makes 300 years old: over 89, of 91.4 in the median
// (documentation of MIMIC-III).
const oldest = 91.4

const secondsAYear = 365.25 * 86400

// readCohort reads the stays and chooses among them.
func (in *importer) readCohort(ctx context.Context) error {
	births, err := in.readPatients(ctx)
	if err != nil {
		return err
	}
	admissions, err := in.readAdmissions(ctx)
	if err != nil {
		return err
	}
	stays, subjects, err := in.readStays(ctx, births, admissions)
	if err != nil {
		return err
	}
	in.Stays, in.Flow = cohort.Select(stays, in.Rules)
	if in.Task.Kind == extract.Phenotypes {
		if in.Coded, err = in.readDiagnoses(ctx); err != nil {
			return err
		}
		in.Stays, in.Flow = in.Flow.Exclude(in.Stays, "no diagnosis is coded", func(s *cohort.Stay) bool {
			_, coded := in.Coded[s.Visit]
			return !coded
		})
	}
	for i := range in.Stays {
		id, _ := strconv.ParseInt(in.Stays[i].ID, 10, 64)
		in.ids = append(in.ids, id)
		in.subjects = append(in.subjects, subjects[id])
	}
	return nil
}

// open opens a table that must be there.
func (in *importer) open(ctx context.Context, dir, name string, columns ...string) (*table.Reader, error) {
	return extract.Open(ctx, dir, name, in.Table, columns...)
}

func (in *importer) readPatients(ctx context.Context) (map[int64]birth, error) {
	columns := []string{"subject_id", "anchor_age", "anchor_year"}
	if in.Version == III {
		columns = []string{"subject_id", "dob"}
	}
	r, err := in.open(ctx, in.Hosp, "patients", columns...)
	if err != nil {
		return nil, err
	}
	births := map[int64]birth{}
	for r.Next() {
		subject, ok := r.Int(0)
		if !ok {
			continue
		}
		var b birth
		if in.Version == III {
			b.date, ok = r.Time(1)
		} else {
			var ok2 bool
			b.age, ok = r.Int(1)
			b.year, ok2 = r.Int(2)
			ok = ok && ok2
		}
		if ok {
			births[subject] = b
		}
	}
	return births, r.Close()
}

// age is that of a patient at a time. From whole years it is known to a year.
func (b birth) ageAt(v Version, at int64) float64 {
	if v == III {
		if age := float64(at-b.date) / secondsAYear; age < 120 {
			return age
		}
		return oldest
	}
	return float64(b.age + yearOf(at) - b.year)
}

// yearOf is the year of a time in the Gregorian calendar, found from the mean year.
func yearOf(seconds int64) int64 {
	year := 1970 + int64(float64(seconds)/(365.2425*86400))
	for {
		switch {
		case seconds < newYear(year):
			year--
		case seconds >= newYear(year+1):
			year++
		default:
			return year
		}
	}
}

func newYear(year int64) int64 {
	seconds, _ := table.ParseTime([]byte(strconv.FormatInt(year, 10) + "-01-01"))
	return seconds
}

func (in *importer) readAdmissions(ctx context.Context) (map[int64]admission, error) {
	r, err := in.open(ctx, in.Hosp, "admissions", "hadm_id", "hospital_expire_flag")
	if err != nil {
		return nil, err
	}
	admissions := map[int64]admission{}
	for r.Next() {
		id, ok := r.Int(0)
		flag, known := r.Int(1)
		if ok && known && flag != 0 && flag != 1 {
			r.Reject(1, "is neither 0 nor 1", "")
			continue
		}
		if ok {
			admissions[id] = admission{died: flag == 1, known: known}
		}
	}
	return admissions, r.Close()
}

// readStays reads all stays, and whose each is.
func (in *importer) readStays(ctx context.Context, births map[int64]birth, admissions map[int64]admission) ([]cohort.Stay, map[int64]int64, error) {
	r, err := in.open(ctx, in.ICU, "icustays", "stay_id|icustay_id", "subject_id", "hadm_id", "intime", "outtime")
	if err != nil {
		return nil, nil, err
	}
	var stays []cohort.Stay
	subjects := map[int64]int64{}
	for r.Next() {
		id, ok1 := r.Int(0)
		subject, ok2 := r.Int(1)
		visit, _ := r.Int(2)
		begin, ok3 := r.Time(3)
		end, ended := r.Time(4)
		switch {
		case !ok1 || !ok2 || !ok3:
			r.Reject(0, "the stay has no number, patient or begin", "")
			continue
		case ended && end < begin:
			r.Reject(4, "the stay ends before it begins", "correct intime or outtime")
			continue
		}
		if _, twice := subjects[id]; twice {
			r.Reject(0, "is of a stay that came before", "")
			continue
		}
		subjects[id] = subject
		s := cohort.Stay{ID: strconv.FormatInt(id, 10), Patient: strconv.FormatInt(subject, 10), Visit: visit, In: begin, Out: end}
		a := admissions[visit]
		s.Died, s.OutcomeKnown = a.died, a.known && ended
		if b, ok := births[subject]; ok {
			s.Age, s.AgeKnown = b.ageAt(in.Version, begin), true
		}
		stays = append(stays, s)
	}
	return stays, subjects, r.Close()
}

// readDiagnoses gathers the phenotypes of each admission in the cohort.
func (in *importer) readDiagnoses(ctx context.Context) (map[int64]phenotype.Set, error) {
	r, err := in.open(ctx, in.Hosp, "diagnoses_icd", "hadm_id", "icd_code|icd9_code", "icd_version?")
	if err != nil {
		return nil, err
	}
	wanted := map[int64]bool{}
	for i := range in.Stays {
		wanted[in.Stays[i].Visit] = true
	}
	coded := map[int64]phenotype.Set{}
	for r.Next() {
		visit, ok := r.Int(0)
		if !ok || !wanted[visit] || len(r.Cell(1)) == 0 {
			continue
		}
		version := int64(phenotype.ICD9)
		if in.Version == IV {
			if version, ok = r.Int(2); !ok || version != int64(phenotype.ICD9) && version != int64(phenotype.ICD10) {
				r.Reject(2, "is neither 9 nor 10", "")
				continue
			}
		}
		coded[visit] |= phenotype.Of(phenotype.Version(version), string(r.Cell(1)))
	}
	return coded, r.Close()
}
