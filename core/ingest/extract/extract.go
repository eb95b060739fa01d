// Package extract turns a cohort, and streams of what was recorded of it, into the
// dataset on disk. It is what the imports of hospital databases have in common:
//
//	x, err := extract.Begin(ctx, options, "mimic-iv", cohort, sources)
//	err = x.Measure("chart", stay, charted, stored, code, 36.6, unit)
//	err = x.Write("notes", stay, charted, stored, text)
//	report, err := x.Finish(ctx)
//
// Nothing of it grows with the number of rows: measurements wait on disk until they are
// sorted, and everything else is written as it comes.
package extract

import (
	"context"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"

	"github.com/fusemoe/fusemoe/core/data"
	"github.com/fusemoe/fusemoe/core/ingest/cohort"
	"github.com/fusemoe/fusemoe/core/ingest/phenotype"
	"github.com/fusemoe/fusemoe/core/ingest/spill"
	"github.com/fusemoe/fusemoe/core/ingest/table"
	"github.com/fusemoe/fusemoe/core/ingest/variables"
)

// Options are those that all imports of hospital databases share.
type Options struct {
	To    string // folder of the dataset
	Task  Task
	Rules cohort.Rules
	Plan  cohort.Plan
	// Variables is a map of measurements; empty: the one that ships.
	Variables string
	Table     table.Options
	// Sorting, if given, is called before the measurements of a modality are sorted and
	// written, with how many there are.
	Sorting func(modality string, values int64) table.Meter
}

// Validate reports settings that cannot be.
func (o *Options) Validate() error {
	if o.To == "" {
		return fmt.Errorf("give the folder to write with --to DIR")
	}
	if err := o.Rules.Validate(); err != nil {
		return err
	}
	if err := o.Plan.Validate(); err != nil {
		return err
	}
	if o.Task.Kind == LengthOfStay && o.Rules.Window == 0 {
		return fmt.Errorf("los needs a window: of a whole stay the end is known")
	}
	return data.Vacant(o.To)
}

// Source is one modality on its way.
type Source struct {
	data.Source
	// Table says what the codes of a source of kind Rows mean. Its channels are the
	// columns.
	Table *variables.Table
	// Origin says where the source comes from, such as icu/chartevents.csv.gz.
	Origin string

	guard  cohort.Guard
	sorter *spill.Sorter
	seen   []bool // by stay
	items  int64
	failed int64 // files that were not there
}

// Cohort are the stays of a study, and what is known of them beside the tables of items.
type Cohort struct {
	Stays []cohort.Stay
	Flow  cohort.Flow
	Coded map[int64]phenotype.Set // by visit; of task 25-phe
	// Splits are those that the data already have, by patient; without them the plan's.
	Splits map[string]data.Split
	// Absent lists modalities of which there is nothing, each as a sentence.
	Absent []string
}

// Extraction is an import at work.
type Extraction struct {
	Cohort
	options Options
	name    string
	sources []*Source
	by      map[string]*Source
	text    []byte // of the map of variables
	w       *data.Writer
}

// Begin starts to write the dataset.
func Begin(o Options, name string, c Cohort, mapText []byte, sources []*Source) (*Extraction, error) {
	if len(c.Stays) == 0 {
		return nil, fmt.Errorf("no stay is left in the cohort: %w", flowError(c.Flow))
	}
	x := &Extraction{Cohort: c, options: o, name: name, sources: sources, by: map[string]*Source{}, text: mapText}
	d := data.Description{Name: name, TimeUnit: "hours", Window: x.window(), Tasks: []data.Task{o.Task.task()}}
	for _, s := range sources {
		if s.Table != nil {
			s.Columns = s.Table.Names()
		}
		s.seen, s.guard.Window = make([]bool, len(c.Stays)), o.Rules.Window
		x.by[s.Name] = s
		d.Sources = append(d.Sources, s.Source)
	}
	var err error
	if x.w, err = data.Create(o.To, d); err != nil {
		return nil, err
	}
	for _, s := range sources {
		if s.Kind != data.Rows {
			continue
		}
		if s.sorter, err = spill.Create(filepath.Join(x.w.Dir(), ".spill-"+s.Name), len(c.Stays)); err != nil {
			return nil, x.Abandon(err)
		}
	}
	return x, nil
}

// window is that of the dataset: whole stays have the longest one's.
func (x *Extraction) window() float64 {
	if x.options.Rules.Window > 0 {
		return x.options.Rules.Window
	}
	longest := 0.0
	for i := range x.Stays {
		longest = max(longest, x.Stays[i].Hours())
	}
	return math.Floor(longest) + 1 // an item may lie at the very end of a stay
}

// flowError is the flow as a sentence.
func flowError(f cohort.Flow) error {
	last := f[len(f)-1]
	for i, s := range f {
		if s.Left.Stays == 0 {
			last = f[i]
			break
		}
	}
	return fmt.Errorf("of %d, the last were left out as: %s", f[0].Left.Stays, last.Reason)
}

