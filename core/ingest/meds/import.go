// Package meds imports the Medical Event Data Standard (Arnrich et al. 2024): Parquet files
// of events, each of a subject, at a time, with a code and perhaps a number.
//
//	report, err := meds.Import(ctx, meds.Options{
//		Data: "MEDS_cohort", Labels: "labels/mortality.parquet", Options: extract.Options{To: "cohort", ...},
//	})
//
// A sample is a row of the labels: what is known of the subject in the window that ends at
// the time of the prediction.
package meds

import (
	"cmp"
	"context"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/fusemoe/fusemoe/core/data"
	"github.com/fusemoe/fusemoe/core/ingest/cohort"
	"github.com/fusemoe/fusemoe/core/ingest/extract"
	"github.com/fusemoe/fusemoe/core/ingest/table"
	"github.com/fusemoe/fusemoe/core/ingest/variables"
)

// Options say what is imported, and where to.
type Options struct {
	extract.Options
	Data   string // folder with data/ and metadata/
	Labels string // file, or folder of files
}

// source is the one modality, and what a map of variables calls the table.
const source = "events"

// Import writes the dataset. Its folder appears whole or, if anything fails or ctx ends,
// not at all.
func Import(ctx context.Context, o Options) (*extract.Report, error) {
	name := strings.TrimSuffix(filepath.Base(o.Labels), filepath.Ext(o.Labels))
	o.Task = extract.Task{Name: name, Kind: extract.Outcome, Window: o.Rules.Window}
	if err := o.Validate(); err != nil {
		return nil, err
	}
	if o.Rules.Window == 0 {
		return nil, fmt.Errorf("give the hours before a prediction that are used with --window HOURS")
	}
	in := importer{Options: o, bySubject: map[int64][]int{}}
	if err := in.readLabels(ctx); err != nil {
		return nil, err
	}
	if err := in.readSplits(ctx); err != nil {
		return nil, err
	}
	text, err := in.findVariables(ctx)
	if err != nil {
		return nil, err
	}
	m, err := variables.Parse(cmp.Or(o.Variables, "the map of variables"), text)
	if err != nil {
		return nil, err
	}
	s := &extract.Source{Source: data.Source{Name: source, Kind: data.Rows}, Origin: filepath.Join(o.Data, "data"), Table: m.Table(source)}
	if len(s.Table.Channels) == 0 {
		return nil, fmt.Errorf("%s: no channel has items of %s", o.Variables, source)
	}
	if in.x, err = extract.Begin(o.Options, "meds", in.Cohort, text, []*extract.Source{s}); err != nil {
		return nil, err
	}
	err = in.events(ctx, func(samples []int, at int64, code []byte, value float64) error {
		number, ok := s.Table.Codes()[string(code)]
		if !ok {
			return nil
		}
		for _, i := range samples {
			if err := in.x.Measure(s, i, at, at, number, value, nil); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, in.x.Abandon(err)
	}
	return in.x.Finish(ctx)
}

// importer is an import at work.
type importer struct {
	Options
	extract.Cohort
	x         *extract.Extraction
	bySubject map[int64][]int // samples
}

// readLabels reads who is predicted, when, and what came of it.
func (in *importer) readLabels(ctx context.Context) error {
	files, err := parquetFiles(in.Labels)
	if err != nil {
		return err
	}
	var stays []cohort.Stay
	subjects := map[string]int64{}
	window := int64(math.Round(3600 * in.Rules.Window))
	for _, file := range files {
		err := readRows(ctx, file, in.Table, []string{"subject_id", "prediction_time", "boolean_value"}, func(r *reader) error {
			subject, ok1 := r.integer(0)
			at, ok2 := r.seconds(1)
			if !ok1 || !ok2 {
				return fmt.Errorf("%s: a label has no subject or time", file)
			}
			s := cohort.Stay{Patient: strconv.FormatInt(subject, 10), In: at - window, Out: at}
			s.ID = s.Patient + "-" + strconv.FormatInt(at, 10)
			label, known := r.number(2)
			if _, twice := subjects[s.ID]; twice {
				return fmt.Errorf("%s: a subject has two labels at one time", file)
			}
			s.Died, s.OutcomeKnown = label == 1, known
			subjects[s.ID] = subject
			stays = append(stays, s)
			return nil
		})
		if err != nil {
			return err
		}
	}
	in.Stays, in.Flow = cohort.Select(stays, in.Rules)
	in.Flow[0].Reason = "labels in " + filepath.Base(in.Labels)
	for i := range in.Stays {
		subject := subjects[in.Stays[i].ID]
		in.bySubject[subject] = append(in.bySubject[subject], i)
	}
	return nil
}

// splits are the data's own, by the names that the standard gives them.
var splits = map[string]data.Split{"train": data.Train, "tuning": data.Val, "held_out": data.Test}

// readSplits reads the data's own splits, if there are any and no fold was asked for.
func (in *importer) readSplits(ctx context.Context) error {
	file := filepath.Join(in.Data, "metadata", "subject_splits.parquet")
	if _, err := os.Stat(file); table.IsMissing(err) || in.Plan.Folds > 0 {
		return nil
	}
	in.Splits = map[string]data.Split{}
	return readRows(ctx, file, in.Table, []string{"subject_id", "split"}, func(r *reader) error {
		subject, _ := r.integer(0)
		split, ok := splits[string(r.text(1))]
		if !ok {
			return fmt.Errorf("%s: a split is none of train, tuning, held_out", file)
		}
		in.Splits[strconv.FormatInt(subject, 10)] = split
		return nil
	})
}

// events calls each with the events that have a number, and the samples in whose windows they
// may lie: those of the subject that begin before them and end at them or later. An event
// after the last of these is of interest too, for the guard to count.
func (in *importer) events(ctx context.Context, each func(samples []int, at int64, code []byte, value float64) error) error {
	files, err := parquetFiles(filepath.Join(in.Data, "data"))
	if err != nil {
		return err
	}
	for _, file := range files {
		err := readRows(ctx, file, in.Table, []string{"subject_id", "time", "code", "numeric_value"}, func(r *reader) error {
			subject, ok := r.integer(0)
			samples := in.bySubject[subject]
			if !ok || samples == nil {
				return nil
			}
			at, ok1 := r.seconds(1)
			value, ok2 := r.number(3)
			if !ok1 || !ok2 || math.IsNaN(value) {
				return nil
			}
			return each(in.within(samples, at), at, r.text(2), value)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// within are the samples in whose windows a time lies or, where there is none, the last one.
func (in *importer) within(samples []int, at int64) []int {
	var list []int
	for _, i := range samples {
		if s := &in.Stays[i]; s.In <= at && at < s.Out {
			list = append(list, i)
		}
	}
	if list == nil {
		list = samples[len(samples)-1:]
	}
	return list
}

// mostChannels are so many as a map that nobody wrote has.
const mostChannels = 64

// findVariables is the text of the map: the user's, or one of the codes that most training
// samples have a number of in their window.
func (in *importer) findVariables(ctx context.Context) ([]byte, error) {
	if in.Variables != "" {
		text, err := os.ReadFile(in.Variables)
		if err != nil {
			return nil, fmt.Errorf("the map of variables cannot be read: %w", err)
		}
		return text, nil
	}
	samples, last := map[string]int{}, map[string]int{}
	err := in.events(ctx, func(list []int, at int64, code []byte, _ float64) error {
		for _, i := range list {
			s := &in.Stays[i]
			split, parted := in.Splits[s.Patient]
			if at < s.In || at >= s.Out || parted && split != data.Train {
				continue
			}
			if before, ok := last[string(code)]; !ok || before != i {
				samples[string(code)]++
				last[string(code)] = i
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	if len(samples) == 0 {
		return nil, fmt.Errorf("%s: no event with a number lies in a window; is the window long enough, and are these its labels?", in.Data)
	}
	return writeMap(samples)
}

func writeMap(samples map[string]int) ([]byte, error) {
	type channel struct {
		Name  string              `yaml:"name"`
		Items map[string][]string `yaml:"items"`
	}
	codes := make([]string, 0, len(samples))
	for code := range samples {
		codes = append(codes, code)
	}
	slices.SortFunc(codes, func(a, b string) int { return cmp.Or(cmp.Compare(samples[b], samples[a]), cmp.Compare(a, b)) })
	var channels []channel
	for _, code := range codes[:min(len(codes), mostChannels)] {
		channels = append(channels, channel{Name: code, Items: map[string][]string{source: {code}}})
	}
	text, err := yaml.Marshal(map[string]any{"channels": channels})
	return append([]byte("# The codes of which most training samples have a number. Edit a copy: names, units, ranges.\n"), text...), err
}

// parquetFiles are those of a file or folder, in order.
func parquetFiles(path string) ([]string, error) {
	var files []string
	err := filepath.WalkDir(path, func(file string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() && strings.HasSuffix(file, ".parquet") {
			files = append(files, file)
		}
		return err
	})
	switch {
	case err != nil:
		return nil, fmt.Errorf("there is nothing to read: %w", err)
	case len(files) == 0:
		return nil, fmt.Errorf("%s: there is no .parquet file in it; is this the right folder?", path)
	}
	return files, nil
}
