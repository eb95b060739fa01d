package checkpoint

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"syscall"
)

const (
	manifestName = "manifest.json"
	// weights is the name of the model's own tensors among a manifest's files.
	weights = "weights"
)

// Save writes a checkpoint to the folder dir, which it makes if need be, and replaces one that is there.
//
// The manifest is renamed into place last, and files of other content have other names: whatever interrupts
// Save, the folder holds the former checkpoint or the new one, whole. What the former one left over is removed
// at the end. On an error nothing new is left.
func Save(dir string, m Manifest, tensors []Tensor) error {
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return failed(dir, err)
	}
	w := writer{dir: dir}
	if err := w.save(m, tensors); err != nil {
		w.undo()
		return err
	}
	w.sweep()
	return nil
}

// writer writes the files of one checkpoint.
type writer struct {
	dir string
	// made are the files that were not there before.
	made []string
	// kept are all files of the new checkpoint.
	kept map[string]bool
}

func (w *writer) save(m Manifest, tensors []Tensor) error {
	m.Format = Format
	file, err := w.add(weights, ".safetensors", func(to io.Writer) error { return encode(to, tensors) })
	if err != nil {
		return err
	}
	m.Files = map[string]File{weights: file}
	m.Modalities = append([]Modality{}, m.Modalities...)
	for i := range m.Modalities {
		modality := &m.Modalities[i]
		modality.StateFile = nil
		if modality.State == nil {
			continue
		}
		file, err := w.add("state", ".bin", func(to io.Writer) error {
			_, err := to.Write(modality.State)
			return err
		})
		if err != nil {
			return err
		}
		modality.StateFile = &file
	}
	return w.commit(m)
}

// commit makes the files that were added the checkpoint of the folder.
func (w *writer) commit(m Manifest) error {
	text, err := seal(m)
	if err != nil {
		return failed(w.dir, err)
	}
	// The files must be on disk under their names before a manifest names them.
	if err := syncDir(w.dir); err != nil {
		return err
	}
	temporary, err := w.write("manifest", func(to io.Writer) error {
		_, err := to.Write(text)
		return err
	})
	if err != nil {
		return err
	}
	if err := os.Rename(temporary, filepath.Join(w.dir, manifestName)); err != nil {
		return failed(w.dir, errors.Join(err, os.Remove(temporary)))
	}
	// They belong to the checkpoint now, whatever else happens.
	w.made = nil
	return syncDir(w.dir)
}

// seal is the text of a manifest that carries its own checksum.
func seal(m Manifest) ([]byte, error) {
	m.SHA256 = unsealed
	var text bytes.Buffer
	e := json.NewEncoder(&text)
	// As it is, Model and the plugins' configurations keep their bytes.
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(m); err != nil {
		return nil, err
	}
	sum := sha256.Sum256(text.Bytes())
	// It is the last key: whatever the caller's own texts hold, the last zeros are these.
	at := bytes.LastIndex(text.Bytes(), []byte(unsealed))
	hex.Encode(text.Bytes()[at:], sum[:])
	return text.Bytes(), nil
}

// unsealed stands in a manifest in the place of its checksum while that is computed.
var unsealed = strings.Repeat("0", hex.EncodedLen(sha256.Size))

// add writes a file that is called after what it holds and the beginning of its checksum.
func (w *writer) add(holds, extension string, content func(io.Writer) error) (File, error) {
	sum, size := sha256.New(), &counter{}
	temporary, err := w.write(holds, func(to io.Writer) error {
		return content(io.MultiWriter(to, sum, size))
	})
	if err != nil {
		return File{}, err
	}
	digest := hex.EncodeToString(sum.Sum(nil))
	file := File{Name: holds + "-" + digest[:16] + extension, Bytes: size.n, SHA256: digest}
	path := filepath.Join(w.dir, file.Name)
	if _, err := os.Lstat(path); errors.Is(err, fs.ErrNotExist) {
		w.made = append(w.made, path)
	}
	if err := os.Rename(temporary, path); err != nil {
		return File{}, failed(w.dir, errors.Join(err, os.Remove(temporary)))
	}
	if w.kept == nil {
		w.kept = map[string]bool{}
	}
	w.kept[file.Name] = true
	return file, nil
}

// write brings content to disk in a temporary file of the folder and returns its path.
func (w *writer) write(holds string, content func(io.Writer) error) (path string, err error) {
	path = filepath.Join(w.dir, ".checkpoint-"+holds+".tmp")
	f, err := os.Create(path)
	if err != nil {
		return "", failed(w.dir, err)
	}
	err = content(f)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return "", failed(w.dir, errors.Join(err, os.Remove(path)))
	}
	return path, nil
}

// undo removes what was made. The error that led here is the one to tell.
func (w *writer) undo() {
	for _, path := range w.made {
		_ = os.Remove(path)
	}
}

var ours = regexp.MustCompile(`^([a-z]+-[0-9a-f]{16}\.(safetensors|bin)|\.checkpoint-[a-z]+\.tmp)$`)

// sweep removes the files of former checkpoints and of interrupted saves. The new checkpoint is safe by now;
// what cannot be removed is left to the next Save.
func (w *writer) sweep() {
	entries, err := os.ReadDir(w.dir)
	if err != nil {
		return
	}
	for _, e := range entries {
		if ours.MatchString(e.Name()) && !w.kept[e.Name()] {
			_ = os.Remove(filepath.Join(w.dir, e.Name()))
		}
	}
}

// syncDir brings renames in a folder to disk.
func syncDir(dir string) error {
	if runtime.GOOS == "windows" {
		// Folders cannot be opened there; NTFS keeps the order of its renames.
		return nil
	}
	d, err := os.Open(dir)
	if err != nil {
		return failed(dir, err)
	}
	err = d.Sync()
	if errors.Is(err, syscall.EINVAL) || errors.Is(err, errors.ErrUnsupported) {
		// Network drives: they have no such thing, and the files themselves are synced.
		err = nil
	}
	if err := errors.Join(err, d.Close()); err != nil {
		return failed(dir, err)
	}
	return nil
}

func failed(dir string, err error) error {
	return fmt.Errorf("cannot write a checkpoint to %s: %w", dir, err)
}

type counter struct{ n int64 }

func (c *counter) Write(p []byte) (int, error) {
	c.n += int64(len(p))
	return len(p), nil
}
