package lock

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

const (
	filePrefix   = "sha256:"
	folderPrefix = "h1:"
)

// Hash is the hash of the plugin at path, an executable or a folder. What an interpreter
// or a version control system leaves in a folder does not count, and is not copied.
func Hash(path string) (string, error) { return hashOf(path, incidental) }

// incidental tells whether a folder of this name in a plugin's folder is none of its own.
func incidental(name string) bool { return name == "__pycache__" || name == ".git" }

// hashOf is Hash without the folders that skip names.
func hashOf(path string, skip func(string) bool) (string, error) {
	info, err := os.Stat(path)
	if err != nil {
		return "", err
	}
	if !info.IsDir() {
		sum, err := sumOf(path)
		return filePrefix + hex.EncodeToString(sum), err
	}
	files, err := filesIn(path, skip)
	if err != nil {
		return "", err
	}
	list := sha256.New()
	for _, name := range files {
		sum, err := sumOf(filepath.Join(path, filepath.FromSlash(name)))
		if err != nil {
			return "", err
		}
		_, _ = fmt.Fprintf(list, "%x  %s\n", sum, name) // a hash never fails
	}
	return folderPrefix + base64.StdEncoding.EncodeToString(list.Sum(nil)), nil
}

// sumOf is the SHA-256 of a file or, of a link to a folder, that of where it leads.
func sumOf(path string) ([]byte, error) {
	if to, ok := folderLink(path); ok {
		sum := sha256.Sum256([]byte("link to " + to))
		return sum[:], nil
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return nil, err
	}
	return h.Sum(nil), nil
}

// folderLink is where a link to a folder leads, as virtual environments have one from lib64
// to lib.
func folderLink(path string) (to string, ok bool) {
	to, err := os.Readlink(path)
	if err != nil {
		return "", false
	}
	info, err := os.Stat(path)
	return to, err == nil && info.IsDir()
}

// filesIn lists the files of a folder and of those in it, with slashes, sorted. A link to
// a folder is one of them, if it leads to a place inside.
func filesIn(dir string, skip func(string) bool) ([]string, error) {
	dir, err := filepath.EvalSymlinks(dir) // WalkDir does not follow it
	if err != nil {
		return nil, err
	}
	var files []string
	err = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if skip(d.Name()) && path != dir {
				return fs.SkipDir
			}
			return nil
		}
		name, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		info, err := os.Stat(path) // of what a link leads to
		if err != nil {
			return err
		}
		to, isLink := folderLink(path)
		inside := isLink && !filepath.IsAbs(to) && filepath.IsLocal(filepath.Join(filepath.Dir(name), to))
		if !info.Mode().IsRegular() && !inside {
			return fmt.Errorf("%s is neither a file nor a folder, nor a link to a file or to a folder beside it; "+
				"a plugin's folder has no others", path)
		}
		if name = filepath.ToSlash(name); strings.ContainsRune(name, '\n') {
			return errors.New("a file in it has a line end in its name")
		}
		files = append(files, name)
		return nil
	})
	slices.Sort(files)
	return files, err
}
