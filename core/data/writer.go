package data

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
)

// Writer writes a dataset that need not fit into memory: items first, in any order, then
// the samples. The folder appears whole, with Finish, or not at all.
type Writer struct {
	folder      *folder
	description Description
	tables      map[string]*itemTable
	items       map[string]int // of each sample
}

// itemTable is the file of a source on its way.
type itemTable struct {
	source *Source
	out    *os.File
	file   *parquetFile
	items  // of the group of rows that is being filled
	sample []string
	size   int // of the words, in bytes
	rows   int
}

// maxGroupText bounds the text of a group of rows in memory.
const maxGroupText = 32 << 20

// Create starts a dataset in a folder that must not exist, or be empty. Each source of
// kind Rows must list its columns.
func Create(dir string, description Description) (*Writer, error) {
	f, err := newFolder(dir)
	if err != nil {
		return nil, err
	}
	w := &Writer{folder: f, description: description, tables: map[string]*itemTable{}, items: map[string]int{}}
	w.description.Sources = slices.Clone(description.Sources)
	for i := range w.description.Sources {
		s := &w.description.Sources[i]
		s.File = s.Name + ".parquet"
		t := &itemTable{source: s, items: items{cell: []int{0}}}
		w.tables[s.Name] = t
		if t.out, err = os.Create(filepath.Join(f.partial, s.File)); err != nil {
			return nil, w.Abandon(err)
		}
		t.file = newParquetFile(t.out, t.fileColumns(s, nil, nil))
	}
	return w, nil
}

// Dir is where files may be kept until the dataset is whole.
func (w *Writer) Dir() string { return w.folder.partial }

// Row adds what a source of kind Rows measured at one time: value i of column column[i],
// counted from 0 and ascending.
func (w *Writer) Row(ctx context.Context, source, sample string, time float64, column []uint16, value []float32) error {
	t, err := w.item(source, sample, time, Rows)
	if err != nil {
		return err
	}
	t.column, t.value = append(t.column, column...), append(t.value, value...)
	t.cell = append(t.cell, len(t.value))
	return t.flush(ctx, rowGroup)
}

// Text adds a note to a source of kind Text.
func (w *Writer) Text(ctx context.Context, source, sample string, time float64, text string) error {
	return w.word(ctx, source, sample, time, Text, text)
}

// Path adds a file to a source of kind Path: its place relative to Dir.
func (w *Writer) Path(ctx context.Context, source, sample string, time float64, path string) error {
	return w.word(ctx, source, sample, time, Path, path)
}

func (w *Writer) word(ctx context.Context, source, sample string, time float64, kind SourceKind, word string) error {
	t, err := w.item(source, sample, time, kind)
	if err != nil {
		return err
	}
	t.words = append(t.words, word)
	t.size += len(word)
	if t.size >= maxGroupText {
		return t.flush(ctx, 0)
	}
	return t.flush(ctx, rowGroup)
}

// item starts an item.
func (w *Writer) item(source, sample string, time float64, kind SourceKind) (*itemTable, error) {
	t := w.tables[source]
	switch {
	case t == nil || t.source.Kind != kind:
		return nil, fmt.Errorf("%s is no modality of kind %s", source, kind)
	case !(time >= 0 && time < w.description.Window):
		return nil, fmt.Errorf("%s: an item lies outside of the window of %g %s", source, w.description.Window, w.description.TimeUnit)
	}
	w.items[sample]++
	t.sample, t.times = append(t.sample, sample), append(t.times, time)
	t.rows++
	return t, nil
}

// flush writes the rows that are being held, if they are so many.
func (t *itemTable) flush(ctx context.Context, from int) error {
	n := len(t.times)
	if n == 0 || n < from {
		return nil
	}
	columns := t.fileColumns(t.source, func(j int) string { return t.sample[j] }, t.words)
	if err := t.file.group(ctx, columns, 0, n); err != nil {
		return err
	}
	t.sample, t.times, t.cell, t.size = t.sample[:0], t.times[:0], t.cell[:1], 0
	t.column, t.value = t.column[:0], t.value[:0]
	clear(t.words)
	t.words = t.words[:0]
	return nil
}

