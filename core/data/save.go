package data

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"go.yaml.in/yaml/v3"
)

// Save writes the dataset as a folder that Open reads. The folder must not exist, or
// be empty. It appears whole or not at all: everything is written beside it first,
// and removed again if anything fails or ctx ends.
func (d *Dataset) Save(ctx context.Context, dir string) error {
	return WriteFolder(dir, func(partial string) error { return d.write(ctx, partial) })
}

// WriteFolder has write fill a folder, which becomes dir. It appears whole or, if write
// fails, not at all, as with Save.
func WriteFolder(dir string, write func(partial string) error) error {
	f, err := newFolder(dir)
	if err != nil {
		return err
	}
	if err := write(f.partial); err != nil {
		return f.abandon(err)
	}
	return f.publish()
}

// folder is a dataset's folder on its way: it is filled beside its place and moved there
// when it is whole.
type folder struct{ dir, partial string }

func newFolder(dir string) (*folder, error) {
	if err := Vacant(dir); err != nil {
		return nil, err
	}
	dir = filepath.Clean(dir)
	parent := filepath.Dir(dir)
	if err := os.MkdirAll(parent, 0o777); err != nil {
		return nil, fmt.Errorf("writing dataset %s: %w", dir, err)
	}
	partial, err := os.MkdirTemp(parent, "."+filepath.Base(dir)+".partial-")
	if err != nil {
		return nil, fmt.Errorf("writing dataset %s: cannot write in %s: %w", dir, parent, reason(err))
	}
	return &folder{dir, partial}, nil
}

// abandon removes what was written because of err.
func (f *folder) abandon(err error) error {
	return errors.Join(fmt.Errorf("writing dataset %s: %w", f.dir, err), os.RemoveAll(f.partial))
}

func (f *folder) publish() error {
	err := os.Chmod(f.partial, 0o755) // MkdirTemp lets nobody else in
	if err == nil {
		// The vacant folder makes way: not every system renames onto one.
		if err = os.Remove(f.dir); errors.Is(err, os.ErrNotExist) {
			err = nil
		}
	}
	if err == nil {
		err = os.Rename(f.partial, f.dir)
	}
	if err != nil {
		return f.abandon(err)
	}
	return nil
}

// Vacant is nil if dir can be written as a new folder: it is not there, or empty.
func Vacant(dir string) error {
	entries, err := os.ReadDir(dir)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return nil
	case err != nil:
		return fmt.Errorf("%s is no folder to write to: %w", dir, reason(err))
	case len(entries) > 0:
		return fmt.Errorf("%s exists and is not empty: remove it or choose another folder", dir)
	}
	return nil
}

func (d *Dataset) write(ctx context.Context, dir string) error {
	description := d.Description
	description.Sources = make([]Source, len(d.Sources))
	for i, s := range d.Sources {
		s.File, s.Columns = s.Name+".parquet", nil // all of the file's
		description.Sources[i] = s
		columns, err := d.itemColumns(ctx, dir, i)
		if err != nil {
			return err
		}
		if err := writeParquet(ctx, filepath.Join(dir, s.File), columns); err != nil {
			return err
		}
	}
	if err := writeParquet(ctx, filepath.Join(dir, samplesFile), d.sampleColumns()); err != nil {
		return err
	}
	return writeManifest(dir, description)
}

func writeManifest(dir string, description Description) error {
	text, err := yaml.Marshal(description.manifest())
	if err != nil {
		return err
	}
	return writeFile(filepath.Join(dir, manifestFile), func(w io.Writer) error {
		_, err := w.Write(text)
		return err
	})
}

// writeFile creates a file that is on the disk when it returns.
func writeFile(path string, write func(io.Writer) error) (err error) {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	if err := write(f); err != nil {
		return err
	}
	return f.Sync()
}

// copyFiles copies files into a folder named after their source and returns where
// they are, relative to dir.
func (d *Dataset) copyFiles(ctx context.Context, dir, source string, words []string) ([]string, error) {
	copies := make([]string, len(words))
	if err := os.Mkdir(filepath.Join(dir, source), 0o777); err != nil {
		return nil, err
	}
	for i, word := range words {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		copies[i] = fmt.Sprintf("%s/%06d%s", source, i, filepath.Ext(word))
		from, err := os.Open(d.path(word))
		if err != nil {
			return nil, err
		}
		err = writeFile(filepath.Join(dir, filepath.FromSlash(copies[i])), func(w io.Writer) error {
			_, err := io.Copy(w, from)
			return err
		})
		if err := errors.Join(err, from.Close()); err != nil {
			return nil, err
		}
	}
	return copies, nil
}
