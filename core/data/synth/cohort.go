package synth

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/fusemoe/fusemoe/core/data"
	"github.com/fusemoe/fusemoe/core/eval"
)

// Options say what is written, and where to.
type Options struct {
	// Samples is how many patients there are, at least 20.
	Samples int
	// Seed decides everything about them.
	Seed uint64
	// To is the dataset's folder; it must not exist, or be empty.
	To string
	// Progress, if given, is called after every patient.
	Progress func(done, total int)
}

// Report counts what was written.
type Report struct {
	Samples [3]int // by data.Split
	Deaths  [3]int // by data.Split
	// Having is how many samples have each modality, in the order of the dataset.
	Having []Count
	// Bound is the AUROC of the probabilities that the outcomes of the test split were
	// drawn with: no model can expect more.
	Bound float64
}

// Count is how many samples have a modality.
type Count struct {
	Modality string
	Samples  int
}

// leastSamples is what gives each split both outcomes, nearly always.
const leastSamples = 20

// Write draws a cohort and writes it as a dataset's folder. The folder appears whole or,
// if anything fails or ctx ends, not at all.
func Write(ctx context.Context, o Options) (Report, error) {
	if o.Samples < leastSamples {
		return Report{}, fmt.Errorf("%d samples are too few to be split in three; take %d or more", o.Samples, leastSamples)
	}
	c := cohort{options: o, patients: make([]*patient, o.Samples), tables: make([]chart, o.Samples)}
	for i, split := range splits(o) {
		c.patients[i] = newPatient(o.Seed, i, split)
	}
	if err := data.WriteFolder(o.To, func(dir string) error { return c.write(ctx, dir) }); err != nil {
		return Report{}, err
	}
	return c.report(), nil
}

// splits puts 60 % of the samples into training, 15 % into validation and the others
// into the test, in random order.
func splits(o Options) []data.Split {
	all := make([]data.Split, o.Samples)
	for i := range all {
		switch {
		case i < o.Samples*60/100:
			all[i] = data.Train
		case i < o.Samples*75/100:
			all[i] = data.Val
		default:
			all[i] = data.Test
		}
	}
	r := (&patient{seed: o.Seed}).random(splitStream)
	r.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	return all
}

// cohort is on its way to disk.
type cohort struct {
	options  Options
	patients []*patient
	tables   []chart // of each patient
	lock     sync.Mutex
	done     int
}

// chart is what the tables have about one patient.
type chart struct {
	measurements []measurement
	notes        []note
	ecgs, images []file
}

// file is a row of a table of files.
type file struct {
	hours float64
	path  string
}

// write draws the patients side by side: each has random numbers of its own.
func (c *cohort) write(ctx context.Context, dir string) error {
	for _, folder := range []modality{ecg, cxr} {
		if err := os.Mkdir(filepath.Join(dir, modalityNames[folder]), 0o777); err != nil {
			return err
		}
	}
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(runtime.GOMAXPROCS(0))
	for i := range c.patients {
		group.Go(func() error {
			if err := ctx.Err(); err != nil {
				return err
			}
			err := c.draw(dir, i)
			c.count()
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return err
	}
	return c.writeTables(dir)
}

func (c *cohort) count() {
	c.lock.Lock()
	defer c.lock.Unlock()
	if c.done++; c.options.Progress != nil {
		c.options.Progress(c.done, len(c.patients))
	}
}

func (c *cohort) report() Report {
	var r Report
	for m, name := range modalityNames {
		r.Having = append(r.Having, Count{Modality: name})
		for _, p := range c.patients {
			if p.has[m] {
				r.Having[m].Samples++
			}
		}
	}
	test := eval.Predictions{Task: eval.Task{Name: outcome, Kind: eval.Binary, Columns: []string{outcome}}}
	for _, p := range c.patients {
		r.Samples[p.split]++
		if p.died {
			r.Deaths[p.split]++
		}
		if p.split == data.Test {
			test.Patients = append(test.Patients, p.id())
			test.Scores, test.Labels = append(test.Scores, p.risk), append(test.Labels, float32(p.label()))
		}
	}
	r.Bound = eval.Evaluate(test, eval.Options{}).Value("auroc")
	return r
}

func (p *patient) label() int {
	if p.died {
		return 1
	}
	return 0
}
