package track

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

// Run is how MLflow shows a training.
type Run struct {
	// Experiment gathers runs; Name is the run's own.
	Experiment, Name string
	// Key tells the run from all others in the store: a run of the same key is written
	// anew.
	Key string
	// Params are settings, Note a text beside the run.
	Params map[string]string
	Note   string
}

// MLflow begins a run in a file store, the folder that `mlflow ui --backend-store-uri`
// takes.
func MLflow(store string, r Run) (Writer, error) {
	store, err := filepath.Abs(store)
	if err != nil {
		return nil, fmt.Errorf("mlflow: %w", err)
	}
	key := sha256.Sum256([]byte(r.Key))
	name := sha256.Sum256([]byte(r.Experiment))
	w := &mlflow{run: runMeta{
		RunID: hex.EncodeToString(key[:16]), Name: r.Name, Stage: active, Source: sourceLocal,
		// MLflow's own identifiers are whole numbers of 18 digits.
		Experiment: fmt.Sprint(1e17 + binary.BigEndian.Uint64(name[:])%9e17),
		Start:      time.Now().UnixMilli(), Status: running, Tags: []string{},
	}}
	w.run.UUID = w.run.RunID
	experiment := filepath.Join(store, w.run.Experiment)
	w.dir = filepath.Join(experiment, w.run.RunID)
	w.run.Artifacts = fileURL(filepath.Join(w.dir, "artifacts"))
	if err := errors.Join(os.RemoveAll(w.dir), os.MkdirAll(filepath.Join(w.dir, "artifacts"), 0o755)); err != nil {
		return nil, fmt.Errorf("mlflow: %w", err)
	}
	meta := experimentMeta{
		Artifacts: fileURL(experiment), Created: w.run.Start, Updated: w.run.Start, ID: w.run.Experiment, Stage: active, Name: r.Experiment,
	}
	if path := filepath.Join(experiment, metaFile); !exists(path) {
		if err := writeMeta(path, meta); err != nil {
			return nil, err
		}
	}
	tags := map[string]string{"mlflow.runName": r.Name, "mlflow.source.name": "fusemoe", "mlflow.source.type": "LOCAL", "mlflow.note.content": r.Note}
	return w, errors.Join(w.texts("params", r.Params), w.texts("tags", tags), os.MkdirAll(filepath.Join(w.dir, "metrics"), 0o755),
		writeMeta(filepath.Join(w.dir, metaFile), w.run))
}

const (
	metaFile    = "meta.yaml"
	active      = "active"
	sourceLocal = 4 // of mlflow.entities.SourceType
	// Of mlflow.entities.RunStatus.
	running, finished, failed = 1, 3, 4
)

// experimentMeta and runMeta are the files meta.yaml of MLflow's FileStore.
type experimentMeta struct {
	Artifacts string `yaml:"artifact_location"`
	Created   int64  `yaml:"creation_time"`
	ID        string `yaml:"experiment_id"`
	Updated   int64  `yaml:"last_update_time"`
	Stage     string `yaml:"lifecycle_stage"`
	Name      string `yaml:"name"`
}

type runMeta struct {
	Artifacts  string   `yaml:"artifact_uri"`
	End        *int64   `yaml:"end_time"`
	EntryPoint string   `yaml:"entry_point_name"`
	Experiment string   `yaml:"experiment_id"`
	Stage      string   `yaml:"lifecycle_stage"`
	RunID      string   `yaml:"run_id"`
	Name       string   `yaml:"run_name"`
	UUID       string   `yaml:"run_uuid"`
	SourceName string   `yaml:"source_name"`
	Source     int      `yaml:"source_type"`
	Version    string   `yaml:"source_version"`
	Start      int64    `yaml:"start_time"`
	Status     int      `yaml:"status"`
	Tags       []string `yaml:"tags"`
	User       string   `yaml:"user_id"`
}

// mlflow is a run in a file store.
type mlflow struct {
	dir string
	run runMeta
}

// Write appends to one file a figure lines of time, value and step.
func (w *mlflow) Write(step int, figures map[string]float64) error {
	for _, name := range finite(figures) {
		path := filepath.Join(w.dir, "metrics", filepath.FromSlash(safe(name)))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return fmt.Errorf("mlflow: %w", err)
		}
		f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o644)
		if err != nil {
			return fmt.Errorf("mlflow: %w", err)
		}
		_, err = fmt.Fprintf(f, "%d %v %d\n", time.Now().UnixMilli(), figures[name], step)
		if err := errors.Join(err, f.Close()); err != nil {
			return fmt.Errorf("mlflow: %w", err)
		}
	}
	return nil
}

func (w *mlflow) Close(whole bool) error {
	now := time.Now().UnixMilli()
	w.run.End, w.run.Status = &now, failed
	if whole {
		w.run.Status = finished
	}
	return writeMeta(filepath.Join(w.dir, metaFile), w.run)
}

// longest is what MLflow takes of a parameter.
const longest = 6000

// texts writes a folder with a file for each text.
func (w *mlflow) texts(kind string, all map[string]string) error {
	dir := filepath.Join(w.dir, kind)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("mlflow: %w", err)
	}
	for name, text := range all {
		if len(text) > longest {
			text = strings.ToValidUTF8(text[:longest], "")
		}
		if err := os.WriteFile(filepath.Join(dir, safe(name)), []byte(text), 0o644); err != nil {
			return fmt.Errorf("mlflow: %w", err)
		}
	}
	return nil
}

// safe replaces what MLflow does not take in a name, and what would leave its folder.
func safe(name string) string {
	name = strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("_-. /", r) {
			return r
		}
		return '_'
	}, name)
	return strings.ReplaceAll(name, "..", "__")
}

func fileURL(path string) string {
	return (&url.URL{Scheme: "file", Path: filepath.ToSlash(path)}).String()
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// writeMeta writes a file whole or not at all: a UI may be reading it.
func writeMeta(path string, meta any) error {
	text, err := yaml.Marshal(meta)
	if err == nil {
		var f *os.File
		if f, err = os.CreateTemp(filepath.Dir(path), ".meta-*"); err == nil {
			_, err = f.Write(text)
			err = errors.Join(err, f.Chmod(0o644), f.Close())
			if err == nil {
				err = os.Rename(f.Name(), path)
			}
		}
	}
	if err != nil {
		return fmt.Errorf("mlflow: %w", err)
	}
	return nil
}
