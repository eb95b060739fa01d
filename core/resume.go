package core

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/fusemoe/fusemoe/core/checkpoint"
	"github.com/fusemoe/fusemoe/core/train"
)

// snapshotFolder holds the snapshots of a training after its last epochs beside its best
// checkpoint, in the same format: the manifest's training key and the arrays of
// train.Snapshot.
const snapshotFolder = "snapshots"

// standing is the training key of a snapshot's manifest: where the training stands, and
// what it depends on.
type standing struct {
	train.Snapshot
	Needs needs `json:"needs"`
}

func (r *record) snapshots(rt *Runtime) checkpoint.History {
	return checkpoint.History{Dir: filepath.Join(r.dir, snapshotFolder), Keep: rt.config.Train.Keep}
}

// saveSnapshot keeps what the training needs to go on after this epoch.
func (r *record) saveSnapshot(rt *Runtime, s train.Snapshot) error {
	if r == nil {
		return nil
	}
	m, err := rt.learner.manifest(rt.dataset, rt.modalities)
	if err != nil {
		return err
	}
	m.Epoch, m.Step, m.Metric = s.Epoch, s.Step, r.metric
	if m.Training, err = json.Marshal(standing{s, rt.needs}); err != nil {
		return fmt.Errorf("describe the training: %w", err)
	}
	tensors := make([]checkpoint.Tensor, len(s.Arrays))
	for i, a := range s.Arrays {
		tensors[i] = checkpoint.Tensor(a)
	}
	err = r.later.addCopy(tensors, func(tensors []checkpoint.Tensor) error { return r.snapshots(rt).Save(m, tensors) })
	r.later.start()
	return err
}

// loadSnapshot finds where a training goes on; nil where none was begun. What cannot be used
// of the last epochs is told and done again.
func (r *record) loadSnapshot(rt *Runtime) (*train.Snapshot, error) {
	if r == nil || !rt.resume {
		return nil, nil
	}
	m, tensors, damaged, err := r.snapshots(rt).Load()
	if errors.Is(err, checkpoint.ErrNone) {
		return nil, r.forget(0)
	}
	if err != nil {
		return nil, err
	}
	for _, d := range damaged {
		rt.log.Warn().Err(d).Int("from", m.Epoch).Msg("a snapshot is damaged; going on from the epoch before")
	}
	var s standing
	if err := json.Unmarshal(m.Training, &s); err != nil {
		return nil, fmt.Errorf("%s: the state of the training cannot be read: %w", r.dir, err)
	}
	if err := rt.sameTraining(m, s.Needs); err != nil {
		return nil, fmt.Errorf("resume: %s: %w", r.dir, err)
	}
	for _, t := range tensors {
		s.Arrays = append(s.Arrays, train.Array(t))
	}
	r.metric = m.Metric
	return &s.Snapshot, r.forget(s.Epoch)
}

// sameTraining refuses to go on with another model or with other data: the result
// would be neither the one nor the other.
func (rt *Runtime) sameTraining(m checkpoint.Manifest, then needs) error {
	if err := then.same(rt.needs); err != nil {
		return err
	}
	mine, err := rt.learner.manifest(rt.dataset, rt.modalities)
	if err != nil {
		return err
	}
	if !bytes.Equal(mine.Model, m.Model) || mine.Seed != m.Seed {
		return fmt.Errorf("the interrupted training had another model or seed; %s", adviceNew)
	}
	return nil
}

// forget cuts the training log after an epoch: what came later is done again.
func (r *record) forget(epoch int) error {
	path := filepath.Join(r.dir, trainingLog)
	text, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("read the training log: %w", err)
	}
	kept := 0
	lines := bufio.NewScanner(bytes.NewReader(text))
	lines.Buffer(nil, len(text)+1)
	for lines.Scan() {
		var line struct{ Epoch int }
		if json.Unmarshal(lines.Bytes(), &line) != nil || line.Epoch > epoch {
			break
		}
		kept += len(lines.Bytes()) + 1
	}
	if err := r.log.Truncate(int64(min(kept, len(text)))); err != nil {
		return fmt.Errorf("cut the training log: %w", err)
	}
	return nil
}

// reopenFolder takes up the folder of a run that was interrupted.
func reopenFolder(dir string, several bool) (*runFolder, error) {
	if _, err := os.Stat(filepath.Join(dir, configFile)); err != nil {
		return nil, fmt.Errorf("resume: %s holds no run: %w", dir, err)
	}
	// A draft of the config is left where the run was killed just as it began; to remove it
	// shows besides that the folder can be written to.
	drafts, err := filepath.Glob(filepath.Join(dir, draftPattern))
	for _, draft := range drafts {
		err = errors.Join(err, os.Remove(draft))
	}
	if err != nil {
		return nil, fmt.Errorf("resume: cannot write to %s: %w", dir, err)
	}
	f := &runFolder{dir: dir, several: several, reopened: true}
	if err := f.hold(); err != nil {
		return nil, fmt.Errorf("resume: %s: %w", dir, err)
	}
	return f, nil
}
