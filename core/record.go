package core

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"

	"github.com/fusemoe/fusemoe/core/checkpoint"
	"github.com/fusemoe/fusemoe/core/eval"
	"github.com/fusemoe/fusemoe/core/train"
)

// record is what a training leaves in its folder while it goes on: a line for every
// epoch, the best checkpoint so far and snapshots. What an epoch leaves is written while
// the next one trains, in that order; an error is told at the end of that one.
type record struct {
	dir    string
	log    *os.File
	metric checkpoint.Metric
	// tracking is told of every epoch; nil: nothing is.
	tracking *tracking
	later    later
}

// openRecord starts the record of a training, or takes up that of an interrupted one.
func openRecord(dir string, resume bool) (*record, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("make the folder of the training: %w", err)
	}
	mode := os.O_WRONLY | os.O_CREATE | os.O_APPEND
	if !resume {
		mode |= os.O_TRUNC
	}
	log, err := os.OpenFile(filepath.Join(dir, trainingLog), mode, 0o644)
	if err != nil {
		return nil, fmt.Errorf("begin the training log: %w", err)
	}
	return &record{dir: dir, log: log}, nil
}

// epochLine is one line of training.jsonl.
type epochLine struct {
	Epoch      int                     `json:"epoch"`
	Step       int                     `json:"step"`
	Losses     map[string]float64      `json:"losses"`
	Score      *float64                `json:"score"` // null where there is none
	Best       bool                    `json:"best"`
	Validation map[string]eval.Metrics `json:"val"`
	// Experts is what the routers did with the validation split.
	Experts *eval.ExpertUseResult `json:"experts,omitempty"`
}

// epochDetails is what an epoch is known by beside its score.
type epochDetails struct {
	validation map[string]eval.Metrics
	experts    eval.ExpertUseResult
}

// epoch appends one line. A nil record keeps nothing.
func (r *record) epoch(e train.EpochReport) error {
	if r == nil {
		return nil
	}
	line := epochLine{Epoch: e.Epoch, Step: e.Step, Losses: e.Losses, Best: e.Best}
	if details, ok := e.Details.(epochDetails); ok {
		line.Validation, line.Experts = details.validation, &details.experts
	}
	if !math.IsInf(e.Score, 0) {
		line.Score = &e.Score
	}
	return r.later.add(func() error {
		if err := writeJSON(r.log, line); err != nil {
			return err
		}
		// The snapshot of this epoch, which comes next, must not be there without its line.
		if err := r.log.Sync(); err != nil {
			return fmt.Errorf("write the training log: %w", err)
		}
		return r.tracking.follow()
	})
}

// best saves the checkpoint of the best epoch so far.
func (r *record) best(rt *Runtime, e train.EpochReport, metric checkpoint.Metric) error {
	if r == nil {
		return nil
	}
	r.judge(metric)
	m, tensors, err := rt.learner.checkpoint(rt.dataset, rt.modalities, e.Epoch, e.Step, metric)
	if err != nil {
		return err
	}
	return r.later.addCopy(tensors, func(tensors []checkpoint.Tensor) error {
		return checkpoint.Save(filepath.Join(r.dir, checkpointFolder), m, tensors)
	})
}

// judge keeps what the last epoch was worth, for the snapshots.
func (r *record) judge(metric checkpoint.Metric) {
	if r != nil {
		r.metric = metric
	}
}

func (r *record) close() error {
	if r == nil {
		return nil
	}
	err := r.later.finish()
	if closeErr := r.log.Close(); closeErr != nil && err == nil {
		err = fmt.Errorf("end the training log: %w", closeErr)
	}
	return err
}

// writeJSON writes one value on one line.
func writeJSON(w io.Writer, v any) error {
	if err := json.NewEncoder(w).Encode(v); err != nil {
		return fmt.Errorf("write JSON: %w", err)
	}
	return nil
}

// writeFile writes a file whole or not at all. What a killed process leaves half-written
// has one name, so that the resumed run writes over it.
func writeFile(path string, write func(io.Writer) error) error {
	f, err := os.Create(filepath.Join(filepath.Dir(path), "."+filepath.Base(path)+".tmp"))
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	err = errors.Join(write(f), f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return fmt.Errorf("write %s: %w", path, errors.Join(err, os.Remove(f.Name())))
	}
	return nil
}
