package lock

import (
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// Copy returns a copy, in the folder copies, of the plugin at path that has the hash. A
// copy that is there already is used again once its hash is found to be right.
func Copy(path, hash, copies string) (string, error) {
	dir, err := dirOf(hash)
	if err != nil {
		return "", err
	}
	dir = filepath.Join(copies, dir)
	inside := filepath.Join(dir, filepath.Base(path))
	if got, err := hashOf(inside, none); err == nil && got == hash {
		return inside, nil
	}
	if err := os.MkdirAll(copies, 0o700); err != nil {
		return "", fmt.Errorf("make the folder of plugins that run: %w", err)
	}
	partial, err := os.MkdirTemp(copies, ".partial-")
	if err != nil {
		return "", fmt.Errorf("copy the plugin: %w", err)
	}
	defer func() { _ = os.RemoveAll(partial) }()
	made := filepath.Join(partial, filepath.Base(path))
	if err := copyTo(made, path); err != nil {
		return "", fmt.Errorf("copy the plugin: %w", err)
	}
	got, err := hashOf(made, none)
	if err != nil {
		return "", fmt.Errorf("copy the plugin: %w", err)
	}
	if got != hash {
		return "", errors.New("it changed while it was copied; try again")
	}
	// What lies there is damaged, or another process has just put the same there.
	_ = os.RemoveAll(dir)
	if err := os.Rename(partial, dir); err != nil {
		if got, again := hashOf(inside, none); again == nil && got == hash {
			return inside, nil
		}
		return "", fmt.Errorf("copy the plugin: %w", err)
	}
	return inside, nil
}

// none says that everything counts: what is in a copy may run.
func none(string) bool { return false }

// dirOf is the hash as the name of a folder.
func dirOf(hash string) (string, error) {
	if sum, ok := strings.CutPrefix(hash, filePrefix); ok {
		return sum, nil
	}
	sum, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(hash, folderPrefix))
	if err != nil {
		return "", fmt.Errorf("%q is no hash: %w", hash, err)
	}
	return hex.EncodeToString(sum), nil
}

// copyTo copies a file, or the files of a folder that count.
func copyTo(to, from string) error {
	info, err := os.Stat(from)
	if err != nil {
		return err
	}
	if !info.IsDir() {
		return copyFile(to, from)
	}
	files, err := filesIn(from, incidental)
	if err != nil {
		return err
	}
	for _, name := range files {
		name = filepath.FromSlash(name)
		if err := os.MkdirAll(filepath.Dir(filepath.Join(to, name)), 0o700); err != nil {
			return err
		}
		if err := copyFile(filepath.Join(to, name), filepath.Join(from, name)); err != nil {
			return err
		}
	}
	return nil
}

// copyFile copies one file, which only its owner may read or run, and nobody change.
func copyFile(to, from string) (err error) {
	if target, ok := folderLink(from); ok {
		return os.Symlink(target, to)
	}
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer func() { _ = in.Close() }()
	info, err := in.Stat()
	if err != nil {
		return err
	}
	mode := os.FileMode(0o400)
	if info.Mode()&0o111 != 0 {
		mode = 0o500
	}
	out, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, out.Close()) }()
	_, err = io.Copy(out, in)
	return err
}
