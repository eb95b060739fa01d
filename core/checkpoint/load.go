package checkpoint

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// Error says which file of a checkpoint cannot be used, why, and what to do.
type Error struct {
	File, Problem, Advice string
	// Err is the cause below, if there is one.
	Err error
}

func (e *Error) Error() string { return e.File + ": " + e.Problem + "; " + e.Advice }

// Unwrap is the cause.
func (e *Error) Unwrap() error { return e.Err }

const adviceDamaged = "copy the whole checkpoint folder again, or train again"

// Load reads the checkpoint of the folder dir: its manifest with the plugins' states, and the weights in the
// order of their names. What is missing, cut short or changed is an *Error that names the file.
func Load(dir string) (Manifest, []Tensor, error) {
	m, err := readManifest(filepath.Join(dir, manifestName))
	if err != nil {
		return Manifest{}, nil, err
	}
	for i := range m.Modalities {
		if f := m.Modalities[i].StateFile; f != nil {
			if m.Modalities[i].State, err = f.read(dir); err != nil {
				return Manifest{}, nil, err
			}
		}
	}
	f := m.Files[weights]
	text, err := f.read(dir)
	if err != nil {
		return Manifest{}, nil, err
	}
	tensors, err := decode(text)
	if err != nil {
		return Manifest{}, nil, &Error{
			File: filepath.Join(dir, f.Name), Problem: "not a safetensors file of weights: " + err.Error(),
			Advice: adviceDamaged, Err: err,
		}
	}
	return m, tensors, nil
}

func readManifest(path string) (Manifest, error) {
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return Manifest{}, &Error{
			File: path, Problem: "no such file",
			Advice: "name a folder that holds a checkpoint; one is there once the first epoch of a run ended", Err: err,
		}
	}
	if err != nil {
		return Manifest{}, &Error{File: path, Problem: err.Error(), Advice: "make it readable", Err: err}
	}
	m, err := parseManifest(text)
	if err != nil {
		return Manifest{}, &Error{File: path, Problem: err.Error(), Advice: adviceDamaged, Err: err}
	}
	if m.Format != Format {
		return Manifest{}, &Error{
			File: path, Problem: fmt.Sprintf("format %d, this program reads format %d", m.Format, Format),
			Advice: "use the version of fusemoe that wrote it",
		}
	}
	if _, ok := m.Files[weights]; !ok {
		return Manifest{}, &Error{File: path, Problem: "names no file of weights", Advice: adviceDamaged}
	}
	return m, nil
}

func parseManifest(text []byte) (Manifest, error) {
	var m Manifest
	if err := json.Unmarshal(text, &m); err != nil {
		return Manifest{}, fmt.Errorf("not a manifest: %w", err)
	}
	raw := []*json.RawMessage{&m.Model}
	for i := range m.Modalities {
		raw = append(raw, &m.Modalities[i].Config)
	}
	for _, r := range raw {
		if *r == nil {
			continue
		}
		var compact bytes.Buffer
		if err := json.Compact(&compact, *r); err != nil {
			return Manifest{}, fmt.Errorf("not a manifest: %w", err)
		}
		*r = compact.Bytes()
	}
	return m, nil
}

// read is the content of f, which is what it must be.
func (f File) read(dir string) ([]byte, error) {
	path := filepath.Join(dir, f.Name)
	damaged := func(err error, problem string, a ...any) error {
		return &Error{File: path, Problem: fmt.Sprintf(problem, a...), Advice: adviceDamaged, Err: err}
	}
	// A manifest from elsewhere must not make us read other folders.
	if f.Name == "" || f.Name == "." || f.Name == ".." || filepath.Base(f.Name) != f.Name {
		return nil, damaged(nil, "the manifest names %q, which is not a file of the folder", f.Name)
	}
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, damaged(err, "the manifest names it, but there is no such file")
	}
	if err != nil {
		return nil, damaged(err, "%v", err)
	}
	if info.Size() != f.Bytes {
		return nil, damaged(nil, "%d bytes long, the manifest says %d", info.Size(), f.Bytes)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, damaged(err, "%v", err)
	}
	if sum := sha256.Sum256(text); hex.EncodeToString(sum[:]) != f.SHA256 {
		return nil, damaged(nil, "changed since it was written: its sha256 is %x, the manifest says %s", sum, f.SHA256)
	}
	return text, nil
}
