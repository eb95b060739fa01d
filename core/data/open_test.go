package data_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/parquet-go/parquet-go"

	"github.com/fusemoe/fusemoe/core/data"
)

// change replaces text in one file of the cohort.
type change struct{ file, old, new string }

func TestOpenNamesWhatIsWrong(t *testing.T) {
	for name, c := range map[string]struct {
		change
		want string
	}{
		"unknown split": {
			change{"samples.csv", "p1,train", "p1,training"},
			"samples.csv, line 2, split: is neither train, val nor test; write one of the three",
		},
		"duplicate id": {
			change{"samples.csv", "b,p2", "a,p2"},
			"samples.csv, line 3, id: is the same as of an earlier sample; give every sample its own",
		},
		"empty id":      {change{"samples.csv", "b,p2", ",p2"}, "samples.csv, line 3, id: is empty"},
		"empty patient": {change{"samples.csv", "b,p2", "b,"}, "samples.csv, line 3, patient: is empty"},
		"patient in two splits": {
			change{"samples.csv", "d,p3,val", "d,p3,test"},
			"samples.csv, line 5, split: puts a patient into test who is in val already; put all samples of a patient into one split",
		},
		"binary label 2": {
			change{"samples.csv", "p1,train,0", "p1,train,2"},
			"samples.csv, line 2, death: is no label of task death; write 0 or 1",
		},
		"binary label in words":  {change{"samples.csv", "p1,train,0", "p1,train,maybe"}, "samples.csv, line 2, death: is no label"},
		"binary label NaN":       {change{"samples.csv", "p1,train,0", "p1,train,NaN"}, "samples.csv, line 2, death: is no label"},
		"class not listed":       {change{"samples.csv", "2,surgical", "2,neuro"}, "samples.csv, line 5, unit: is no label of task unit; use one of the classes"},
		"regression label words": {change{"samples.csv", "3.5", "long"}, "samples.csv, line 2, days: is not a number"},
		"regression label NaN":   {change{"samples.csv", "3.5", "nan"}, "samples.csv, line 2, days: is not a number (NaN)"},
		"one class in a split": {
			change{"samples.csv", "b,p2,train,1", "b,p2,train,0"},
			"samples.csv, death: split train has one class only; move samples between the splits",
		},
		"no known label in train": {
			change{"samples.csv", "a,p1,train,0,3.5,medical\nb,p2,train,1,,surgical", "a,p1,train,0,3.5,\nb,p2,train,1,,"},
			"samples.csv, unit: no label of split train is known",
		},
		"missing column of samples": {
			change{"samples.csv", "patient,split", "subject,split"},
			"samples.csv, patient: the column is missing; add it (there is id, subject, split, death, days, unit)",
		},
		"misspelt label column": {
			change{"samples.csv", "split,death", "split,deaths"},
			"samples.csv, death: the column is missing; add it (did you mean deaths?)",
		},
		"column twice":  {change{"samples.csv", "days,unit", "death,unit"}, "samples.csv, line 1: column death is there twice"},
		"ragged CSV":    {change{"samples.csv", "3.5,medical", "3,5,medical"}, "samples.csv, line 2: has another number of cells than the header; quote"},
		"broken quotes": {change{"notes.csv", "admitted", `ad"mitted`}, "notes.csv, line 4: is not valid CSV"},
		"item of nobody": {
			change{"vitals.csv", "c,2,60", "x,2,60"},
			"vitals.csv, line 7, sample: is of no sample of the samples file; add the sample, or remove the row",
		},
		"item without sample": {change{"vitals.csv", "c,2,60", ",2,60"}, "vitals.csv, sample: is empty in some rows"},
		"time before 0": {
			change{"vitals.csv", "c,2,60", "c,-2,60"},
			"vitals.csv, line 7, time: is before the sample began, or is no number; times count from 0",
		},
		"no time":          {change{"vitals.csv", "c,2,60", "c,,60"}, "vitals.csv, line 7, time: is before the sample began, or is no number"},
		"time in words":    {change{"vitals.csv", "c,2,60", "c,noon,60"}, "vitals.csv, line 7, time: is not a number"},
		"infinite time":    {change{"vitals.csv", "c,2,60", "c,inf,60"}, "vitals.csv, line 7, time: is infinite"},
		"value NaN":        {change{"vitals.csv", "c,2,60", "c,2,NaN"}, "vitals.csv, line 7, hr: is not a number (NaN); write an empty cell"},
		"value infinite":   {change{"vitals.csv", "c,2,60", "c,2,-Inf"}, "vitals.csv, line 7, hr: is infinite; write an empty cell"},
		"value in words":   {change{"vitals.csv", "c,2,60", "c,2,high"}, "vitals.csv, line 7, hr: is not a number; write a number"},
		"value too large":  {change{"vitals.csv", "c,2,60", "c,2,1e40"}, "vitals.csv, line 7, hr: is too large for a 32-bit float"},
		"value beyond f64": {change{"vitals.csv", "c,2,60", "c,2,1e400"}, "vitals.csv, line 7, hr: is infinite"},
		"sample without any item": {
			change{"vitals.csv", "c,2,60", "c,2,"},
			"samples.csv, line 4: the sample has no item of any modality within the window; add items, or remove the sample",
		},
		"sample with late items only": {
			change{"vitals.csv", "c,2,60", "c,48,60"},
			"samples.csv, line 4: the sample has no item of any modality within the window",
		},
		"missing item file":       {change{"dataset.yaml", "notes, kind", "letters, kind"}, "letters.parquet: is missing; write it, or correct its name in dataset.yaml"},
		"item file outside":       {change{"dataset.yaml", "notes, kind", "notes, file: ../notes.csv, kind"}, "../notes.csv: is outside of the dataset's folder"},
		"item file of other type": {change{"dataset.yaml", "notes, kind", "notes, file: notes.tsv, kind"}, "notes.tsv: is neither .parquet nor .csv"},
		"missing image":           {change{"scans.csv", "b.png", "c.png"}, "scans.csv, line 2, path: is no readable file inside of the dataset's folder"},
		"image outside":           {change{"scans.csv", "images/b.png", "../b.png"}, "scans.csv, line 2, path: is no readable file inside of the dataset's folder"},
		"image is a folder":       {change{"scans.csv", "images/b.png", "images"}, "scans.csv, line 2, path: is no file; name a file in each row"},

		"unknown key":       {change{"dataset.yaml", "time_unit", "timeunit"}, "dataset.yaml, line 2, timeunit: is an unknown key; did you mean time_unit?"},
		"missing key":       {change{"dataset.yaml", "window: 48\n", ""}, "dataset.yaml, line 1, window: is missing"},
		"window of no size": {change{"dataset.yaml", "window: 48", "window: 0"}, "dataset.yaml, line 3, window: is not a positive number"},
		"window in words":   {change{"dataset.yaml", "window: 48", "window: two days"}, "dataset.yaml, line 3, window: is not a number"},
		"unknown task key":  {change{"dataset.yaml", "column: days", "colum: days"}, "dataset.yaml, line 6, tasks.1.colum: is an unknown key; did you mean column?"},
		"unknown task kind": {change{"dataset.yaml", "kind: binary", "kind: bin"}, `dataset.yaml, line 5, tasks.0.kind: "bin" is no task kind; there is binary, multilabel, multiclass, regression`},
		"no classes":        {change{"dataset.yaml", ", classes: [medical, surgical]", ""}, "dataset.yaml, line 7, tasks.2.classes: needs at least two classes"},
		"no label columns":  {change{"dataset.yaml", "death, kind: binary", "death, kind: multilabel"}, "dataset.yaml, line 5, tasks.0.columns: is missing; list the label columns"},
		"two of one name":   {change{"dataset.yaml", "notes, kind", "vitals, kind"}, "dataset.yaml, line 9, modalities: names vitals twice"},
		"unknown kind":      {change{"dataset.yaml", "kind: text", "kind: txt"}, `dataset.yaml, line 10, modalities.1.kind: "txt" is no kind of a modality; did you mean text?`},
		"no media type":     {change{"dataset.yaml", ", media_type: image/png", ""}, "dataset.yaml, line 11, modalities.2.media_type: is missing"},
		"not YAML":          {change{"dataset.yaml", "tasks:", "tasks: ["}, "dataset.yaml: is not valid YAML"},
		"unlisted column":   {change{"dataset.yaml", "vitals, kind: rows", "vitals, kind: rows, columns: [hr, tmp]"}, "vitals.csv, tmp: the column is missing; add it (did you mean temp?)"},
	} {
		t.Run(name, func(t *testing.T) {
			files := cohort()
			files[c.file] = replaceOnce(t, files[c.file], c.old, c.new)
			_, err := data.Open(folder(t, files))
			var report *data.Error
			if !errors.As(err, &report) {
				t.Fatalf("got %v, want a *data.Error", err)
			}
			for _, p := range report.Problems {
				if strings.HasPrefix(p.String(), c.want) {
					return
				}
			}
			t.Errorf("got\n%v\nwant\n%s", err, c.want)
		})
	}
}

