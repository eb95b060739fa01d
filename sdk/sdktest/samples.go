package sdktest

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"github.com/fusemoe/fusemoe/sdk"
	"github.com/fusemoe/fusemoe/sdk/modalitypb"
)

// sampleText is a sample as it stands in a file.
type sampleText struct {
	ID    string     `json:"id"`
	Items []itemText `json:"items"`
}

// itemText is an item as it stands in a file. It has one of row, text and path.
type itemText struct {
	Time       float64            `json:"time"`
	MediaType  string             `json:"media_type"`
	Row        map[string]float32 `json:"row"`
	Text       *string            `json:"text"`
	Path       string             `json:"path"`
	Attributes map[string]string  `json:"attributes"`
}

// ReadSamples reads a file of samples: a JSON list of
//
//	{"id": "a", "items": [
//	  {"time": 0.5, "row": {"heart_rate": 72}},
//	  {"time": 1.5, "text": "feels better"},
//	  {"time": 2.0, "media_type": "image/png", "path": "scan.png"}
//	]}
//
// Paths are relative to the file. A row and a text need no media type.
func ReadSamples(path string) ([]sdk.Sample, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("samples: %w", err)
	}
	if bad, ok := errors.AsType[*json.SyntaxError](json.Unmarshal(text, new(any))); ok {
		line := 1 + bytes.Count(text[:bad.Offset], []byte("\n"))
		return nil, fmt.Errorf("samples: %s:%d: no JSON: %w", path, line, bad)
	}
	var all []sampleText
	if err := sdk.Decode(text, &all); err != nil {
		return nil, fmt.Errorf("samples: %s: %w", path, err)
	}
	folder, err := filepath.Abs(filepath.Dir(path))
	if err != nil {
		return nil, fmt.Errorf("samples: %w", err)
	}
	var samples []sdk.Sample
	for i, s := range all {
		sample := sdk.Sample{ID: s.ID}
		for j, it := range s.Items {
			item, err := it.item(folder)
			if err != nil {
				return nil, fmt.Errorf("samples: %s: [%d].items[%d]: %w", path, i, j, err)
			}
			sample.Items = append(sample.Items, item)
		}
		slices.SortStableFunc(sample.Items, func(a, b sdk.Item) int { return cmp.Compare(a.Time, b.Time) })
		samples = append(samples, sample)
	}
	return samples, nil
}

func (it itemText) item(dir string) (sdk.Item, error) {
	item := sdk.Item{Time: it.Time, MediaType: it.MediaType, Attributes: it.Attributes}
	contents := 0
	if it.Row != nil {
		contents++
		item.MediaType = sdk.RowType
		names := slices.Sorted(maps.Keys(it.Row))
		var values []float32
		for _, name := range names {
			values = append(values, it.Row[name])
		}
		item.Row = sdk.NewRow(names, values)
	}
	if it.Text != nil {
		contents++
		item.Data = []byte(*it.Text)
		if item.MediaType == "" {
			item.MediaType = "text/plain"
		}
	}
	if it.Path != "" {
		contents++
		item.Path = filepath.FromSlash(it.Path)
		if !filepath.IsAbs(item.Path) {
			item.Path = filepath.Join(dir, item.Path)
		}
	}
	if contents != 1 {
		return sdk.Item{}, fmt.Errorf("want one of row, text and path, not %d of them", contents)
	}
	if item.MediaType == "" {
		return sdk.Item{}, errors.New("a path needs a media_type, such as image/png")
	}
	return item, nil
}

// Message is the sample as it travels to a plugin.
func Message(s sdk.Sample) *modalitypb.Sample {
	m := &modalitypb.Sample{Id: s.ID}
	for _, it := range s.Items {
		item := &modalitypb.Item{Time: it.Time, MediaType: it.MediaType, Attributes: it.Attributes}
		switch {
		case it.MediaType == sdk.RowType:
			row := &modalitypb.Row{}
			for name, value := range it.Row.All() {
				row.Names, row.Values = append(row.Names, name), append(row.Values, value)
			}
			item.Payload = &modalitypb.Item_Row{Row: row}
		case it.Path != "":
			item.Payload = &modalitypb.Item_Path{Path: it.Path}
		default:
			item.Payload = &modalitypb.Item_Data{Data: it.Data}
		}
		m.Items = append(m.Items, item)
	}
	return m
}

// digest tells sequences apart without showing them.
func digest(q *modalitypb.Sequence) uint32 {
	h := crc32.NewIEEE()
	for _, part := range [][]byte{q.GetTimes(), q.GetValues(), q.GetObserved()} {
		_, _ = h.Write(part) // never fails
	}
	return h.Sum32()
}
