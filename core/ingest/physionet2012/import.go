// Package physionet2012 turns the text files of the PhysioNet/Computing in
// Cardiology Challenge 2012 (Silva et al. 2012) into a dataset on disk.
//
// Each of the challenge's files is the first 48 hours of one stay in intensive care:
//
//	report, err := physionet2012.Import(ctx, physionet2012.Options{
//		Train: []string{"set-a.tar.gz"}, Test: []string{"set-b.tar.gz"}, To: "cohort",
//	})
package physionet2012

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"

	"github.com/fusemoe/fusemoe/core/data"
)

// Options say what is imported, and where to.
type Options struct {
	// Train, Val and Test name folders or .tar.gz archives of the challenge's text
	// files. Without Val a fifth of the stays of Train is set aside.
	Train, Val, Test []string
	// Outcomes names files of outcomes. Without them, the files Outcomes*.txt beside
	// and inside of each source are read.
	Outcomes []string
	// To is the dataset's folder; it must not exist, or be empty.
	To string
	// Progress, if given, is called after every stay.
	Progress func(done, total int)
}

// Report counts what was imported.
type Report struct {
	Stays  [3]int // by data.Split
	Deaths [3]int // in hospital, by data.Split
	// Empty lists the files of stays that were left out because nothing was measured.
	Empty []string
	// Warnings of the dataset, such as measurements at the very end of the window.
	Warnings []string
}

// The dataset's tasks. Survival and the two severity scores are no labels: the first
// overlaps with death, the scores are other predictors to compare with.
const (
	deathTask = "in_hospital_death"
	stayTask  = "length_of_stay"
)

// The dataset's sources and the length of the challenge's window.
const (
	measurements = "measurements"
	static       = "static"
	windowHours  = 48
)

// parameters are the channels of the source "measurements", in the units of the
// challenge's description. Weight is one, though it opens every file as well.
var parameters = []string{
	"Albumin", "ALP", "ALT", "AST", "Bilirubin", "BUN", "Cholesterol", "Creatinine", "DiasABP", "FiO2", "GCS",
	"Glucose", "HCO3", "HCT", "HR", "K", "Lactate", "MAP", "MechVent", "Mg", "Na", "NIDiasABP", "NIMAP",
	"NISysABP", "PaCO2", "PaO2", "pH", "Platelets", "RespRate", "SaO2", "SysABP", "Temp", "TroponinI",
	"TroponinT", "Urine", "WBC", "Weight",
}

// descriptors are the columns of the source "static", known at time 0. The care unit
// is a category, so it is one column of 0 and 1 each: coronary care, cardiac
// surgery recovery, medical and surgical.
var descriptors = []string{"Age", "Gender", "Height", "ICUType1", "ICUType2", "ICUType3", "ICUType4"}

// Import reads the sources and writes the dataset. The folder appears whole or, if
// anything fails or ctx ends, not at all.
func Import(ctx context.Context, o Options) (Report, error) {
	if len(o.Train) == 0 {
		return Report{}, errors.New("no source to train on: name a folder or .tar.gz archive of the challenge")
	}
	if err := data.Vacant(o.To); err != nil {
		return Report{}, err
	}
	in := importer{options: o, outcomes: map[string]outcome{}, fileOf: map[string]string{}}
	if err := in.read(ctx); err != nil {
		return Report{}, err
	}
	d, err := in.dataset()
	if err != nil {
		return Report{}, err
	}
	in.report.Warnings = d.Warnings
	return in.report, d.Save(ctx, o.To)
}

// importer holds what was read so far.
type importer struct {
	options  Options
	done     int
	total    int
	outcomes map[string]outcome
	fileOf   map[string]string // by record
	stays    []stay
	report   Report
}

