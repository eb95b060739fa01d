package cache

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
)

func TestState(t *testing.T) {
	path := filepath.Join(t.TempDir(), "labs.state")
	if _, err := ReadState(path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("before it is there: %v", err)
	}
	for _, want := range []string{"", "mean 140", "mean 139, replaced"} {
		if err := WriteState(path, []byte(want)); err != nil {
			t.Fatal(err)
		}
		if got, err := ReadState(path); err != nil || string(got) != want {
			t.Errorf("got %q (%v), want %q", got, err, want)
		}
	}
	if files, err := os.ReadDir(filepath.Dir(path)); err != nil || len(files) != 1 {
		t.Errorf("left %v (%v)", files, err)
	}
}

func TestDamagedStateIsNoticed(t *testing.T) {
	path := filepath.Join(t.TempDir(), "labs.state")
	if err := WriteState(path, []byte("mean 140")); err != nil {
		t.Fatal(err)
	}
	good, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for i := range good {
		flipped := bytes.Clone(good)
		flipped[i] ^= 1
		if _, err := parseState(flipped); !errors.Is(err, ErrUnusable) {
			t.Errorf("bit of byte %d flipped: %v", i, err)
		}
		if _, err := parseState(good[:i]); !errors.Is(err, ErrUnusable) {
			t.Errorf("cut after %d bytes: %v", i, err)
		}
	}
}

func TestStateThatCannotBePlacedLeavesNothing(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "labs.state")
	if err := os.MkdirAll(filepath.Join(path, "in the way"), 0o755); err != nil {
		t.Fatal(err)
	}
	if WriteState(path, []byte("mean 140")) == nil {
		t.Error("replaced a folder")
	}
	if files, err := os.ReadDir(dir); err != nil || len(files) != 1 {
		t.Errorf("left %v (%v)", files, err)
	}
}
