package data_test

import (
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/fusemoe/fusemoe/core/data"
	"github.com/fusemoe/fusemoe/sdk/modalitypb"
)

// cohort is a small valid dataset as files: four patients, three modalities.
func cohort() map[string]string {
	return map[string]string{
		"dataset.yaml": `name: cohort
time_unit: hours
window: 48
tasks:
  - {name: death, kind: binary}
  - {name: stay, kind: regression, column: days}
  - {name: unit, kind: multiclass, classes: [medical, surgical]}
modalities:
  - {name: vitals, kind: rows}
  - {name: notes, kind: text}
  - {name: scans, kind: path, media_type: image/png}
`,
		"samples.csv": `id,patient,split,death,days,unit
a,p1,train,0,3.5,medical
b,p2,train,1,,surgical
c,p3,val,0,1,medical
d,p3,val,1,2,surgical
e,p4,test,true,7,
f,p5,test,0.0,9,medical
`,
		"vitals.csv": `sample,time,hr,temp
a,0,80,
a,47.99,,37.5
a,48,90,
b,1,81,36
b,0.5,70,
c,2,60,
d,2,,39
f,3,1e2,
f,3,101,
`,
		"notes.csv": `sample,time,text
e,1,"first line
second, line"
e,0,admitted
`,
		"scans.csv":      "sample,time,path\nb,4,images/b.png\n",
		"images/b.png":   "not really a png",
		"images/own.txt": "",
	}
}

// folder writes files into a new folder.
func folder(t testing.TB, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func open(t testing.TB, dir string) *data.Dataset {
	t.Helper()
	d, err := data.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// requests collects what a plugin gets to see.
func requests(t testing.TB, d *data.Dataset, source string, samples []int) []*modalitypb.Sample {
	t.Helper()
	var out []*modalitypb.Sample
	for s, err := range d.Requests(source, samples) {
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, s)
	}
	return out
}

func row(time float64, names []string, values ...float32) *modalitypb.Item {
	return &modalitypb.Item{
		Time: time, MediaType: data.RowMediaType,
		Payload: &modalitypb.Item_Row{Row: &modalitypb.Row{Names: names, Values: values}},
	}
}

var nan = float32(math.NaN())

// equalLabels compares labels, where unknown equals unknown.
func equalLabels(a, b []float32) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i] != b[i] && (a[i] == a[i] || b[i] == b[i]) {
			return false
		}
	}
	return true
}

// replaceOnce changes a file of a test, and fails where there is nothing to change.
func replaceOnce(t testing.TB, text, old, new string) string {
	t.Helper()
	if strings.Count(text, old) != 1 {
		t.Fatalf("%q is there %d times", old, strings.Count(text, old))
	}
	return strings.Replace(text, old, new, 1)
}