// read reads all stays and outcomes.
func (in *importer) read(ctx context.Context) error {
	sources := [3][]string{data.Train: in.options.Train, data.Val: in.options.Val, data.Test: in.options.Test}
	for _, file := range in.options.Outcomes {
		if err := in.readOutcomesFile(file); err != nil {
			return err
		}
	}
	for _, source := range slices.Concat(sources[:]...) {
		if err := in.prepare(ctx, source); err != nil {
			return err
		}
	}
	for split, of := range sources {
		for _, source := range of {
			err := walk(source, func(file string, text []byte) error {
				if err := ctx.Err(); err != nil || isOutcomes(file) {
					return err
				}
				return in.readFile(file, text, data.Split(split))
			})
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// prepare counts the stays of a source and reads the outcomes that belong to it.
func (in *importer) prepare(ctx context.Context, source string) error {
	if len(in.options.Outcomes) == 0 {
		for _, file := range outcomesBeside(source) {
			if err := in.readOutcomesFile(file); err != nil {
				return err
			}
		}
	}
	stays := 0
	err := walk(source, func(file string, text []byte) error {
		if !isOutcomes(file) {
			stays++
			return ctx.Err()
		}
		if len(in.options.Outcomes) > 0 {
			return nil
		}
		return in.readOutcomes(file, bytes.NewReader(text))
	})
	if err == nil && stays == 0 {
		err = fmt.Errorf("%s: there is no .txt file of a stay in it", source)
	}
	in.total += stays
	return err
}

// readFile reads the file of one stay.
func (in *importer) readFile(file string, text []byte, split data.Split) error {
	s, err := parseStay(file, text)
	if err != nil {
		return err
	}
	if other, twice := in.fileOf[s.record]; twice {
		return fmt.Errorf("%s: it is of the same stay as %s: give each source once", file, other)
	}
	in.fileOf[s.record] = file
	s.split = split
	if s.empty {
		in.report.Empty = append(in.report.Empty, file)
	} else {
		if _, ok := in.outcomes[s.record]; !ok {
			return fmt.Errorf("%s: there is no outcome of it: put the challenge's file of outcomes beside the source, or name it", file)
		}
		in.stays = append(in.stays, s)
	}
	in.done++
	if in.options.Progress != nil {
		in.options.Progress(in.done, in.total)
	}
	return nil
}

// dataset gives all stays to a Builder.
func (in *importer) dataset() (*data.Dataset, error) {
	// The order of files in an archive is nobody's intention.
	slices.SortFunc(in.stays, func(a, b stay) int { return cmp.Compare(a.record, b.record) })
	if len(in.options.Val) == 0 {
		setAside(in.stays)
	}
	b := data.NewBuilder(description())
	for _, s := range in.stays {
		out := in.outcomes[s.record]
		b.Sample(data.Sample{
			ID: s.record, Patient: s.record, Split: s.split,
			Labels: map[string][]float64{deathTask: {out.death}, stayTask: {out.days}},
		})
		in.report.Stays[s.split]++
		in.report.Deaths[s.split] += int(out.death)
		for _, row := range s.rows {
			b.Row(measurements, s.record, row.hours, row.names, row.values)
		}
		b.Row(static, s.record, 0, s.static.names, s.static.values)
	}
	return b.Build()
}

func description() data.Description {
	return data.Description{
		Name: "physionet2012", TimeUnit: "hours", Window: windowHours,
		Tasks: []data.Task{
			{Name: deathTask, Kind: data.Binary, Columns: []string{deathTask}},
			{Name: stayTask, Kind: data.Regression, Columns: []string{stayTask}},
		},
		Sources: []data.Source{
			{Name: measurements, Kind: data.Rows, Columns: parameters},
			{Name: static, Kind: data.Rows, Columns: descriptors},
		},
	}
}

// setAside moves a fifth of the training stays to validation: those whose records
// hash lowest, so that it depends neither on order nor on chance.
func setAside(stays []stay) {
	var train []int
	key := make([][sha256.Size]byte, len(stays))
	for i, s := range stays {
		if s.split == data.Train {
			train = append(train, i)
			key[i] = sha256.Sum256([]byte("physionet2012 validation " + s.record))
		}
	}
	slices.SortFunc(train, func(i, j int) int { return bytes.Compare(key[i][:], key[j][:]) })
	for _, i := range train[:len(train)/5] {
		stays[i].split = data.Val
	}
}
