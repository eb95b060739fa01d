package core

import (
	"cmp"
	"context"
	"errors"
	"io"
	"path/filepath"
	"runtime"
	"slices"
	"sync"

	"github.com/rs/zerolog"
	"golang.org/x/sync/errgroup"

	"github.com/fusemoe/fusemoe/core/data"
	"github.com/fusemoe/fusemoe/core/report"
)

// seedRuns are the trainings of a run, one a seed, some of them side by side.
type seedRuns struct {
	runtime *Runtime
	folder  *runFolder
	// mutex guards the rest, and the file of the metrics.
	mutex   sync.Mutex
	started []bool
	// done has the evaluations of the seeds that are finished, by their place; nil for others.
	done [][]*Evaluation
}

// run trains and evaluates every seed.
func (r *seedRuns) run(ctx context.Context) error {
	seeds, parallel := r.runtime.config.Train.Seeds, r.runtime.config.Run.Parallel
	r.started, r.done = make([]bool, len(seeds)), make([][]*Evaluation, len(seeds))
	group, groupCtx := errgroup.WithContext(ctx)
	group.SetLimit(parallel)
	for i := range seeds {
		group.Go(func() (err error) {
			defer recovered("run", &err)
			if err := groupCtx.Err(); err != nil {
				return err
			}
			return r.one(groupCtx, i)
		})
	}
	return errors.Join(group.Wait(), ctx.Err())
}

// one trains and evaluates the seed at place i.
func (r *seedRuns) one(ctx context.Context, i int) (err error) {
	r.mutex.Lock()
	r.started[i] = true
	r.mutex.Unlock()
	seed := r.runtime.config.Train.Seeds[i]
	rt := r.runtime
	if rt.config.Run.Parallel > 1 {
		if rt, err = r.runtime.aside(); err != nil {
			return err
		}
		defer func() { err = errors.Join(err, rt.Close()) }()
	}
	evaluations, err := rt.runSeed(ctx, seed, r.folder.seed(seed))
	if err != nil {
		return err
	}
	r.mutex.Lock()
	defer r.mutex.Unlock()
	r.done[i] = evaluations
	// Written after every seed, so that an interrupted run keeps the finished ones.
	return r.summary().write()
}

// aside is the runtime once more, for a training beside others: with a share of the
// cores and memory of its own.
func (rt *Runtime) aside() (*Runtime, error) {
	one := *rt
	one.learner = nil
	cores := rt.config.Train.Threads
	if cores == 0 {
		cores = runtime.GOMAXPROCS(0)
	}
	var err error
	if one.machine, err = newMachine(rt.config, max(cores/rt.config.Run.Parallel, 1), zerolog.Nop()); err != nil {
		return nil, err
	}
	if one.batches, err = data.NewBatcher(rt.dataset, rt.encoded, rt.network.taskNames()); err != nil {
		return nil, errors.Join(err, one.machine.close())
	}
	return &one, nil
}

// summary has the metrics of the seeds that are finished.
func (r *seedRuns) summary() *Summary {
	s := &Summary{Dir: r.folder.dir}
	for _, evaluations := range r.done {
		s.add(evaluations)
	}
	return s
}

func (s *Summary) write() error {
	return writeFile(filepath.Join(s.Dir, metricsFile), func(w io.Writer) error {
		return report.WriteMetrics(w, s.Results)
	})
}

// bySeed are the evaluations in the ascending order of their seeds, as a Predictor adds
// them up: in another order the last bits of an ensemble could differ.
func (r *seedRuns) bySeed() [][]*Evaluation {
	seeds := r.runtime.config.Train.Seeds
	order := make([]int, len(seeds))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return cmp.Compare(seeds[a], seeds[b]) })
	sorted := make([][]*Evaluation, len(order))
	for i, o := range order {
		sorted[i] = r.done[o]
	}
	return sorted
}

// states tells the seeds that ended and those that only began.
func (r *seedRuns) states() (finished, begun []uint64) {
	for i, seed := range r.runtime.config.Train.Seeds {
		switch {
		case r.done[i] != nil:
			finished = append(finished, seed)
		case r.started[i]:
			begun = append(begun, seed)
		}
	}
	return finished, begun
}
