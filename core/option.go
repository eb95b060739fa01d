package core

import (
	"sync"

	"github.com/rs/zerolog"

	"github.com/fusemoe/fusemoe/core/data"
	"github.com/fusemoe/fusemoe/core/lock"
	"github.com/fusemoe/fusemoe/sdk"
)

// Option changes how a Runtime or a Predictor works.
type Option func(*options)

type options struct {
	log      zerolog.Logger
	progress Progress
	builtin  map[string][]string
	inside   map[string]sdk.Modality
	attached map[string]string
	dataset  *data.Dataset
	cacheDir string
	seed     *uint64
	lockFile string
	confine  []string
	dev      *sync.Once // says that plugins are not verified; nil: they are
	resume   bool
	hidden   float64 // the share of every sample's modalities that a Predictor does not see
}

func newOptions(all []Option) options {
	o := options{
		log: zerolog.Nop(), progress: silent{}, lockFile: lock.FileName,
		builtin: map[string][]string{}, inside: map[string]sdk.Modality{},
	}
	for _, apply := range all {
		apply(&o)
	}
	return o
}

// WithLogger sends log lines to log. Without it nothing is logged.
func WithLogger(log zerolog.Logger) Option { return func(o *options) { o.log = log } }

// WithProgress tells p how long work goes.
func WithProgress(p Progress) Option { return func(o *options) { o.progress = p } }

// WithBuiltin makes a plugin known by name, started as a process with argv. The
// command-line tool starts its own plugins so.
func WithBuiltin(name string, argv ...string) Option {
	return func(o *options) { o.builtin[name] = argv }
}

// WithSandbox makes sandboxes possible: argv is a command that gives its further arguments
// to sandbox.Exec of package core/host/sandbox. The command-line tool is one itself.
func WithSandbox(argv ...string) Option { return func(o *options) { o.confine = argv } }

// WithModality makes a plugin known by name and serves it in this process, over the
// same protocol: for tests, for debuggers and for those who want no processes.
func WithModality(name string, m sdk.Modality) Option {
	return func(o *options) { o.inside[name] = m }
}

// WithAttached uses plugins that somebody has started with -debug in place of starting
// them: sockets, by the name of the modality or of its plugin.
func WithAttached(sockets map[string]string) Option {
	return func(o *options) { o.attached = sockets }
}

// WithDataset takes a dataset in memory in place of the config's data.path.
func WithDataset(d *data.Dataset) Option { return func(o *options) { o.dataset = d } }

// WithCacheDir keeps encoded sequences in dir; by default they are in the user's
// cache folder.
func WithCacheDir(dir string) Option { return func(o *options) { o.cacheDir = dir } }

// WithResume lets Run go on with the interrupted run in the config's run folder.
func WithResume() Option { return func(o *options) { o.resume = true } }

// WithSeed chooses among the trainings of a run; by default OpenRun takes
// that of the lowest.
func WithSeed(seed uint64) Option { return func(o *options) { o.seed = &seed } }

// WithLockFile holds plugins that are files or folders to the lock file at path; by
// default to fusemoe.lock in the working directory.
func WithLockFile(path string) Option { return func(o *options) { o.lockFile = path } }

// WithDev runs plugins as they are, locked or not, for those who are writing one.
func WithDev() Option { return func(o *options) { o.dev = new(sync.Once) } }
