// Package core is a placeholder: what the commands need of the library, with the
// signatures that were agreed. The library itself takes this file's place.
package core

import (
	"context"
	"errors"
	"io"

	"github.com/rs/zerolog"

	"github.com/fusemoe/fusemoe/core/config"
	"github.com/fusemoe/fusemoe/core/data"
	"github.com/fusemoe/fusemoe/core/report"
)

var errPlaceholder = errors.New("package core is not in this branch")

// Progress is told of the stages of a long piece of work.
type Progress interface {
	// Stage begins a stage of total steps; 0 means that their number is unknown.
	Stage(name string, total int) Meter
}

// Meter is told how far a stage is. It may be called from several goroutines.
type Meter interface {
	// Add counts n steps as done.
	Add(n int)
	// Note shows the latest news, such as "loss 0.41 val AUROC 0.83".
	Note(text string)
	// Done ends the stage.
	Done()
}

// Option changes how a Runtime or a Predictor works.
type Option func()

// WithLogger sends log lines to log.
func WithLogger(zerolog.Logger) Option { return func() {} }

// WithProgress tells p of each stage.
func WithProgress(Progress) Option { return func() {} }

// WithBuiltin makes a plugin of that name known, started with argv.
func WithBuiltin(string, ...string) Option { return func() {} }

// WithDataset takes a dataset in memory in place of the config's data.path.
func WithDataset(*data.Dataset) Option { return func() {} }

// ErrInternal marks a bug in fusemoe rather than a mistake of its user.
var ErrInternal = errors.New("internal error; please report it")

// WithSeed chooses among a run's trainings.
func WithSeed(uint64) Option { return func() {} }

// Runtime is one run.
type Runtime struct{}

// Open checks what the configuration names and makes the run folder.
func Open(context.Context, *config.Config, ...Option) (*Runtime, error) { return nil, errPlaceholder }

// Run prepares, trains and evaluates for every seed.
func (*Runtime) Run(context.Context) (*Summary, error) { return nil, errPlaceholder }

// Close ends what still runs.
func (*Runtime) Close() error { return nil }

// Summary is what a run came to.
type Summary struct {
	// Dir is the run folder.
	Dir string
}

// WriteTable writes the metrics as people read them.
func (*Summary) WriteTable(io.Writer) error { return errPlaceholder }

// Predictor predicts with what a run has learned.
type Predictor struct{}

// OpenRun reads a run folder.
func OpenRun(context.Context, string, ...Option) (*Predictor, error) { return nil, errPlaceholder }

// PredictDataset predicts the samples of one split of a dataset folder, or of all
// where split is nil, and writes them.
func (*Predictor) PredictDataset(context.Context, string, *data.Split, io.Writer, report.Format) error {
	return errPlaceholder
}

// Close ends the plugins.
func (*Predictor) Close() error { return nil }