func TestOpenReportsAllProblemsAtOnce(t *testing.T) {
	files := cohort()
	files["samples.csv"] = replaceOnce(t, files["samples.csv"], "p4,test", "p4,tests")
	files["vitals.csv"] = strings.ReplaceAll(files["vitals.csv"], "f,3,", "g,3,")
	files["notes.csv"] = replaceOnce(t, files["notes.csv"], "time,text", "time,note")
	_, err := data.Open(folder(t, files))
	if err == nil {
		t.Fatal("no error")
	}
	_, got, _ := strings.Cut(err.Error(), " has ")
	want := `3 problems:
  samples.csv, line 6, split: is neither train, val nor test; write one of the three
  vitals.csv, line 9, sample: is of no sample of the samples file (2 rows); add the sample, or remove the row
  notes.csv, text: the column is missing; add it (there is sample, time, note)`
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestOpenWithoutFolder(t *testing.T) {
	_, err := data.Open(filepath.Join(t.TempDir(), "nowhere"))
	if err == nil || !strings.Contains(err.Error(), "dataset.yaml: cannot be read: there is no such folder; a dataset is a folder with this file") {
		t.Errorf("got %v", err)
	}
}

func TestOpenRefusesSymbolicLinksOutOfTheFolder(t *testing.T) {
	dir := folder(t, cohort())
	outside := filepath.Join(t.TempDir(), "secret.png")
	if err := os.WriteFile(outside, []byte("secret"), 0o600); err != nil {
		t.Fatal(err)
	}
	image := filepath.Join(dir, "images", "b.png")
	if err := errors.Join(os.Remove(image), os.Symlink(outside, image)); err != nil {
		t.Fatal(err)
	}
	if _, err := data.Open(dir); err == nil {
		t.Error("opened a file outside of the folder")
	}
}

// writeParquet writes rows beside dataset.yaml and removes the CSV file that they stand for.
func writeParquet[T any](t *testing.T, dir, name string, rows []T) {
	t.Helper()
	if err := parquet.WriteFile(filepath.Join(dir, name+".parquet"), rows); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(dir, name+".csv")); err != nil {
		t.Fatal(err)
	}
}

