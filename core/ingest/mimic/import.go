// Package mimic imports MIMIC-IV, versions 2.2 to 3.1, with the notes, chest X-rays and
// ECGs that belong to it, and MIMIC-III 1.4 (Johnson et al. 2023, 2016).
//
//	report, err := mimic.Import(ctx, mimic.Options{
//		Version: mimic.IV, Hosp: "hosp", ICU: "icu", Note: "note", Options: extract.Options{To: "cohort", ...},
//	})
package mimic

import (
	"context"
	"fmt"

	"github.com/fusemoe/fusemoe/core/data"
	"github.com/fusemoe/fusemoe/core/ingest/extract"
	"github.com/fusemoe/fusemoe/core/ingest/table"
	"github.com/fusemoe/fusemoe/core/ingest/variables"
)

// Version is that of the database.
type Version int

// The versions that can be imported.
const (
	III Version = 3
	IV  Version = 4
)

// String is the name of the dataset.
func (v Version) String() string {
	if v == III {
		return "mimic-iii"
	}
	return "mimic-iv"
}

// Options say what is imported, and where to.
type Options struct {
	extract.Options
	Version Version
	// Hosp and ICU are the folders of the hospital's and the intensive care units'
	// tables. MIMIC-III has all in one: give it twice.
	Hosp, ICU string
	// Note, CXR and ECG are the folders of MIMIC-IV-Note, MIMIC-CXR-JPG and MIMIC-IV-ECG,
	// empty where there is none. The notes of MIMIC-III are in the folder of its tables.
	Note, CXR, ECG string
}

// Import writes the dataset. Its folder appears whole or, if anything fails or ctx ends,
// not at all.
func Import(ctx context.Context, o Options) (*extract.Report, error) {
	if err := o.Validate(); err != nil {
		return nil, err
	}
	m, text, err := variables.Load(o.Variables, o.Version.String())
	if err != nil {
		return nil, err
	}
	in := importer{Options: o, mapped: m}
	if err := in.readCohort(ctx); err != nil {
		return nil, err
	}
	if err := in.findSources(); err != nil {
		return nil, err
	}
	if in.x, err = extract.Begin(o.Options, o.Version.String(), in.Cohort, text, in.sources); err != nil {
		return nil, err
	}
	in.index()
	for i, read := range in.readers {
		if err := read(ctx, in.sources[i]); err != nil {
			return nil, in.x.Abandon(err)
		}
	}
	return in.x.Finish(ctx)
}

// importer is an import at work.
type importer struct {
	Options
	extract.Cohort
	mapped  *variables.Map
	sources []*extract.Source
	readers []func(context.Context, *extract.Source) error // one a source
	x       *extract.Extraction

	subjects []int64 // of the candidates, by stay
	ids      []int64
	byStay   map[int64]int32
	byPerson map[int64][]int32
}

// index finds stays by their number and by their patient's.
func (in *importer) index() {
	in.byStay, in.byPerson = map[int64]int32{}, map[int64][]int32{}
	for i := range in.Stays {
		in.byStay[in.ids[i]] = int32(i)
		in.byPerson[in.subjects[i]] = append(in.byPerson[in.subjects[i]], int32(i))
	}
}

// within calls each with the stays of a patient in which a time lies. Those that end
// before or begin after it are the guard's business only where no stay has it: so a note
// of one stay is not counted as blocked from all others.
func (in *importer) within(subject, at int64, each func(stay int) error) error {
	for _, i := range in.byPerson[subject] {
		s := &in.Stays[i]
		if s.In <= at && at <= s.Out {
			if err := each(int(i)); err != nil {
				return err
			}
		}
	}
	return nil
}

// add plans a source if its table is there, and remembers the sentence about it if not.
func (in *importer) add(s data.Source, file, absent string, read func(context.Context, *extract.Source) error) {
	if file == "" {
		in.Absent = append(in.Absent, absent)
		return
	}
	source := &extract.Source{Source: s, Origin: file}
	if s.Kind == data.Rows {
		source.Table = in.mapped.Table(s.Name)
		if len(source.Table.Channels) == 0 {
			in.Absent = append(in.Absent, fmt.Sprintf("no %s: the map of variables has no channel for it", s.Name))
			return
		}
	}
	in.sources, in.readers = append(in.sources, source), append(in.readers, read)
}

// findSources looks for the tables of items.
func (in *importer) findSources() error {
	chart, err := table.Find(in.ICU, "chartevents")
	if err != nil {
		return err
	}
	in.add(data.Source{Name: "chart", Kind: data.Rows}, chart, "no vital signs: there is no chartevents.csv or .csv.gz in "+in.ICU, in.readChart)
	labs, err := table.Find(in.Hosp, "labevents")
	if err != nil {
		return err
	}
	in.add(data.Source{Name: "labs", Kind: data.Rows}, labs, "no laboratory values: there is no labevents.csv or .csv.gz in "+in.Hosp, in.readLabs)
	if err := in.findCompanions(); err != nil {
		return err
	}
	if len(in.sources) == 0 {
		return fmt.Errorf("there is no table to import: neither chartevents in %s nor labevents in %s", in.ICU, in.Hosp)
	}
	return nil
}
