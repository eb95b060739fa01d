package core

import (
	"fmt"
	"strconv"
	"strings"
)

// UnfinishedError is the error of a run that ended early and of which something is
// left.
type UnfinishedError struct {
	// Dir is the run folder.
	Dir string
	// Finished are the seeds that were trained and evaluated.
	Finished []uint64
	// Partial is the seed whose training or evaluation did not end; its checkpoint is
	// that of the best epoch so far. Nil if there is none.
	Partial *uint64
	// Err is why the run ended.
	Err error
}

// Kept says what the run folder holds.
func (e *UnfinishedError) Kept() string {
	var parts []string
	switch len(e.Finished) {
	case 0:
	case 1:
		parts = append(parts, fmt.Sprintf("the finished seed %d", e.Finished[0]))
	default:
		parts = append(parts, "the finished seeds "+listed(e.Finished))
	}
	if e.Partial != nil {
		parts = append(parts, fmt.Sprintf("the best checkpoint so far of seed %d", *e.Partial))
	}
	return e.Dir + " keeps " + strings.Join(parts, " and ")
}

// Error is the cause and what is kept.
func (e *UnfinishedError) Error() string { return e.Err.Error() + "; " + e.Kept() }

// Unwrap returns the cause.
func (e *UnfinishedError) Unwrap() error { return e.Err }

func listed(seeds []uint64) string {
	var all []string
	for _, s := range seeds {
		all = append(all, strconv.FormatUint(s, 10))
	}
	return strings.Join(all, ", ")
}