type vitals struct {
	Sample string   `parquet:"sample"`
	Time   float64  `parquet:"time"`
	HR     *float64 `parquet:"hr,optional"`
	Temp   *float32 `parquet:"temp,optional"`
}

func vitalsRows() []vitals {
	hr, temp := 80.0, float32(37.5)
	var rows []vitals
	for _, id := range strings.Split("abcdf", "") {
		rows = append(rows, vitals{id, 1, &hr, nil}, vitals{id, 2, nil, &temp})
	}
	return rows
}

func TestParquetInPlaceOfCSV(t *testing.T) {
	dir := folder(t, cohort())
	writeParquet(t, dir, "vitals", vitalsRows())
	d := open(t, dir)
	for _, s := range requests(t, d, "vitals", []int{0, 5}) {
		if len(s.Items) != 2 || s.Items[0].GetRow().Names[0] != "hr" || s.Items[1].GetRow().Values[0] != 37.5 {
			t.Errorf("got %v", s)
		}
	}
}

func TestParquetTypes(t *testing.T) {
	type sample struct {
		ID      int64  `parquet:"id"`
		Patient int32  `parquet:"patient"`
		Split   string `parquet:"split,enum"`
		Death   bool   `parquet:"death"`
		Days    int64  `parquet:"days,decimal(1:9)"` // tenths
		Unit    string `parquet:"unit"`
	}
	type item struct {
		Sample int64   `parquet:"sample"`
		Time   int32   `parquet:"time"`
		HR     uint8   `parquet:"hr"`
		Temp   float32 `parquet:"temp"`
	}
	files := cohort()
	files["dataset.yaml"], _, _ = strings.Cut(files["dataset.yaml"], "  - {name: notes")
	dir := folder(t, files)
	const first = 1 << 60 // a float64 cannot tell it from its neighbour
	var samples []sample
	var items []item
	for i := range int64(6) {
		samples = append(samples, sample{first + i, int32(i), []string{"train", "val", "test"}[i/2], i%2 == 1, 15 + i, []string{"medical", "surgical"}[i%2]})
		items = append(items, item{first + i, int32(i), uint8(70 + i), 36.5})
	}
	writeParquet(t, dir, "samples", samples)
	writeParquet(t, dir, "vitals", items)
	d := open(t, dir)
	if d.IDs[1] != "1152921504606846977" {
		t.Errorf("identifier %s", d.IDs[1])
	}
	for task, want := range map[string][]float32{
		"death": {0, 1, 0, 1, 0, 1}, "unit": {0, 1, 0, 1, 0, 1}, "stay": {1.5, 1.6, 1.7, 1.8, 1.9, 2},
	} {
		if got, _ := d.Labels(task); !equalLabels(got, want) {
			t.Errorf("%s: got %v, want %v", task, got, want)
		}
	}
	if got := requests(t, d, "vitals", []int{5})[0].Items[0]; got.Time != 5 || got.GetRow().Values[0] != 75 {
		t.Errorf("got %v", got)
	}
}

