package data

import (
	"iter"
	"path/filepath"

	"github.com/fusemoe/fusemoe/sdk/modalitypb"
)

// Requests yields what a plugin may see of samples: the identifier and the items of
// one source, ascending in time and all before the end of the window. Labels, splits
// and patients are not in it. A sample without items is yielded too.
func (d *Dataset) Requests(source string, samples []int) iter.Seq2[*modalitypb.Sample, error] {
	return func(yield func(*modalitypb.Sample, error) bool) {
		s, err := d.sourceIndex(source)
		if err != nil {
			yield(nil, err)
			return
		}
		for _, i := range samples {
			if !yield(d.request(s, i), nil) {
				return
			}
		}
	}
}

// request is what source s recorded of sample i.
func (d *Dataset) request(s, i int) *modalitypb.Sample {
	source, it := &d.Sources[s], &d.items[s]
	out := &modalitypb.Sample{Id: d.IDs[i]}
	for j := it.start[i]; j < it.start[i+1]; j++ {
		item := &modalitypb.Item{Time: it.times[j], MediaType: source.MediaType}
		switch source.Kind {
		case Rows:
			item.Payload = &modalitypb.Item_Row{Row: it.row(j, source.Columns)}
		case Text:
			item.Payload = &modalitypb.Item_Data{Data: []byte(it.words[j])}
		case Path:
			item.Payload = &modalitypb.Item_Path{Path: d.path(it.words[j])}
		}
		out.Items = append(out.Items, item)
	}
	return out
}

// row is item j as names and values, copied: a plugin in this process may keep it.
func (it *items) row(j int, columns []string) *modalitypb.Row {
	a, b := it.cell[j], it.cell[j+1]
	row := &modalitypb.Row{Names: make([]string, b-a), Values: make([]float32, b-a)}
	for k, c := range it.column[a:b] {
		row.Names[k] = columns[c]
	}
	copy(row.Values, it.value[a:b])
	return row
}

// path is where a file of a Path source lies.
func (d *Dataset) path(word string) string { return filepath.Join(d.root, filepath.FromSlash(word)) }
