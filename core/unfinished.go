package core

import (
	"strconv"
	"strings"
)

// UnfinishedError is the error of a run that ended early and of which something is
// left.
type UnfinishedError struct {
	// Dir is the run folder.
	Dir string
	// Repetitions are the folds or splits that ended, Repetition the one that did not and
	// that Finished and Partial are of; both are empty where a run has only one.
	Repetitions []string
	Repetition  string
	// Finished are the seeds that were trained and evaluated.
	Finished []uint64
	// Partial are the seeds whose training or evaluation did not end; their checkpoints
	// are those of the best epoch so far.
	Partial []uint64
	// Pretrained are the seeds that were in pretraining, of which the last epochs are kept.
	Pretrained []uint64
	// Err is why the run ended.
	Err error
}

// Kept says what the run folder holds.
func (e *UnfinishedError) Kept() string {
	var parts []string
	if len(e.Repetitions) > 0 {
		parts = append(parts, "the finished "+strings.Join(e.Repetitions, ", "))
	}
	if len(e.Finished) > 0 {
		parts = append(parts, "the finished "+listedSeeds(e.Finished))
	}
	switch len(e.Partial) {
	case 0:
	case 1:
		parts = append(parts, "the best checkpoint so far of "+listedSeeds(e.Partial))
	default:
		parts = append(parts, "the best checkpoints so far of "+listedSeeds(e.Partial))
	}
	if len(e.Pretrained) > 0 {
		parts = append(parts, "the pretraining so far of "+listedSeeds(e.Pretrained))
	}
	if e.Repetition != "" && e.seeds() > 0 {
		parts[len(parts)-1] += " in " + e.Repetition
	}
	return e.Dir + " keeps " + strings.Join(parts, " and ")
}

// seeds counts those of which something is kept.
func (e *UnfinishedError) seeds() int { return len(e.Finished) + len(e.Partial) + len(e.Pretrained) }

// Error is the cause and what is kept.
func (e *UnfinishedError) Error() string { return e.Err.Error() + "; " + e.Kept() }

// Unwrap returns the cause.
func (e *UnfinishedError) Unwrap() error { return e.Err }

func listedSeeds(seeds []uint64) string {
	if len(seeds) == 1 {
		return "seed " + listed(seeds)
	}
	return "seeds " + listed(seeds)
}

func listed(seeds []uint64) string {
	var all []string
	for _, s := range seeds {
		all = append(all, strconv.FormatUint(s, 10))
	}
	return strings.Join(all, ", ")
}
