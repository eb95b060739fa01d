package mapped

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"github.com/fusemoe/fusemoe/core/data"
	"github.com/fusemoe/fusemoe/core/ingest/cohort"
	"github.com/fusemoe/fusemoe/core/ingest/extract"
	"github.com/fusemoe/fusemoe/core/ingest/table"
	"github.com/fusemoe/fusemoe/core/ingest/variables"
)

// Options say what is imported, and where to. Task, window and variables are the mapping's.
type Options struct {
	extract.Options
	Mapping string // file
}

// Import writes the dataset. Its folder appears whole or, if anything fails or ctx ends,
// not at all.
func Import(ctx context.Context, o Options) (*extract.Report, error) {
	m, err := read(o.Mapping)
	if err != nil {
		return nil, err
	}
	o.Task = extract.Task{Name: m.Stays.Outcome, Kind: extract.Outcome, Window: m.Window}
	o.Rules.Window = m.Window
	if err := o.Validate(); err != nil {
		return nil, err
	}
	in := importer{Options: o, mapping: m, byID: map[string]int{}}
	if err := in.readStays(ctx); err != nil {
		return nil, err
	}
	sources, err := in.sources()
	if err != nil {
		return nil, err
	}
	if in.x, err = extract.Begin(o.Options, m.Name, in.Cohort, nil, sources); err != nil {
		return nil, err
	}
	for i, s := range sources {
		if err := in.read(ctx, s, &m.Modalities[i]); err != nil {
			return nil, in.x.Abandon(err)
		}
	}
	return in.x.Finish(ctx)
}

// importer is an import at work.
type importer struct {
	Options
	extract.Cohort
	mapping *Mapping
	x       *extract.Extraction
	byID    map[string]int // stays of the cohort
}

// readStays reads the stays and chooses among them.
func (in *importer) readStays(ctx context.Context) error {
	const id, end, outcome, patient, begin, age = 0, 1, 2, 3, 4, 5
	c := in.mapping.Stays
	r, err := table.Open(ctx, in.mapping.path(c.Table), in.Table, c.ID, c.End, c.Outcome, or(c.Patient, c.ID), or(c.Begin, c.End), or(c.Age, c.ID))
	if err != nil {
		return err
	}
	var stays []cohort.Stay
	seen := map[string]bool{}
	for r.Next() {
		s := cohort.Stay{ID: trimmed(r, id), Patient: trimmed(r, patient), Visit: int64(len(stays))}
		var ok1, ok2 bool
		if s.In, ok1 = 0, true; c.Begin != "" {
			s.In, ok1 = in.mapping.seconds(r, begin)
		}
		s.Out, ok2 = in.mapping.seconds(r, end)
		label, known := r.Float(outcome)
		switch {
		case s.ID == "" || s.Patient == "" || !ok1 || !ok2:
			r.Reject(id, "the stay has no name, patient, begin or end", "")
			continue
		case s.Out < s.In:
			r.Reject(end, "the stay ends before it begins", "")
			continue
		case seen[s.ID]:
			r.Reject(id, "is of a stay that came before", "")
			continue
		case known && label != 0 && label != 1:
			r.Reject(outcome, "is neither 0 nor 1", "leave it empty where it is unknown")
			continue
		}
		seen[s.ID] = true
		s.Died, s.OutcomeKnown = label == 1, known
		if c.Age != "" {
			s.Age, s.AgeKnown = r.Float(age)
		}
		stays = append(stays, s)
	}
	if err := r.Close(); err != nil {
		return err
	}
	in.Stays, in.Flow = cohort.Select(stays, in.Rules)
	in.Flow[0].Reason = "stays in " + filepath.Base(c.Table)
	for i := range in.Stays {
		in.byID[in.Stays[i].ID] = i
	}
	return nil
}

func or(column, other string) string {
	if column == "" {
		return other
	}
	return column
}

func trimmed(r *table.Reader, cell int) string { return strings.TrimSpace(string(r.Cell(cell))) }