func TestOpenNamesWhatIsWrongInParquet(t *testing.T) {
	zero := 0.0
	bad := func(change func(r *vitals)) []vitals {
		rows := vitalsRows()
		change(&rows[4])
		return rows
	}
	type dated struct {
		Sample string    `parquet:"sample"`
		Time   time.Time `parquet:"time,timestamp"`
		HR     float64   `parquet:"hr"`
	}
	type listed struct {
		Sample string    `parquet:"sample"`
		Time   float64   `parquet:"time"`
		HR     []float64 `parquet:"hr"`
	}
	type worded struct {
		Sample string  `parquet:"sample"`
		Time   float64 `parquet:"time"`
		HR     string  `parquet:"hr"`
	}
	for name, c := range map[string]struct {
		write func(t *testing.T, dir string)
		want  string
	}{
		"NaN": {
			func(t *testing.T, dir string) {
				nan := zero / zero
				writeParquet(t, dir, "vitals", bad(func(r *vitals) { r.HR = &nan }))
			},
			"vitals.parquet, row 5, hr: is not a number (NaN); write an empty cell (null)",
		},
		"infinite": {
			func(t *testing.T, dir string) {
				inf := 1 / zero
				writeParquet(t, dir, "vitals", bad(func(r *vitals) { r.HR = &inf }))
			},
			"vitals.parquet, row 5, hr: is infinite",
		},
		"time before 0": {
			func(t *testing.T, dir string) {
				writeParquet(t, dir, "vitals", bad(func(r *vitals) { r.Time = -1 }))
			},
			"vitals.parquet, row 5, time: is before the sample began",
		},
		"date for a time": {
			func(t *testing.T, dir string) { writeParquet(t, dir, "vitals", []dated{{"a", time.Now(), 1}}) },
			"vitals.parquet, time: holds TIMESTAMP",
		},
		"list for a number": {
			func(t *testing.T, dir string) { writeParquet(t, dir, "vitals", []listed{{"a", 1, []float64{1, 2}}}) },
			"vitals.parquet, hr: is nested; write one plain value a cell",
		},
		"text for a number": {
			func(t *testing.T, dir string) { writeParquet(t, dir, "vitals", []worded{{"a", 1, "80"}}) },
			"vitals.parquet, hr: holds STRING, not numbers; cast it",
		},
		"cut short": {
			func(t *testing.T, dir string) {
				writeParquet(t, dir, "vitals", vitalsRows())
				if err := os.Truncate(filepath.Join(dir, "vitals.parquet"), 300); err != nil {
					t.Fatal(err)
				}
			},
			"vitals.parquet: is no readable Parquet file, perhaps it was cut short",
		},
		"empty": {
			func(t *testing.T, dir string) {
				writeParquet(t, dir, "vitals", vitalsRows())
				if err := os.Truncate(filepath.Join(dir, "vitals.parquet"), 0); err != nil {
					t.Fatal(err)
				}
			},
			"vitals.parquet: is no readable Parquet file, perhaps it was cut short",
		},
	} {
		t.Run(name, func(t *testing.T) {
			dir := folder(t, cohort())
			c.write(t, dir)
			_, err := data.Open(dir)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got\n%v\nwant\n%s", err, c.want)
			}
		})
	}
}

// A file whose middle was overwritten must give an error or be harmless, never a
// panic: many bytes of a small file are damaged in turn.
func TestDamagedParquetDoesNotPanic(t *testing.T) {
	dir := folder(t, cohort())
	writeParquet(t, dir, "vitals", vitalsRows())
	path := filepath.Join(dir, "vitals.parquet")
	good, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	refused := 0
	const step = 5 // a prime, to meet all kinds of fields
	for i := 0; i < len(good); i += step {
		bad := append([]byte(nil), good...)
		bad[i] ^= 0xff
		if err := os.WriteFile(path, bad, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := data.Open(dir); err != nil {
			refused++
		}
	}
	if refused < len(good)/step/3 {
		t.Errorf("%d of %d damaged files were refused", refused, len(good)/step)
	}
}
