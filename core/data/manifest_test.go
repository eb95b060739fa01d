package data

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

// What docs/dataset.md shows as dataset.yaml is one.
func TestDocumentedManifest(t *testing.T) {
	page, err := os.ReadFile("../../docs/dataset.md")
	if err != nil {
		t.Fatal(err)
	}
	block := regexp.MustCompile("(?s)```yaml\n(.*?)```").FindSubmatch(page)
	if block == nil {
		t.Fatal("the page has no YAML")
	}
	var r report
	d := parseManifest(block[1], options{}, &r)
	if err := r.err("docs"); err != nil {
		t.Fatal(err)
	}
	if len(d.Tasks) != 2 || len(d.Sources) != 3 || d.Sources[2].File != "images.parquet" {
		t.Errorf("got %+v", d.Description)
	}
}

func FuzzParseManifest(f *testing.F) {
	f.Add([]byte("name: a\ntime_unit: hours\nwindow: 1\ntasks: [{name: b, kind: binary}]\nmodalities: [{name: c, kind: rows}]\n"))
	f.Add([]byte("tasks: {a: b}\nmodalities: [1, [2], {name: [3]}]\nwindow: .nan\n"))
	f.Add([]byte("a: &a [*a]\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		var r report
		d := parseManifest(text, options{}, &r)
		if len(r.problems) > 0 {
			return
		}
		if !(d.Window > 0) || d.Name == "" || len(d.Tasks) == 0 || len(d.Sources) == 0 {
			t.Errorf("accepted %+v", d.Description)
		}
	})
}

func FuzzReadCSV(f *testing.F) {
	f.Add("sample,time,hr\na,0,80\n\"b\",1,\n")
	f.Add("\xef\xbb\xbfid\n\"x\ny\"\n")
	f.Add("a,a\n1,2,3\n")
	f.Fuzz(func(t *testing.T, text string) {
		table, err := readCSV("f.csv", strings.NewReader(text))
		if err != nil {
			return
		}
		var r report
		for _, name := range table.names() {
			table.numbers(name, &r, func(row int, _ float64) { table.at(row) })
			table.words(name, &r, func(row int, word []byte) {
				if len(word) == 0 || row >= table.rows() {
					t.Errorf("row %d of %d holds %q", row, table.rows(), word)
				}
			})
		}
	})
}