// Items counts the items of a sample so far.
func (w *Writer) Items(sample string) int { return w.items[sample] }

// Finish writes the samples and moves the folder to its place. It checks them as Open
// does, and returns what Open would warn of. Sources without any item are left out. The
// Writer must not be used again.
func (w *Writer) Finish(ctx context.Context, samples []Sample) (warnings []string, err error) {
	d, err := w.check(samples)
	if err == nil {
		err = w.closeTables(ctx)
	}
	if err == nil {
		err = writeParquet(ctx, filepath.Join(w.Dir(), samplesFile), d.sampleColumns())
	}
	if err == nil {
		err = writeManifest(w.Dir(), w.description)
	}
	if err != nil {
		return nil, w.Abandon(err)
	}
	return d.Warnings, w.folder.publish()
}

// check makes a dataset of the samples alone and checks it.
func (w *Writer) check(samples []Sample) (*Dataset, error) {
	b := NewBuilder(w.description)
	for _, s := range samples {
		b.Sample(s)
	}
	b.d.checkSamples(&b.report)
	for i, id := range b.d.IDs {
		if w.items[id] == 0 {
			b.report.add(problem(b.d.origin, i, "", "the sample has no item of any modality within the window", "leave it out"))
		}
		delete(w.items, id)
	}
	if len(w.items) > 0 {
		b.report.add(Problem{File: samplesFile, What: fmt.Sprintf("%d samples of items are missing", len(w.items))})
	}
	if err := b.report.err(w.description.Name); err != nil {
		return nil, err
	}
	b.d.checkClasses(&b.report)
	return b.d, b.report.err(w.description.Name)
}

// closeTables writes what is still held. A source without items gets no file.
func (w *Writer) closeTables(ctx context.Context) error {
	var kept []Source
	for _, s := range w.description.Sources {
		t := w.tables[s.Name]
		err := t.flush(ctx, 0)
		if err == nil {
			err = t.file.w.Close()
		}
		if err == nil {
			err = t.out.Sync()
		}
		if err = errors.Join(err, t.out.Close()); err != nil {
			return err
		}
		t.out = nil
		if t.rows == 0 {
			if err := os.Remove(filepath.Join(w.Dir(), s.File)); err != nil {
				return err
			}
			continue
		}
		s.Columns = nil // all of the file's
		kept = append(kept, s)
	}
	w.description.Sources = kept
	return nil
}

// Abandon removes what was written, because of err, and returns it.
func (w *Writer) Abandon(err error) error {
	for _, t := range w.tables {
		if t.out != nil {
			_ = t.out.Close() // it is removed
		}
	}
	return w.folder.abandon(err)
}

// Add writes a further file into the folder, such as a note on where the data came from.
func (w *Writer) Add(name string, write func(io.Writer) error) error {
	return writeFile(filepath.Join(w.Dir(), name), write)
}

// Copy puts a file into the folder of a source of kind Path, as a hard link where the
// system can, and returns its path for Path. Of files of the same name the first stays.
func (w *Writer) Copy(source, from string) (string, error) {
	name := source + "/" + filepath.Base(from)
	to := filepath.Join(w.Dir(), filepath.FromSlash(name))
	if err := os.Mkdir(filepath.Dir(to), 0o755); err != nil && !errors.Is(err, os.ErrExist) {
		return "", err
	}
	err := os.Link(from, to)
	if err == nil || errors.Is(err, os.ErrExist) {
		return name, nil
	}
	in, err := os.Open(from)
	if err != nil {
		return "", err
	}
	err = writeFile(to, func(out io.Writer) error {
		_, err := io.Copy(out, in)
		return err
	})
	return name, errors.Join(err, in.Close())
}
