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
	"slices"
)

// Error says which file of a checkpoint cannot be used, why, and what to do.
type Error struct {
	File, Problem, Advice string
	// Damaged says that the file was whole once: an earlier checkpoint may still be.
	Damaged bool
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
		return Manifest{}, nil, damaged(filepath.Join(dir, f.Name), err, "not a safetensors file of weights: %v", err)
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
		return Manifest{}, unreadable(path, err)
	}
	m, err := parseManifest(text)
	if err != nil {
		return Manifest{}, damaged(path, err, "%v", err)
	}
	if !sealed(text, m.SHA256) {
		return Manifest{}, damaged(path, nil, "changed since it was written: its sha256 is not the one that it names")
	}
	if m.Format != Format {
		return Manifest{}, &Error{
			File: path, Problem: fmt.Sprintf("format %d, this program reads format %d", m.Format, Format),
			Advice: "use the version of fusemoe that wrote it",
		}
	}
	if _, ok := m.Files[weights]; !ok {
		return Manifest{}, damaged(path, nil, "names no file of weights")
	}
	return m, nil
}

// sealed tells whether a manifest's text has the checksum that it names. Manifests of earlier
// versions name none.
func sealed(text []byte, sum string) bool {
	if sum == "" {
		return true
	}
	at := bytes.LastIndex(text, []byte(sum))
	if at < 0 || len(sum) != len(unsealed) {
		return false
	}
	blank := slices.Clone(text)
	copy(blank[at:], unsealed)
	is := sha256.Sum256(blank)
	return hex.EncodeToString(is[:]) == sum
}

func damaged(path string, err error, problem string, a ...any) error {
	return &Error{File: path, Problem: fmt.Sprintf(problem, a...), Advice: adviceDamaged, Damaged: true, Err: err}
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

// unreadable is a file that the system does not give: damage too, unless it may not.
func unreadable(path string, err error) error {
	return &Error{
		File: path, Problem: err.Error(), Advice: "make it readable", Err: err,
		Damaged: !errors.Is(err, fs.ErrPermission),
	}
}

// read is the content of f, which is what it must be.
func (f File) read(dir string) ([]byte, error) {
	path := filepath.Join(dir, f.Name)
	// A manifest from elsewhere must not make us read other folders.
	if f.Name == "" || f.Name == "." || f.Name == ".." || filepath.Base(f.Name) != f.Name {
		return nil, damaged(path, nil, "the manifest names %q, which is not a file of the folder", f.Name)
	}
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, damaged(path, err, "the manifest names it, but there is no such file")
	}
	if err != nil {
		return nil, unreadable(path, err)
	}
	if info.Size() != f.Bytes {
		return nil, damaged(path, nil, "%d bytes long, the manifest says %d", info.Size(), f.Bytes)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, unreadable(path, err)
	}
	if sum := sha256.Sum256(text); hex.EncodeToString(sum[:]) != f.SHA256 {
		return nil, damaged(path, nil, "changed since it was written: its sha256 is %x, the manifest says %s", sum, f.SHA256)
	}
	return text, nil
}
