package core

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/fusemoe/fusemoe/core/checkpoint"
	"github.com/fusemoe/fusemoe/core/train"
)

// snapshotFolder holds the last snapshot of a training beside its best checkpoint, in
// the same format: the manifest's training key and the arrays of train.Snapshot.
const snapshotFolder = "snapshot"

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
	if m.Training, err = json.Marshal(s); err != nil {
		return fmt.Errorf("describe the training: %w", err)
	}
	tensors := make([]checkpoint.Tensor, len(s.Arrays))
	for i, a := range s.Arrays {
		tensors[i] = checkpoint.Tensor(a)
	}
	return checkpoint.Save(filepath.Join(r.dir, snapshotFolder), m, tensors)
}

// loadSnapshot finds where a training goes on; nil where none was begun.
func (r *record) loadSnapshot(rt *Runtime) (*train.Snapshot, error) {
	if r == nil || !rt.resume {
		return nil, nil
	}
	dir := filepath.Join(r.dir, snapshotFolder)
	if _, err := os.Stat(filepath.Join(dir, manifestFile)); errors.Is(err, fs.ErrNotExist) {
		return nil, r.forget(0)
	}
	m, tensors, err := checkpoint.Load(dir)
	if err != nil {
		return nil, err
	}
	if err := rt.sameTraining(dir, m); err != nil {
		return nil, err
	}
	var s train.Snapshot
	if err := json.Unmarshal(m.Training, &s); err != nil {
		return nil, fmt.Errorf("%s: the state of the training cannot be read: %w", dir, err)
	}
	for _, t := range tensors {
		s.Arrays = append(s.Arrays, train.Array(t))
	}
	r.metric = m.Metric
	return &s, r.forget(s.Epoch)
}

// sameTraining refuses to go on with another model or with other data: the result
// would be neither the one nor the other.
func (rt *Runtime) sameTraining(dir string, m checkpoint.Manifest) error {
	now, err := rt.learner.manifest(rt.dataset, rt.modalities)
	if err != nil {
		return err
	}
	if !bytes.Equal(now.Model, m.Model) || now.Seed != m.Seed {
		return fmt.Errorf("%s: the training that was interrupted had another model or seed than its config.yaml says", dir)
	}
	for i, then := range m.Modalities {
		if i >= len(now.Modalities) || now.Modalities[i].Fingerprint != then.Fingerprint {
			return fmt.Errorf("%s: the data or the plugin of modality %s is not what it was when the training was interrupted; "+
				"start a new run", dir, then.Name)
		}
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
	if err := writable(dir); err != nil {
		return nil, fmt.Errorf("resume: cannot write to %s: %w", dir, err)
	}
	return &runFolder{dir: dir, several: several, reopened: true}, nil
}
