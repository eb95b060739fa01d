// Package checkpoint keeps a trained model on disk: its weights, and a manifest of everything else that a
// prediction needs. Writing is atomic, reading checks every byte. docs/format/checkpoint.md describes the
// files.
//
//	err := checkpoint.Save(dir, checkpoint.Manifest{Model: config, Epoch: 3}, weights)
//	manifest, weights, err := checkpoint.Load(dir)
package checkpoint

import (
	"encoding/json"
	"math"
)

// Format is the version of the files that Save writes and Load reads. A key more in the manifest is no new
// version; a key less or of another meaning is.
const Format = 1

// Manifest is what a checkpoint holds beside the weights. It carries no times and no machine's names, so that
// equal training gives equal files.
type Manifest struct {
	// Format is set by Save.
	Format int `json:"format"`
	// Model is the configuration of the model, as the caller writes it. It comes back without white space
	// and otherwise as it was.
	Model      json.RawMessage `json:"model,omitempty"`
	Modalities []Modality      `json:"modalities"`
	Tasks      []Task          `json:"tasks"`
	// Epoch and Step count what was done when the weights were as they are.
	Epoch int `json:"epoch"`
	Step  int `json:"step"`
	// Metric is the one that chose these weights.
	Metric Metric `json:"metric"`
	Seed   uint64 `json:"seed"`
	// Training is what else a training needs to go on from here, as the caller writes it; a checkpoint that is
	// only for predicting has none.
	Training json.RawMessage `json:"training,omitempty"`
	// Files are the tensor files by what they hold; "weights" is always there. Set by Save.
	Files map[string]File `json:"files"`
	// SHA256 is that of the manifest's own text with zeros in the place of these 64 digits. Set by Save.
	SHA256 string `json:"sha256,omitempty"`
}

// Modality is one modality as the model was trained on it.
type Modality struct {
	Name   string `json:"name"`
	Plugin string `json:"plugin"`
	// Source is the dataset's item source that the plugin reads.
	Source string `json:"source"`
	// Env names the environment variables that the plugin may see.
	Env []string `json:"env,omitempty"`
	// Sandbox confines the plugin, to its own files and what Read lists.
	Sandbox bool     `json:"sandbox,omitempty"`
	Read    []string `json:"read,omitempty"`
	// Device is where the plugin computed; empty: the processor.
	Device string `json:"device,omitempty"`
	// OnError says what becomes of samples that the plugin cannot encode.
	OnError string `json:"on_error,omitempty"`
	// Fingerprint is what the plugin answered to Config and State: a plugin with another one gives other
	// embeddings.
	Fingerprint string          `json:"fingerprint"`
	Config      json.RawMessage `json:"config,omitempty"`
	Kind        string          `json:"kind"`
	Dim         int             `json:"dim"`
	Features    []string        `json:"features,omitempty"`
	// State is what the plugin learned from the training split, nil where it learns nothing.
	State []byte `json:"-"`
	// StateFile is where State lies. Set by Save.
	StateFile *File `json:"state,omitempty"`
}

// Task is one task of the model's head.
type Task struct {
	Name    string   `json:"name"`
	Kind    string   `json:"kind"`
	Columns []string `json:"columns"`
	Classes []string `json:"classes,omitempty"`
	// Thresholds are, by column, where a score counts as positive, chosen on the validation split.
	Thresholds Thresholds `json:"thresholds,omitempty"`
	// Calibration is what turns the model's scores into calibrated ones, as the caller writes it; absent where
	// there is none.
	Calibration json.RawMessage `json:"calibration,omitempty"`
}

// Metric is a named figure. NaN is null in JSON.
type Metric struct {
	Name  string
	Value float64
}

// Thresholds may be NaN, which is null in JSON, where no threshold could be chosen.
type Thresholds []float64

// File names a file of the checkpoint's folder and what it must be.
type File struct {
	Name   string `json:"name"`
	Bytes  int64  `json:"bytes"`
	SHA256 string `json:"sha256"`
}

type metricJSON struct {
	Name  string   `json:"name"`
	Value *float64 `json:"value"`
}

// MarshalJSON writes {"name": .., "value": ..}.
func (m Metric) MarshalJSON() ([]byte, error) {
	return json.Marshal(metricJSON{m.Name, orNull(m.Value)})
}

// UnmarshalJSON reads what MarshalJSON wrote.
func (m *Metric) UnmarshalJSON(text []byte) error {
	var j metricJSON
	if err := json.Unmarshal(text, &j); err != nil {
		return err
	}
	*m = Metric{j.Name, orNaN(j.Value)}
	return nil
}

// MarshalJSON writes a list of numbers and nulls.
func (t Thresholds) MarshalJSON() ([]byte, error) {
	list := make([]*float64, len(t))
	for i, v := range t {
		list[i] = orNull(v)
	}
	return json.Marshal(list)
}

// UnmarshalJSON reads what MarshalJSON wrote.
func (t *Thresholds) UnmarshalJSON(text []byte) error {
	var list []*float64
	if err := json.Unmarshal(text, &list); err != nil {
		return err
	}
	*t = make(Thresholds, len(list))
	for i, v := range list {
		(*t)[i] = orNaN(v)
	}
	return nil
}

func orNull(v float64) *float64 {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return nil
	}
	return &v
}

func orNaN(v *float64) float64 {
	if v == nil {
		return math.NaN()
	}
	return *v
}
