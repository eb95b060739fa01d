package data

import (
	"context"
	"io"
	"math"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/compress/zstd"
)

// column is one column to be written: fill sets the values of rows from first on,
// and leaves null what holds nothing.
type column struct {
	name string
	node parquet.Node
	rows int
	fill func(first int, values []parquet.Value)
}

func textColumn(name string, rows int, text func(i int) string) column {
	return column{name, parquet.Encoded(parquet.String(), &parquet.RLEDictionary), rows, func(first int, values []parquet.Value) {
		for i := range values {
			values[i] = parquet.ByteArrayValue([]byte(text(first + i)))
		}
	}}
}

func numberColumn(name string, rows int, number func(i int) float64) column {
	return column{name, parquet.Encoded(parquet.Leaf(parquet.DoubleType), &parquet.RLEDictionary), rows, func(first int, values []parquet.Value) {
		for i := range values {
			if v := number(first + i); !math.IsNaN(v) {
				values[i] = parquet.DoubleValue(v)
			}
		}
	}}
}

// sampleColumns are the columns of the samples file.
func (d *Dataset) sampleColumns() []column {
	n := d.Len()
	columns := []column{
		textColumn("id", n, func(i int) string { return d.IDs[i] }),
		textColumn("patient", n, func(i int) string { return d.Patients[i] }),
		textColumn("split", n, func(i int) string { return d.Splits[i].String() }),
	}
	for t, task := range d.Tasks {
		for c, name := range task.Columns {
			label := func(i int) float64 { return float64(d.labels[t][i*len(task.Columns)+c]) }
			if task.Kind == Multiclass {
				columns = append(columns, textColumn(name, n, func(i int) string { return className(task, label(i)) }))
				continue
			}
			columns = append(columns, numberColumn(name, n, label))
		}
	}
	return columns
}

// itemColumns are the columns of the file of source s. The files that a Path source
// names are copied into the folder.
func (d *Dataset) itemColumns(ctx context.Context, dir string, s int) ([]column, error) {
	source, it := &d.Sources[s], &d.items[s]
	n := len(it.times)
	sample := make([]int32, n)
	for i := range d.IDs {
		for j := it.start[i]; j < it.start[i+1]; j++ {
			sample[j] = int32(i)
		}
	}
	words := it.words
	if source.Kind == Path {
		var err error
		if words, err = d.copyFiles(ctx, dir, source.Name, it.words); err != nil {
			return nil, err
		}
	}
	return it.fileColumns(source, func(j int) string { return d.IDs[sample[j]] }, words), nil
}

// fileColumns are the columns of the file of a source.
func (it *items) fileColumns(source *Source, sample func(j int) string, words []string) []column {
	n := len(it.times)
	columns := []column{
		textColumn("sample", n, sample),
		numberColumn("time", n, func(j int) float64 { return it.times[j] }),
	}
	switch source.Kind {
	case Rows:
		for c, name := range source.Columns {
			columns = append(columns, it.cellColumn(name, uint16(c)))
		}
	case Text:
		columns = append(columns, textColumn("text", n, func(j int) string { return words[j] }))
	case Path:
		columns = append(columns, textColumn("path", n, func(j int) string { return words[j] }))
	}
	return columns
}

// cellColumn is the column c of a source of kind Rows.
func (it *items) cellColumn(name string, c uint16) column {
	node := parquet.Encoded(parquet.Leaf(parquet.FloatType), &parquet.RLEDictionary)
	return column{name, node, len(it.times), func(first int, values []parquet.Value) {
		for i := range values {
			for k := it.cell[first+i]; k < it.cell[first+i+1] && it.column[k] <= c; k++ {
				if it.column[k] == c {
					values[i] = parquet.FloatValue(it.value[k])
				}
			}
		}
	}}
}

// className is the name of a class; NaN has the empty one, which is written as null.
func className(task Task, label float64) string {
	if math.IsNaN(label) {
		return ""
	}
	return task.Classes[int(label)]
}

// Rows are written in groups of rowGroup, as DuckDB does, and given to the writer in
// blocks small enough for the processor's cache.
const (
	rowGroup = 122_880
	rowBlock = 4096
)

// writeParquet writes a table of optional columns, all of the same number of rows.
func writeParquet(ctx context.Context, path string, columns []column) error {
	return writeFile(path, func(out io.Writer) error {
		f := newParquetFile(out, columns)
		for first := 0; first < columns[0].rows; first += rowGroup {
			if err := f.group(ctx, columns, first, min(first+rowGroup, columns[0].rows)); err != nil {
				return err
			}
		}
		return f.w.Close()
	})
}

// parquetFile is a Parquet file that is written a group of rows at a time.
type parquetFile struct {
	w      *parquet.GenericWriter[any]
	values []parquet.Value
}

func newParquetFile(out io.Writer, columns []column) *parquetFile {
	schema := parquet.NewSchema("dataset", newOrdered(columns))
	return &parquetFile{
		w:      parquet.NewGenericWriter[any](out, schema, parquet.Compression(&zstd.Codec{})),
		values: make([]parquet.Value, rowBlock),
	}
}

// group writes the rows first to last of columns that have the names and types of the
// file's.
func (f *parquetFile) group(ctx context.Context, columns []column, first, last int) error {
	for _, c := range columns {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := writeColumn(f.w, c, first, last, f.values); err != nil {
			return err
		}
	}
	return f.w.Flush()
}

// ordered is a group of columns in the order given, where parquet.Group sorts them.
type ordered struct {
	parquet.Group
	fields []parquet.Field
}

func newOrdered(columns []column) ordered {
	o := ordered{Group: parquet.Group{}}
	for _, c := range columns {
		o.Group[c.name] = parquet.Optional(c.node)
	}
	byName := map[string]parquet.Field{}
	for _, f := range o.Group.Fields() {
		byName[f.Name()] = f
	}
	for _, c := range columns {
		o.fields = append(o.fields, byName[c.name])
	}
	return o
}

// Fields is in the order of the columns.
func (o ordered) Fields() []parquet.Field { return o.fields }

// writeColumn writes the rows first to last of one column.
func writeColumn(w *parquet.GenericWriter[any], c column, first, last int, values []parquet.Value) error {
	leaf, _ := w.Schema().Lookup(c.name)
	to := w.ColumnWriters()[leaf.ColumnIndex]
	for ; first < last; first += rowBlock {
		block := values[:min(rowBlock, last-first)]
		clear(block)
		c.fill(first, block)
		for i, v := range block {
			level := 1
			if v.IsNull() || v.Kind() == parquet.ByteArray && len(v.ByteArray()) == 0 {
				v, level = parquet.NullValue(), 0
			}
			block[i] = v.Level(0, level, leaf.ColumnIndex)
		}
		if _, err := to.WriteRowValues(block); err != nil {
			return err
		}
	}
	return nil
}
