package core

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func writeNothing(io.Writer) error { return nil }

// keep makes what a training leaves after its first epoch.
func keep(t *testing.T, dir string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Join(dir, checkpointFolder), 0o755); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{trainingLog, filepath.Join(checkpointFolder, manifestFile)} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("{}"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

func TestARunThatComesToNothingLeavesNoFolder(t *testing.T) {
	top := t.TempDir()
	stopped := errors.New("stopped")
	for _, begin := range []bool{false, true} {
		f, err := claimFolder(filepath.Join(top, "runs", "deep", "x"), false)
		if err != nil {
			t.Fatal(err)
		}
		if begin {
			if err := f.begin(writeNothing); err != nil {
				t.Fatal(err)
			}
			// A log of no epoch, and a checkpoint that could not be written.
			keep(t, f.dir)
			if err := os.Remove(filepath.Join(f.dir, checkpointFolder, manifestFile)); err != nil {
				t.Fatal(err)
			}
		}
		seed := uint64(42)
		if err := f.end(nil, []uint64{seed}, stopped); !errors.Is(err, stopped) || err.Error() != "stopped" {
			t.Errorf("end = %v", err)
		}
		if left, err := os.ReadDir(top); err != nil || len(left) > 0 {
			t.Errorf("begun %t: left %v, %v", begin, left, err)
		}
	}
}

func TestAFolderThatWasThereStays(t *testing.T) {
	dir := t.TempDir()
	f, err := claimFolder(dir, false)
	if err != nil {
		t.Fatal(err)
	}
	if err := f.begin(writeNothing); err != nil {
		t.Fatal(err)
	}
	_ = f.end(nil, nil, errors.New("stopped"))
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Errorf("left %v, %v", left, err)
	}
}

func TestWhatIsFinishedIsKeptAndTold(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "x")
	f, err := claimFolder(dir, true)
	if err == nil {
		err = f.begin(writeNothing)
	}
	if err != nil {
		t.Fatal(err)
	}
	keep(t, f.seed(10))
	keep(t, f.seed(9))
	finished := []uint64{10, 9}
	third := uint64(8)
	if err := os.MkdirAll(f.seed(third), 0o755); err != nil {
		t.Fatal(err)
	}
	stopped := errors.New("stopped")
	if err := f.end(finished, []uint64{third}, stopped); !errors.Is(err, stopped) || err.Error() != "stopped; "+dir+" keeps the finished seeds 10, 9" {
		t.Errorf("end = %v", err)
	}
	if _, err := os.Stat(f.seed(third)); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the folder of a seed without a checkpoint: %v", err)
	}
	keep(t, f.seed(third))
	if err := f.end(finished, []uint64{third}, stopped); !strings.HasSuffix(err.Error(), "the finished seeds 10, 9 and the best checkpoint so far of seed 8") {
		t.Errorf("end = %v", err)
	}
	fourth := uint64(7)
	if err := os.MkdirAll(filepath.Join(f.seed(fourth), pretrainingFolder, snapshotFolder), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := f.end(finished, []uint64{fourth}, stopped); !strings.HasSuffix(err.Error(), "the finished seeds 10, 9 and the pretraining so far of seed 7") {
		t.Errorf("end = %v", err)
	}
	if seeds, err := seedsIn(dir); err != nil || listed(seeds) != "8, 9, 10" {
		t.Errorf("seedsIn = %v, %v", seeds, err)
	}
}

func TestTwoRunsDoNotShareAFolder(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "x")
	first, err := claimFolder(dir, false)
	if err != nil {
		t.Fatal(err)
	}
	second, err := claimFolder(dir, false)
	if err != nil {
		t.Fatal(err)
	}
	if err := first.begin(writeNothing); err != nil {
		t.Fatal(err)
	}
	err = second.begin(writeNothing)
	if err == nil || !strings.Contains(err.Error(), "another run has begun in "+dir) {
		t.Errorf("begin = %v", err)
	}
	_ = second.end(nil, nil, err)
	if _, err := os.Stat(filepath.Join(dir, configFile)); err != nil {
		t.Errorf("the first run's file: %v", err)
	}
	if _, err := claimFolder(dir, false); err == nil {
		t.Error("a third run may write into it")
	}
}

func TestAFolderThatCannotBeWrittenIsNotClaimed(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{file, filepath.Join(file, "x")} {
		if _, err := claimFolder(dir, false); err == nil || !strings.HasPrefix(err.Error(), "out: ") {
			t.Errorf("claimFolder(%s) = %v", dir, err)
		}
	}
}
