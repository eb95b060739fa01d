package core

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/fusemoe/fusemoe/core/config"
)

// readable are the places that a modality's plugin may read in its sandbox, whichever
// folder it is started in.
func readable(m config.Modality) ([]string, error) {
	var paths []string
	for _, p := range m.Read {
		full, err := filepath.Abs(p)
		if err == nil {
			_, err = os.Stat(full)
		}
		if e, ok := errors.AsType[*fs.PathError](err); ok {
			err = e.Err
		}
		if err != nil {
			return nil, fmt.Errorf("modality %s: read: %s: %w", m.Name, p, err)
		}
		paths = append(paths, full)
	}
	return paths, nil
}

// workDir is the private directory of a modality's plugin, the same in every run. Another
// plugin of a modality of that name has another.
func workDir(m config.Modality) (string, error) {
	dir, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("find the cache folder: %w", err)
	}
	plugin := m.Plugin
	if strings.ContainsRune(plugin, '/') {
		if plugin, err = filepath.Abs(plugin); err != nil {
			return "", fmt.Errorf("modality %s: %w", m.Name, err)
		}
	}
	sum := sha256.Sum256([]byte(plugin))
	return filepath.Join(dir, "fusemoe", "work", fmt.Sprintf("%s-%x", m.Name, sum[:8])), nil
}