// Measure takes a value that a code had at a time, and when it was known. Times are
// seconds. What was known too late, is implausible, or is in an unknown unit is counted
// and left out.
func (x *Extraction) Measure(s *Source, stay int, recorded, known int64, code int, value float64, unit []byte) error {
	if _, ok := s.guard.Place(&x.Stays[stay], recorded, known); !ok {
		return nil
	}
	channel, value, ok := s.Table.Read(code, value, unit)
	if !ok {
		return nil
	}
	s.Table.Keep(channel)
	return s.sorter.Add(spill.Measurement{
		Sample: int32(stay), Second: int32(recorded - x.Stays[stay].In), Channel: channel, Value: float32(value),
	})
}

// Admits tells whether something would be taken, without taking or counting it.
func (x *Extraction) Admits(s *Source, stay int, recorded, known int64) bool {
	return s.guard.Admits(&x.Stays[stay], recorded, known)
}

// Write takes a note. An empty one is counted only if it is blocked.
func (x *Extraction) Write(ctx context.Context, s *Source, stay int, recorded, known int64, text string) error {
	hours, ok := s.guard.Place(&x.Stays[stay], recorded, known)
	if !ok || text == "" {
		return nil
	}
	s.saw(stay)
	return x.w.Text(ctx, s.Name, x.Stays[stay].ID, hours, text)
}

// Attach takes a file, and those that belong to it. One that is not there is counted and
// left out.
func (x *Extraction) Attach(ctx context.Context, s *Source, stay int, recorded int64, file string, with ...string) error {
	hours, ok := s.guard.Place(&x.Stays[stay], recorded, recorded)
	if !ok {
		return nil
	}
	for _, one := range append([]string{file}, with...) {
		if _, err := os.Stat(one); table.IsMissing(err) {
			s.failed++
			return nil
		}
	}
	path, err := x.w.Copy(s.Name, file)
	for _, other := range with {
		if err == nil {
			_, err = x.w.Copy(s.Name, other)
		}
	}
	if err != nil {
		return err
	}
	s.saw(stay)
	return x.w.Path(ctx, s.Name, x.Stays[stay].ID, hours, path)
}

func (s *Source) saw(stay int) {
	s.seen[stay] = true
	s.items++
}

// Abandon removes what was written, because of err, and returns it.
func (x *Extraction) Abandon(err error) error {
	for _, s := range x.sources {
		if s.sorter != nil {
			_ = s.sorter.Close() // the folder around it goes too
		}
	}
	return x.w.Abandon(err)
}

// Finish sorts what was measured, parts the patients and writes the rest.
func (x *Extraction) Finish(ctx context.Context) (*Report, error) {
	for _, s := range x.sources {
		if s.sorter == nil {
			continue
		}
		if err := x.sort(ctx, s); err != nil {
			return nil, x.Abandon(err)
		}
	}
	all := x.Stays
	x.Stays, x.Flow = x.Flow.Exclude(all, "nothing was recorded in the window", func(s *cohort.Stay) bool { return x.w.Items(s.ID) == 0 })
	if len(x.Stays) == 0 {
		return nil, x.Abandon(flowError(x.Flow))
	}
	samples := x.samples()
	report := x.report(samples)
	if err := x.addFiles(report); err != nil {
		return nil, x.Abandon(err)
	}
	var err error
	report.Warnings, err = x.w.Finish(ctx, samples)
	for split, c := range report.Splits {
		if c.Stays == 0 {
			report.Warnings = append(report.Warnings, fmt.Sprintf("split %s is empty: the cohort is too small to be split in three; widen it", data.Split(split)))
		}
	}
	return report, err
}

// sort writes the measurements of a source in the order of stays and time.
func (x *Extraction) sort(ctx context.Context, s *Source) error {
	var meter table.Meter
	if begin := x.options.Sorting; begin != nil {
		meter = begin(s.Name, int64(s.sorter.Len()))
		defer meter.Done()
	}
	var done int64
	err := s.sorter.Rows(ctx, func(stay int, second int32, channels []uint16, values []float32) error {
		s.saw(stay)
		if done += int64(len(values)); meter != nil && done >= 1<<16 {
			meter.Read(done, done)
			done = 0
		}
		return x.w.Row(ctx, s.Name, x.Stays[stay].ID, float64(second)/3600, channels, values)
	})
	if meter != nil {
		meter.Read(done, done)
	}
	if err != nil {
		return err
	}
	err = s.sorter.Close()
	s.sorter = nil
	return err
}

// samples are the stays with their splits and labels.
func (x *Extraction) samples() []data.Sample {
	task := x.options.Task
	candidates := make([]cohort.Candidate, len(x.Stays))
	samples := make([]data.Sample, len(x.Stays))
	for i := range x.Stays {
		s := &x.Stays[i]
		labels, stratum := task.labels(s, x.options.Rules, x.Coded)
		candidates[i] = cohort.Candidate{Patient: s.Patient, Stratum: stratum}
		samples[i] = data.Sample{ID: s.ID, Patient: s.Patient, Labels: map[string][]float64{task.task().Name: labels}}
	}
	for i, split := range cohort.Split(candidates, x.options.Plan) {
		if own, ok := x.Splits[samples[i].Patient]; ok {
			split = own
		}
		samples[i].Split = split
	}
	slices.SortStableFunc(samples, func(a, b data.Sample) int { return int(a.Split) - int(b.Split) })
	return samples
}
