package core

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/fusemoe/fusemoe/core/data"
	"github.com/fusemoe/fusemoe/core/track"
)

// The names in a run folder, beside the folders of the seeds.
const (
	configFile       = "config.yaml"
	metricsFile      = "metrics.json"
	predictionsFile  = "predictions.csv"
	expertsFile      = "experts.json"
	trainingLog      = "training.jsonl"
	checkpointFolder = "checkpoint"
	manifestFile     = "manifest.json" // of a checkpoint
)

// runFolder is where a run keeps what comes of it.
type runFolder struct {
	dir string
	// made lists the folders that claim has made, the outermost first.
	made  []string
	begun bool
	// reopened says that the folder was there before this run: nothing is cleared up.
	reopened bool
	// several seeds have a folder each; a single one has the run folder itself.
	several bool
	// held is the config, locked as long as this run works in the folder.
	held *os.File
}

// errAtWork keeps two processes from writing the same results: one that was taken for dead
// may only have lost its terminal.
var errAtWork = errors.New("another fusemoe is at work there; wait until it has ended, or stop it")

// hold locks the config of a folder that was there.
func (f *runFolder) hold() error {
	held, err := os.Open(filepath.Join(f.dir, configFile))
	if err != nil {
		return err
	}
	if err := lockFile(held); err != nil {
		return errors.Join(err, held.Close())
	}
	f.held = held
	return nil
}

// release lets others work in the folder.
func (f *runFolder) release() {
	if f.held != nil {
		_ = f.held.Close() // it was only read, or is synced
	}
}

// claimFolder makes a run folder, so that a place that cannot be written to is known
// before hours are spent. It refuses one that already holds something: results are
// never mixed or overwritten.
func claimFolder(dir string, several bool) (*runFolder, error) {
	if err := data.Vacant(dir); err != nil {
		if _, statErr := os.Stat(filepath.Join(dir, configFile)); statErr == nil {
			err = fmt.Errorf("%w; a run that was cut short goes on with: fusemoe run --resume %s", err, dir)
		}
		return nil, fmt.Errorf("out: %w", err)
	}
	f := &runFolder{dir: dir, several: several}
	for parent := filepath.Clean(dir); ; parent = filepath.Dir(parent) {
		if _, err := os.Stat(parent); !errors.Is(err, fs.ErrNotExist) {
			break
		}
		f.made = append([]string{parent}, f.made...)
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		f.unmake()
		return nil, fmt.Errorf("out: cannot write a run folder there: %w", err)
	}
	return f, nil
}

// begin writes the first file, the effective config, before anything takes long: with it
// the run can be resumed. It is there whole or not at all, and two runs that have claimed
// the same folder cannot both begin.
func (f *runFolder) begin(writeConfig func(io.Writer) error) error {
	path := filepath.Join(f.dir, configFile)
	draft, err := os.CreateTemp(f.dir, draftPattern)
	if err != nil {
		return fmt.Errorf("out: cannot write a run folder there: %w", err)
	}
	f.held = draft
	// Locked before it has its name, so that nobody can resume what is just beginning.
	err = errors.Join(lockFile(draft), writeConfig(draft), draft.Chmod(0o644), draft.Sync())
	if err == nil {
		err = os.Link(draft.Name(), path)
		if err != nil && !errors.Is(err, fs.ErrExist) { // a disk without hard links
			err = os.Rename(draft.Name(), path)
		}
	}
	_ = os.Remove(draft.Name()) // not there after a rename
	switch {
	case errors.Is(err, fs.ErrExist):
		return fmt.Errorf("out: another run has begun in %s; choose another folder", f.dir)
	case err != nil:
		return fmt.Errorf("write %s: %w", path, err)
	}
	f.begun = true
	return nil
}

// draftPattern names the config while it is being written.
const draftPattern = "." + configFile + "-*"

// seed is where the training of one seed is kept.
func (f *runFolder) seed(seed uint64) string {
	if !f.several {
		return f.dir
	}
	return seedFolder(f.dir, seed)
}

// seedPrefix begins the names of the folders of a run's seeds.
const seedPrefix = "seed-"

func seedFolder(dir string, seed uint64) string {
	return filepath.Join(dir, seedPrefix+strconv.FormatUint(seed, 10))
}

// seedsIn finds the trainings in a run folder that have a checkpoint, in ascending order.
func seedsIn(dir string) ([]uint64, error) {
	found, err := filepath.Glob(filepath.Join(dir, seedPrefix+"*", checkpointFolder, manifestFile))
	if err != nil {
		return nil, fmt.Errorf("look for trainings in %s: %w", dir, err)
	}
	var seeds []uint64
	for _, path := range found {
		name := filepath.Base(filepath.Dir(filepath.Dir(path)))
		if n, err := strconv.ParseUint(strings.TrimPrefix(name, seedPrefix), 10, 64); err == nil {
			seeds = append(seeds, n)
		}
	}
	slices.Sort(seeds)
	return seeds, nil
}

// end clears up after a run that did not come to its end, of which some seeds are
// finished and others were begun. A training without a checkpoint, and without an epoch of
// pretraining, is removed, and with the last of them the folder: the next run may have it.
// What is left is told.
func (f *runFolder) end(finished, begun []uint64, cause error) error {
	var partial, pretrained []uint64
	for _, seed := range begun {
		switch dir := f.seed(seed); {
		case hasCheckpoint(dir):
			partial = append(partial, seed)
		case hasPretraining(dir):
			pretrained = append(pretrained, seed)
		case !f.reopened:
			f.discard(dir)
		}
	}
	if len(finished)+len(partial)+len(pretrained) > 0 {
		return &UnfinishedError{Dir: f.dir, Finished: finished, Partial: partial, Pretrained: pretrained, Err: cause}
	}
	if f.reopened {
		return cause
	}
	if f.begun {
		_ = os.Remove(filepath.Join(f.dir, configFile))
		_ = os.Remove(filepath.Join(f.dir, splitsFile))
	}
	f.unmake()
	return cause
}

func hasCheckpoint(dir string) bool {
	_, err := os.Stat(filepath.Join(dir, checkpointFolder, manifestFile))
	return err == nil
}

// discard removes a training without a checkpoint. What cannot be removed stays; the
// error to tell is the one that ended the run.
func (f *runFolder) discard(dir string) {
	_ = os.Remove(filepath.Join(dir, trainingLog))
	_ = track.DiscardTensorBoard(dir)
	_ = os.RemoveAll(filepath.Join(dir, checkpointFolder))
	_ = os.RemoveAll(filepath.Join(dir, pretrainingFolder))
	if dir != f.dir {
		_ = os.Remove(dir)
	}
}

// unmake removes the folders that claim has made, as far as they are empty.
func (f *runFolder) unmake() {
	for i := len(f.made) - 1; i >= 0; i-- {
		_ = os.Remove(f.made[i])
	}
}
