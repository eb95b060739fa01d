package checkpoint

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// History is a folder with the last checkpoints of a training, each in a folder of its own,
// such as epoch-7.
type History struct {
	Dir string
	// Keep is how many there are, at least 1. With two of them, damage to the last one costs
	// an epoch and not the training.
	Keep int
}

// ErrNone says that a History has no checkpoint yet.
var ErrNone = errors.New("no checkpoint yet")

// Save adds the checkpoint of the epoch that the manifest names, or replaces it, and then
// removes those of old.
func (h History) Save(m Manifest, tensors []Tensor) error {
	if err := Save(h.folder(m.Epoch), m, tensors); err != nil {
		return err
	}
	// The new one must be found after a power cut before an old one goes.
	if err := syncDir(h.Dir); err != nil {
		return err
	}
	return h.prune()
}

// Load reads the last checkpoint that is whole. It names those after it, which are damaged:
// cut short or changed on the disk. What cannot be read for another reason is an error, as it
// is when all are damaged; ErrNone if there is none.
func (h History) Load() (m Manifest, tensors []Tensor, damaged []error, err error) {
	// A process that was killed may not have come to it.
	if err := h.prune(); err != nil {
		return Manifest{}, nil, nil, err
	}
	epochs, err := h.epochs()
	if err != nil {
		return Manifest{}, nil, nil, err
	}
	for _, epoch := range epochs {
		m, tensors, err = Load(h.folder(epoch))
		if err == nil {
			return m, tensors, damaged, nil
		}
		if e := new(Error); !errors.As(err, &e) || !e.Damaged {
			return Manifest{}, nil, nil, err
		}
		damaged = append(damaged, err)
	}
	if len(damaged) == 0 {
		return Manifest{}, nil, nil, ErrNone
	}
	return Manifest{}, nil, nil, &Error{
		File: h.Dir, Problem: "none of its checkpoints is whole", Damaged: true, Err: errors.Join(damaged...),
		Advice: "remove the folder to begin this training anew: " + errors.Join(damaged...).Error(),
	}
}

const epochPrefix = "epoch-"

func (h History) folder(epoch int) string {
	return filepath.Join(h.Dir, epochPrefix+strconv.Itoa(epoch))
}

// epochs are those that have a checkpoint, the last first.
func (h History) epochs() ([]int, error) {
	all, err := h.folders()
	return slices.DeleteFunc(all, func(epoch int) bool {
		_, err := os.Lstat(filepath.Join(h.folder(epoch), manifestName))
		return errors.Is(err, fs.ErrNotExist)
	}), err
}

// folders are the epochs that have a folder, the last first.
func (h History) folders() ([]int, error) {
	entries, err := os.ReadDir(h.Dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, &Error{File: h.Dir, Problem: err.Error(), Advice: "make it readable", Err: err}
	}
	var all []int
	for _, e := range entries {
		number, ours := strings.CutPrefix(e.Name(), epochPrefix)
		if n, err := strconv.Atoi(number); ours && err == nil {
			all = append(all, n)
		}
	}
	slices.Sort(all)
	slices.Reverse(all)
	return all, nil
}

// prune leaves the last checkpoints and nothing half-written.
func (h History) prune() error {
	keep, err := h.epochs()
	if err != nil {
		return err
	}
	keep = keep[:min(len(keep), max(h.Keep, 1))]
	all, err := h.folders()
	if err != nil {
		return err
	}
	for _, epoch := range all {
		if slices.Contains(keep, epoch) {
			continue
		}
		// First what makes it a checkpoint, so that an interruption leaves none that looks damaged.
		manifest := filepath.Join(h.folder(epoch), manifestName)
		if err := os.Remove(manifest); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return failed(h.Dir, err)
		}
		if err := os.RemoveAll(h.folder(epoch)); err != nil {
			return failed(h.Dir, err)
		}
	}
	return nil
}
