package core

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/fusemoe/fusemoe/core/checkpoint"
	"github.com/fusemoe/fusemoe/core/config"
	"github.com/fusemoe/fusemoe/core/data"
	"github.com/fusemoe/fusemoe/core/op"
)

// Runtime is one configuration at work on one dataset. It serves one caller at a
// time.
type Runtime struct {
	options
	config  *config.Config
	dataset *data.Dataset
	network network
	machine *machine
	// repetitions are the folds or splits of a run that has several; dataset is then the
	// first of them.
	repetitions []repetition
	// What Prepare leaves.
	encoded    []data.Encoded
	modalities []checkpoint.Modality
	batches    *data.Batcher
	// needs is what trainings depend on, for those that are resumed; runOnce leaves it.
	needs needs
	// runDir is the folder of the whole run; Run leaves it.
	runDir string
	// What Train leaves.
	learner *learner
}

// ErrOrder says that a step was asked for before the one it needs.
var ErrOrder = errors.New("core: called too early")

// Open checks the config and opens its dataset. Nothing is started or written yet.
func Open(ctx context.Context, c *config.Config, all ...Option) (rt *Runtime, err error) {
	defer recovered("open", &err)
	rt = &Runtime{options: newOptions(all), config: c}
	if err := c.Validate(); err != nil {
		return nil, err
	}
	if rt.dataset = rt.options.dataset; rt.dataset == nil {
		stage := rt.progress.Stage("open "+filepath.Base(c.Data.Path), 0)
		if rt.dataset, err = data.Open(c.Data.Path); err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return nil, err
		}
		stage.Done()
	}
	for _, w := range rt.dataset.Warnings {
		rt.log.Warn().Msg(w)
	}
	if err := rt.divide(); err != nil {
		return nil, err
	}
	if err := rt.describe(); err != nil {
		return nil, err
	}
	if err := rt.checkSubgroups(); err != nil {
		return nil, err
	}
	if rt.cacheDir == "" {
		dir, err := os.UserCacheDir()
		if err != nil {
			return nil, fmt.Errorf("find the cache folder: %w", err)
		}
		rt.cacheDir = filepath.Join(dir, "fusemoe", "encoded")
	}
	if rt.machine, err = newMachine(c, c.Train.Threads, rt.log); err != nil {
		return nil, err
	}
	return rt, ctx.Err()
}

// describe checks the dataset against the config and describes the network.
func (rt *Runtime) describe() (err error) {
	if err := rt.checkDataset(); err != nil {
		return err
	}
	if rt.network, err = rt.describeNetwork(); err != nil {
		return err
	}
	return rt.checkJudging()
}

func (rt *Runtime) describeNetwork() (network, error) {
	c := rt.config
	names := c.Data.Tasks
	if len(names) == 0 {
		names = []string{rt.dataset.Tasks[0].Name}
	}
	tasks, err := modelTasks(rt.dataset, names, c.Train.ClassWeight)
	if err != nil {
		return network{}, err
	}
	return network{
		Config: modelConfig(c.Model), Tasks: tasks,
		Window: rt.dataset.Window, TimeUnit: rt.dataset.TimeUnit, EvalBatch: c.Train.EvalBatch,
	}, nil
}

// taskNames are the tasks in the order of the heads.
func (n network) taskNames() []string {
	names := make([]string, len(n.Tasks))
	for i, t := range n.Tasks {
		names[i] = t.Name
	}
	return names
}

// Close ends the runtime.
func (rt *Runtime) Close() error {
	var err error
	if rt.learner != nil {
		err = rt.learner.close()
	}
	return errors.Join(err, rt.machine.close())
}

// recovered turns a bug's panic into an error at the edge of this package, and marks
// that of a kernel, which an operation has recovered.
func recovered(what string, err *error) {
	if v := recover(); v != nil {
		*err = fmt.Errorf("%s: %w: %v", what, ErrInternal, v)
	} else if errors.Is(*err, op.ErrKernel) && !errors.Is(*err, ErrInternal) {
		*err = fmt.Errorf("%w: %w", ErrInternal, *err)
	}
}

// ErrInternal marks a bug in fusemoe rather than a mistake of its user.
var ErrInternal = errors.New("internal error; please report it")
