// Package lock sees to it that the plugins which run are those that somebody has agreed
// to: a lock file holds their hashes, and what runs is a copy that has the hash.
//
//	locked, err := lock.Read(lock.FileName)
//	path, err := locked.Open("./plugins/gait", "./plugins/gait", copies)
//
// The hash of an executable is the SHA-256 of its bytes. That of a folder is the h1 hash
// of Go's sum files: the SHA-256 of the list of its files, each with its SHA-256, sorted by
// name. Interpreters that a folder's plugin.json calls are not part of it.
package lock

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// FileName is the name of the lock file, in the folder from which fusemoe is started.
const FileName = "fusemoe.lock"

// File is a lock file.
type File struct {
	// Plugins are the plugins by what the config calls them.
	Plugins map[string]Entry `json:"plugins"`
}

// Entry is one locked plugin.
type Entry struct {
	// Path is where it was found, to tell people.
	Path string `json:"path"`
	// Version is what it said its version was, to tell people.
	Version string `json:"version"`
	// Hash is that of the executable or of the folder.
	Hash string `json:"hash"`
}

// Read reads a lock file. One that is not there locks nothing.
func Read(path string) (*File, error) {
	f := &File{Plugins: map[string]Entry{}}
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return f, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the lock file: %w", err)
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(f); err != nil {
		return nil, fmt.Errorf("%s is no lock file: %w; remove it and lock the plugins again", path, err)
	}
	if f.Plugins == nil {
		f.Plugins = map[string]Entry{}
	}
	return f, nil
}

// Write writes a lock file, whole or not at all.
func (f *File) Write(path string) error {
	text, err := json.MarshalIndent(f, "", "  ")
	if err != nil {
		return fmt.Errorf("write the lock file: %w", err)
	}
	partial, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+"-*")
	if err != nil {
		return fmt.Errorf("write the lock file: %w", err)
	}
	_, err = partial.Write(append(text, '\n'))
	err = errors.Join(err, partial.Chmod(0o644), partial.Close())
	if err == nil {
		err = os.Rename(partial.Name(), path)
	}
	if err != nil {
		return fmt.Errorf("write the lock file: %w", errors.Join(err, os.Remove(partial.Name())))
	}
	return nil
}

// ErrUnlocked says that a plugin is not in the lock file.
var ErrUnlocked = errors.New("it is not locked")

// MismatchError says that a plugin is not the one that was locked.
type MismatchError struct {
	Path, Want, Got string
	// Version is that of the locked one.
	Version string
}

func (e *MismatchError) Error() string {
	return fmt.Sprintf("it is not the one that was locked (version %s): want %s, got %s, at %s", e.Version, e.Want, e.Got, e.Path)
}

// Open returns the path of a copy of the plugin at path, which has the hash that is locked
// under the name. The copy lies in the folder copies, which is made if need be. The error
// of a name that is not locked is ErrUnlocked, of another plugin than was locked a
// *MismatchError.
func (f *File) Open(name, path, copies string) (string, error) {
	entry, ok := f.Plugins[name]
	if !ok {
		return "", ErrUnlocked
	}
	got, err := Hash(path)
	if err != nil {
		return "", err
	}
	if got != entry.Hash {
		return "", &MismatchError{Path: path, Want: entry.Hash, Got: got, Version: entry.Version}
	}
	return Copy(path, got, copies)
}
