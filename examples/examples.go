// Package examples carries the example data that is built into fusemoe, so that it
// runs on a machine that has nothing else.
package examples

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

//go:embed physionet2012/sample physionet2012/ATTRIBUTION.md
var files embed.FS

// PhysioNet2012 unpacks the example as a dataset's folder: 1,000 stays in intensive
// care of the PhysioNet/CinC Challenge 2012, under ODC-By 1.0 with its attribution.
// The folder must not exist, or be empty. It appears whole or not at all.
func PhysioNet2012(dir string) (err error) {
	dir = filepath.Clean(dir)
	if entries, err := os.ReadDir(dir); err == nil && len(entries) > 0 {
		return fmt.Errorf("%s exists and is not empty: remove it or choose another folder", dir)
	}
	if err := os.MkdirAll(filepath.Dir(dir), 0o777); err != nil {
		return err
	}
	partial, err := os.MkdirTemp(filepath.Dir(dir), "."+filepath.Base(dir)+".partial-")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(fmt.Errorf("unpacking the example: %w", err), os.RemoveAll(partial))
		}
	}()
	for _, file := range []string{
		"sample/dataset.yaml", "sample/samples.parquet", "sample/measurements.parquet", "sample/static.parquet", "ATTRIBUTION.md",
	} {
		content, err := fs.ReadFile(files, "physionet2012/"+file)
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(partial, filepath.Base(file)), content, 0o666); err != nil {
			return err
		}
	}
	if err := os.Chmod(partial, 0o755); err != nil { // MkdirTemp lets nobody else in
		return err
	}
	// The empty folder makes way: not every system renames onto one.
	if err := os.Remove(dir); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return os.Rename(partial, dir)
}
