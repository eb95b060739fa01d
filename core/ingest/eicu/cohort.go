package eicu

import (
	"bytes"
	"context"
	"strconv"

	"github.com/fusemoe/fusemoe/core/ingest/cohort"
	"github.com/fusemoe/fusemoe/core/ingest/extract"
	"github.com/fusemoe/fusemoe/core/ingest/phenotype"
	"github.com/fusemoe/fusemoe/core/ingest/table"
)

// oldest is the age of whoever is "> 89" years old, as eICU has it for privacy.
const oldest = 90

// readCohort reads the stays and chooses among them.
func (in *importer) readCohort(ctx context.Context) error {
	stays, err := in.readStays(ctx)
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
		in.byStay[in.Stays[i].Visit] = i
	}
	return nil
}

// readStays reads all stays. A stay in a unit is its own visit: the diagnoses are of it.
func (in *importer) readStays(ctx context.Context) ([]cohort.Stay, error) {
	const (
		id, patient, age, status, discharged, admitted, year = 0, 1, 2, 3, 4, 5, 6
	)
	r, err := extract.Open(ctx, in.Tables, "patient", in.Table, "patientunitstayid", "uniquepid", "age",
		"hospitaldischargestatus", "unitdischargeoffset", "hospitaladmitoffset", "hospitaldischargeyear")
	if err != nil {
		return nil, err
	}
	var stays []cohort.Stay
	seen := map[int64]bool{}
	for r.Next() {
		number, ok1 := r.Int(id)
		minutes, ok2 := r.Int(discharged)
		switch {
		case !ok1 || !ok2 || len(r.Cell(patient)) == 0:
			r.Reject(id, "the stay has no number, patient or end", "")
			continue
		case minutes < 0:
			r.Reject(discharged, "the stay ends before it begins", "correct unitdischargeoffset")
			continue
		case seen[number]:
			r.Reject(id, "is of a stay that came before", "")
			continue
		}
		seen[number] = true
		before, _ := r.Int(admitted)
		of, _ := r.Int(year)
		s := cohort.Stay{ID: strconv.FormatInt(number, 10), Patient: string(r.Cell(patient)), Visit: number, In: begin(of, before)}
		s.Out = s.In + 60*minutes
		if known, ok := dischargeStatus(r, status); ok {
			s.Died, s.OutcomeKnown = known == expired, known != ""
			s.Age, s.AgeKnown = years(r.Cell(age))
			stays = append(stays, s)
		}
	}
	return stays, r.Close()
}

// begin orders the stays of a patient: eICU tells the year, and within a visit to the
// hospital how many minutes before the unit it began.
func begin(year, hospitalOffset int64) int64 {
	const secondsAYear = 366 * 86400
	return year*secondsAYear - 60*hospitalOffset
}

// The discharges that eICU knows; it leaves out those that are unknown.
const (
	alive   = "Alive"
	expired = "Expired"
)

func dischargeStatus(r *table.Reader, cell int) (string, bool) {
	status := string(bytes.TrimSpace(r.Cell(cell)))
	if status != "" && status != alive && status != expired {
		r.Reject(cell, "is neither Alive nor Expired", "leave it empty where it is unknown")
		return "", false
	}
	return status, true
}

// years reads an age, which may be "> 89".
func years(cell []byte) (float64, bool) {
	cell = bytes.TrimSpace(cell)
	if bytes.HasPrefix(cell, []byte(">")) {
		return oldest, true
	}
	return table.ParseFloat(cell)
}

// readDiagnoses gathers the phenotypes of each stay in the cohort. A cell has the code of
// ICD-9 first and then, parted by a comma, that of ICD-10.
func (in *importer) readDiagnoses(ctx context.Context) (map[int64]phenotype.Set, error) {
	r, err := extract.Open(ctx, in.Tables, "diagnosis", in.Table, "patientunitstayid", "icd9code")
	if err != nil {
		return nil, err
	}
	wanted := map[int64]bool{}
	for i := range in.Stays {
		wanted[in.Stays[i].Visit] = true
	}
	coded := map[int64]phenotype.Set{}
	for r.Next() {
		stay, ok := r.Int(0)
		code, _, _ := bytes.Cut(r.Cell(1), []byte(","))
		if code = bytes.TrimSpace(code); !ok || !wanted[stay] || len(code) == 0 {
			continue
		}
		version := phenotype.ICD9
		if c := code[0]; c >= 'A' && c != 'E' && c != 'V' { // what begins so in ICD-9 are causes and factors
			version = phenotype.ICD10
		}
		coded[stay] |= phenotype.Of(version, string(code))
	}
	return coded, r.Close()
}
