package data

import (
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/format"
)

// pandasIndex is the column in which pandas keeps the row labels of a data frame
// that was filtered or sorted. It is no data.
const pandasIndex = "__index_level_0__"

// parquetTable is a Parquet file of flat columns. A null holds nothing.
type parquetTable struct {
	name   string
	file   *os.File
	reader *parquet.File
	header []string
	values []parquet.Value // buffer of scan
}

func openParquet(dir, name string) (_ table, err error) {
	f, err := os.Open(filepath.Join(dir, name))
	if err != nil {
		return nil, reason(err)
	}
	defer func() {
		if p := recover(); p != nil {
			err = damaged(p)
		}
		if err != nil {
			_ = f.Close()
		}
	}()
	info, err := f.Stat()
	if err != nil {
		return nil, reason(err)
	}
	reader, err := parquet.OpenFile(f, info.Size(), parquet.SkipPageIndex(true), parquet.SkipBloomFilters(true))
	if err != nil {
		return nil, damaged(err)
	}
	t := &parquetTable{name: name, file: f, reader: reader, values: make([]parquet.Value, 4096)}
	for _, field := range reader.Schema().Fields() {
		if field.Name() != pandasIndex {
			t.header = append(t.header, field.Name())
		}
	}
	return t, nil
}

// damaged is what is said about a file that parquet-go cannot read. On some broken
// files it panics.
func damaged(cause any) error {
	return &unreadable{
		what: fmt.Sprintf("is no readable Parquet file, perhaps it was cut short: %v", cause),
		fix:  "write it again",
	}
}

func (t *parquetTable) names() []string { return t.header }
func (t *parquetTable) rows() int       { return int(t.reader.NumRows()) }
func (t *parquetTable) close()          { _ = t.file.Close() }

func (t *parquetTable) at(i int) Problem { return Problem{File: t.name, Row: i + 1} }

func (t *parquetTable) numbers(column string, r *report, each func(row int, v float64)) {
	leaf, ok := t.leaf(column, r)
	if !ok {
		return
	}
	read := numberOf(leaf.Node.Type())
	if read == nil {
		r.add(problem(t, -1, column, fmt.Sprintf("holds %s, not numbers", leaf.Node.Type()),
			"cast it to a float (DOUBLE); of a column that is not meant to be read, list the others under columns"))
		return
	}
	t.scan(leaf.ColumnIndex, column, r, func(row int, v parquet.Value) {
		if x := read(v); finite(t, row, column, x, r) {
			each(row, x)
		}
	})
}

func (t *parquetTable) words(column string, r *report, each func(row int, word []byte)) {
	leaf, ok := t.leaf(column, r)
	if !ok {
		return
	}
	if leaf.Node.Type().Kind() == parquet.ByteArray && !isDecimal(leaf.Node.Type()) {
		t.scan(leaf.ColumnIndex, column, r, func(row int, v parquet.Value) { each(row, v.ByteArray()) })
		return
	}
	read := numberOf(leaf.Node.Type())
	if read == nil {
		r.add(problem(t, -1, column, fmt.Sprintf("holds %s, not text", leaf.Node.Type()), "cast it to text (VARCHAR)"))
		return
	}
	whole := leaf.Node.Type().Kind() == parquet.Int64 && !isDecimal(leaf.Node.Type())
	var word []byte
	t.scan(leaf.ColumnIndex, column, r, func(row int, v parquet.Value) {
		if whole { // a float64 would round identifiers of more than 15 digits
			word = strconv.AppendInt(word[:0], v.Int64(), 10)
		} else if x := read(v); finite(t, row, column, x, r) {
			word = strconv.AppendFloat(word[:0], x, 'f', -1, 64)
		} else {
			return
		}
		each(row, word)
	})
}

// leaf finds a column that holds at most one value a row.
func (t *parquetTable) leaf(column string, r *report) (parquet.LeafColumn, bool) {
	leaf, ok := t.reader.Schema().Lookup(column)
	if !ok || leaf.MaxRepetitionLevel > 0 || leaf.MaxDefinitionLevel > 1 {
		r.add(problem(t, -1, column, "is nested", "write one plain value a cell"))
		return leaf, false
	}
	return leaf, true
}

// scan calls each with every value of a column that is not null.
func (t *parquetTable) scan(index int, column string, r *report, each func(row int, v parquet.Value)) {
	fail := func(cause any) {
		r.add(problem(t, -1, column, fmt.Sprintf("cannot be read, perhaps the file was cut short: %v", cause), "write it again"))
	}
	defer func() {
		if p := recover(); p != nil {
			fail(p)
		}
	}()
	row := 0
	for _, group := range t.reader.RowGroups() {
		n, err := t.scanChunk(group.ColumnChunks()[index], row, each)
		if err == nil && n != int(group.NumRows()) {
			err = fmt.Errorf("%d of %d rows", n, group.NumRows())
		}
		if err != nil {
			fail(err)
			return
		}
		row += n
	}
}

// scanChunk reads a column of one row group and returns the number of its rows.
func (t *parquetTable) scanChunk(chunk parquet.ColumnChunk, first int, each func(row int, v parquet.Value)) (int, error) {
	pages := chunk.Pages()
	defer func() { _ = pages.Close() }()
	rows := 0
	for {
		page, err := pages.ReadPage()
		if errors.Is(err, io.EOF) {
			return rows, nil
		}
		if err != nil {
			return rows, err
		}
		values := page.Values()
		for err == nil {
			var n int
			n, err = values.ReadValues(t.values)
			for i, v := range t.values[:n] {
				if !v.IsNull() {
					each(first+rows+i, v)
				}
			}
			rows += n
		}
		parquet.Release(page)
		if !errors.Is(err, io.EOF) {
			return rows, err
		}
	}
}

// numberOf returns how to read values of a type as numbers, or nil: a date or a
// time of day is none.
func numberOf(t parquet.Type) func(parquet.Value) float64 {
	scale := 1.0
	if logical := t.LogicalType(); logical != nil {
		switch l := logical.Value.(type) {
		case *format.DecimalType:
			scale = math.Pow10(int(l.Scale)) // dividing rounds once, multiplying by 10^-s would twice
		case *format.IntType:
		default:
			return nil
		}
	}
	switch t.Kind() {
	case parquet.Boolean:
		return func(v parquet.Value) float64 {
			if v.Boolean() {
				return 1
			}
			return 0
		}
	case parquet.Int32:
		return func(v parquet.Value) float64 { return float64(v.Int32()) / scale }
	case parquet.Int64:
		return func(v parquet.Value) float64 { return float64(v.Int64()) / scale }
	case parquet.Float:
		return func(v parquet.Value) float64 { return float64(v.Float()) }
	case parquet.Double:
		return func(v parquet.Value) float64 { return v.Double() }
	}
	return nil
}

func isDecimal(t parquet.Type) bool {
	logical := t.LogicalType()
	if logical == nil {
		return false
	}
	_, ok := logical.Value.(*format.DecimalType)
	return ok
}

// columnsBut lists the columns of a table without some.
func columnsBut(t table, without ...string) []string {
	return slices.DeleteFunc(slices.Clone(t.names()), func(name string) bool { return slices.Contains(without, name) })
}