// sources plans the modalities.
func (in *importer) sources() ([]*extract.Source, error) {
	var list []*extract.Source
	var channels *variables.Map
	for i, m := range in.mapping.Modalities {
		s := &extract.Source{Origin: in.mapping.path(m.Table), Source: data.Source{Name: m.Name, MediaType: m.MediaType}}
		switch {
		case m.Text != "":
			s.Kind = data.Text
		case m.Path != "":
			s.Kind = data.Path
		default:
			s.Kind = data.Rows
			if channels == nil {
				var err error
				if channels, err = in.mapping.variables(); err != nil {
					return nil, err
				}
			}
			if s.Table = channels.Table(m.Name); len(s.Table.Channels) == 0 {
				return nil, fmt.Errorf("%s, modalities.%d: no channel has items of %s", in.mapping.file, i, m.Name)
			}
		}
		list = append(list, s)
	}
	return list, nil
}

// read reads the table of a modality.
func (in *importer) read(ctx context.Context, s *extract.Source, m *Modality) error {
	const first = 3 // cell of what was recorded
	columns := []string{m.Stay, m.Time, or(m.Known, m.Time)}
	var codes []string
	switch {
	case s.Kind != data.Rows:
		columns = append(columns, or(m.Text, m.Path))
	case m.Code != "":
		columns = append(columns, m.Code, m.Value, or(m.Unit, m.Value))
	default:
		codes = slices.Sorted(maps.Keys(s.Table.Codes()))
		if slices.Contains(codes, in.mapping.Stays.Outcome) {
			return errors.New("the outcome cannot be a channel; remove it")
		}
		columns = append(columns, codes...)
	}
	r, err := table.Open(ctx, s.Origin, in.Table, columns...)
	if err != nil {
		return err
	}
	for r.Next() {
		stay, ok := in.byID[trimmed(r, 0)]
		if !ok {
			continue
		}
		when, ok := in.mapping.seconds(r, 1)
		known := when
		if m.Known != "" {
			if later, ok := in.mapping.seconds(r, 2); ok {
				known = later
			}
		}
		if !ok || r.Rejected() {
			continue
		}
		if err := in.take(ctx, s, m, r, row{stay, when, known}, codes, first); err != nil {
			_ = r.Close()
			return err
		}
	}
	return r.Close()
}

// row is whose a row is, when it was recorded, and when it was known.
type row struct {
	stay        int
	when, known int64
}

// take takes what a row has.
func (in *importer) take(ctx context.Context, s *extract.Source, m *Modality, r *table.Reader, at row, codes []string, first int) error {
	switch {
	case s.Kind == data.Text:
		return in.x.Write(ctx, s, at.stay, at.when, at.known, strings.ToValidUTF8(trimmed(r, first), "\uFFFD"))
	case s.Kind == data.Path:
		file := filepath.FromSlash(trimmed(r, first))
		if !filepath.IsLocal(file) {
			r.Reject(first, "leads out of the folder", "")
			return nil
		}
		return in.x.Attach(ctx, s, at.stay, max(at.when, at.known), filepath.Join(filepath.Dir(s.Origin), file))
	case m.Code != "":
		code := s.Table.Find(trimmed(r, first))
		v, ok := number(code, r, first+1)
		if !ok {
			return nil
		}
		var unit []byte
		if m.Unit != "" {
			unit = r.Cell(first + 2)
		}
		return in.x.Measure(s, at.stay, at.when, at.known, code, v, unit)
	}
	for i, code := range codes {
		if v, ok := r.Float(first + i); ok {
			if err := in.x.Measure(s, at.stay, at.when, at.known, s.Table.Find(code), v, nil); err != nil {
				return err
			}
		}
	}
	return nil
}

// number reads the value of a code that is in the map.
func number(code int, r *table.Reader, cell int) (float64, bool) {
	if code < 0 {
		return 0, false
	}
	return r.Float(cell)
}
