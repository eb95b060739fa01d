package mimic

import (
	"context"
	"strconv"

	"github.com/fusemoe/fusemoe/core/ingest/extract"
	"github.com/fusemoe/fusemoe/core/ingest/table"
	"github.com/fusemoe/fusemoe/core/ingest/variables"
)

// codes finds the codes of a map fast: they are asked for of every row.
type codes []int32

func codesOf(t *variables.Table) codes {
	var list codes
	for code, i := range t.Codes() {
		n, err := strconv.Atoi(code)
		if err != nil || n < 0 || n > 10_000_000 {
			continue // no code of MIMIC
		}
		for len(list) <= n {
			list = append(list, -1)
		}
		list[n] = int32(i)
	}
	return list
}

// find returns the number of an item, or -1.
func (c codes) find(item int64) int32 {
	if item < 0 || item >= int64(len(c)) {
		return -1
	}
	return c[item]
}

// readChart reads what nurses and monitors charted. Rows of the first version that were
// marked as errors are none.
func (in *importer) readChart(ctx context.Context, s *extract.Source) error {
	const (
		item, stay, subject, charted, stored, value, unit, mistake = 0, 1, 2, 3, 4, 5, 6, 7
	)
	r, err := table.Open(ctx, s.Origin, in.Table, "itemid", "stay_id|icustay_id", "subject_id", "charttime", "storetime?", "valuenum", "valueuom?", "error?")
	if err != nil {
		return err
	}
	known := codesOf(s.Table)
	for r.Next() {
		code, ok := r.Int(item)
		n := known.find(code)
		if !ok || n < 0 || len(r.Cell(value)) == 0 || string(r.Cell(mistake)) == "1" {
			continue
		}
		var at stayOrPatient
		id, hasStay := r.Int(stay)
		if at.stay, ok = in.byStay[id]; hasStay && !ok {
			continue // of a stay that is not in the cohort
		}
		at.known = hasStay && ok
		if !at.known {
			if at.subject, ok = r.Int(subject); !ok || in.byPerson[at.subject] == nil {
				continue
			}
		}
		when, ok1 := r.Time(charted)
		v, ok2 := r.Float(value)
		later, hasLater := r.Time(stored)
		if !ok1 || !ok2 || r.Rejected() {
			continue
		}
		if !hasLater {
			later = when
		}
		err := in.each(at, when, func(stay int) error {
			return in.x.Measure(s, stay, when, later, int(n), v, r.Cell(unit))
		})
		if err != nil {
			_ = r.Close()
			return err
		}
	}
	return r.Close()
}

// stayOrPatient is what a row says about whose it is.
type stayOrPatient struct {
	stay    int32
	known   bool // the stay is
	subject int64
}

// each calls f with the stay of a row, or else with all of the patient that it lies in.
func (in *importer) each(of stayOrPatient, at int64, f func(stay int) error) error {
	if of.known {
		return f(int(of.stay))
	}
	return in.within(of.subject, at, f)
}

// readLabs reads what the hospital's laboratory found. Its rows name the patient, and not
// always the admission: the stay is found by time.
func (in *importer) readLabs(ctx context.Context, s *extract.Source) error {
	const (
		item, subject, charted, stored, value, unit = 0, 1, 2, 3, 4, 5
	)
	r, err := table.Open(ctx, s.Origin, in.Table, "itemid", "subject_id", "charttime", "storetime?", "valuenum", "valueuom?")
	if err != nil {
		return err
	}
	known := codesOf(s.Table)
	for r.Next() {
		code, ok := r.Int(item)
		n := known.find(code)
		if !ok || n < 0 || len(r.Cell(value)) == 0 {
			continue
		}
		person, ok := r.Int(subject)
		if !ok || in.byPerson[person] == nil {
			continue
		}
		when, ok1 := r.Time(charted)
		v, ok2 := r.Float(value)
		later, hasLater := r.Time(stored)
		if !ok1 || !ok2 || r.Rejected() {
			continue
		}
		if !hasLater {
			later = when
		}
		err := in.within(person, when, func(stay int) error {
			return in.x.Measure(s, stay, when, later, int(n), v, r.Cell(unit))
		})
		if err != nil {
			_ = r.Close()
			return err
		}
	}
	return r.Close()
}
