// Package eicu imports the eICU Collaborative Research Database 2.0 (Pollard et al. 2018).
//
//	report, err := eicu.Import(ctx, eicu.Options{Tables: "eicu", Options: extract.Options{To: "cohort", ...}})
//
// Its times are minutes since the admission to the unit, which is where a stay begins here.
package eicu

import (
	"context"
	"fmt"

	"github.com/fusemoe/fusemoe/core/data"
	"github.com/fusemoe/fusemoe/core/ingest/extract"
	"github.com/fusemoe/fusemoe/core/ingest/table"
	"github.com/fusemoe/fusemoe/core/ingest/variables"
)

const name = "eicu"

// Options say what is imported, and where to.
type Options struct {
	extract.Options
	Tables string // their folder
}

// Import writes the dataset. Its folder appears whole or, if anything fails or ctx ends,
// not at all.
func Import(ctx context.Context, o Options) (*extract.Report, error) {
	if err := o.Validate(); err != nil {
		return nil, err
	}
	mapped, text, err := variables.Load(o.Variables, name)
	if err != nil {
		return nil, err
	}
	in := importer{Options: o, mapped: mapped, byStay: map[int64]int{}}
	if err := in.readCohort(ctx); err != nil {
		return nil, err
	}
	if err := in.findSources(); err != nil {
		return nil, err
	}
	if in.x, err = extract.Begin(o.Options, name, in.Cohort, text, in.sources); err != nil {
		return nil, err
	}
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
	byStay  map[int64]int // the stays of the cohort by their number
}

// findSources looks for the tables of items: each that is there is a modality of its name.
func (in *importer) findSources() error {
	for _, t := range measured {
		if err := in.add(data.Source{Name: t.name, Kind: data.Rows}, func(ctx context.Context, s *extract.Source) error {
			return in.measure(ctx, s, t)
		}); err != nil {
			return err
		}
	}
	for _, t := range written {
		if err := in.add(data.Source{Name: t.name, Kind: data.Text}, func(ctx context.Context, s *extract.Source) error {
			return in.write(ctx, s, t)
		}); err != nil {
			return err
		}
	}
	if len(in.sources) == 0 {
		return fmt.Errorf("there is no table of measurements or texts in %s", in.Tables)
	}
	return nil
}

// add plans a source if its table is there, and remembers a sentence about it if not.
func (in *importer) add(s data.Source, read func(context.Context, *extract.Source) error) error {
	file, err := table.Find(in.Tables, s.Name)
	if err != nil {
		return err
	}
	if file == "" {
		in.Absent = append(in.Absent, fmt.Sprintf("no %s: there is no %s.csv or .csv.gz in %s", s.Name, s.Name, in.Tables))
		return nil
	}
	source := &extract.Source{Source: s, Origin: file}
	if s.Kind == data.Rows {
		source.Table = in.mapped.Table(s.Name)
		if len(source.Table.Channels) == 0 {
			in.Absent = append(in.Absent, fmt.Sprintf("no %s: the map of variables has no channel for it", s.Name))
			return nil
		}
	}
	in.sources, in.readers = append(in.sources, source), append(in.readers, read)
	return nil
}

// seconds are those of an offset from the begin of the stay, in minutes.
func (in *importer) seconds(stay int, offset int64) int64 { return in.Stays[stay].In + 60*offset }
