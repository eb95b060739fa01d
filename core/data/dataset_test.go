package data_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/testing/protocmp"

	"github.com/fusemoe/fusemoe/core/data"
	"github.com/fusemoe/fusemoe/sdk/modalitypb"
)

func TestRequestsAreSortedAndCutAtTheWindow(t *testing.T) {
	d := open(t, folder(t, cohort()))
	got := requests(t, d, "vitals", []int{0, 1, 4, 5})
	want := []*modalitypb.Sample{
		{Id: "a", Items: []*modalitypb.Item{row(0, []string{"hr"}, 80), row(47.99, []string{"temp"}, 37.5)}},
		{Id: "b", Items: []*modalitypb.Item{row(0.5, []string{"hr"}, 70), row(1, []string{"hr", "temp"}, 81, 36)}},
		{Id: "e"},
		{Id: "f", Items: []*modalitypb.Item{row(3, []string{"hr"}, 100), row(3, []string{"hr"}, 101)}},
	}
	if diff := cmp.Diff(want, got, protocmp.Transform()); diff != "" {
		t.Error(diff)
	}
	warnings := []string{
		"vitals.csv: items at or after the end of the window of 48 hours are cut: 1",
		"samples.csv, unit: split test has one class only",
	}
	if diff := cmp.Diff(warnings, d.Warnings); diff != "" {
		t.Error(diff)
	}
}

func TestRequestsOfTextAndPaths(t *testing.T) {
	dir := folder(t, cohort())
	d := open(t, dir)
	got := append(requests(t, d, "notes", []int{4}), requests(t, d, "scans", []int{1})...)
	want := []*modalitypb.Sample{
		{Id: "e", Items: []*modalitypb.Item{
			{Time: 0, MediaType: "text/plain", Payload: &modalitypb.Item_Data{Data: []byte("admitted")}},
			{Time: 1, MediaType: "text/plain", Payload: &modalitypb.Item_Data{Data: []byte("first line\nsecond, line")}},
		}},
		{Id: "b", Items: []*modalitypb.Item{
			{Time: 4, MediaType: "image/png", Payload: &modalitypb.Item_Path{Path: filepath.Join(dir, "images", "b.png")}},
		}},
	}
	if diff := cmp.Diff(want, got, protocmp.Transform()); diff != "" {
		t.Error(diff)
	}
}

func TestLabels(t *testing.T) {
	d := open(t, folder(t, cohort()))
	for task, want := range map[string][]float32{
		"death": {0, 1, 0, 1, 1, 0},
		"stay":  {3.5, nan, 1, 2, 7, 9},
		"unit":  {0, 1, 0, 1, nan, 0},
	} {
		got, err := d.Labels(task)
		if err != nil {
			t.Fatal(err)
		}
		if !equalLabels(got, want) {
			t.Errorf("%s: got %v, want %v", task, got, want)
		}
	}
	if _, err := d.Labels("deaht"); err == nil || err.Error() != `"deaht" is no task of dataset cohort; did you mean death?` {
		t.Errorf("got %v", err)
	}
}

func TestRowsOfASplit(t *testing.T) {
	d := open(t, folder(t, cohort()))
	for split, want := range map[data.Split][]int{data.Train: {0, 1}, data.Val: {2, 3}, data.Test: {4, 5}} {
		if got := d.Rows(split); !slices.Equal(got, want) {
			t.Errorf("%s: got %v, want %v", split, got, want)
		}
	}
}

func TestSavedDatasetOpensAsTheSame(t *testing.T) {
	d := open(t, folder(t, cohort()))
	dir := filepath.Join(t.TempDir(), "new", "saved")
	if err := d.Save(context.Background(), dir); err != nil {
		t.Fatal(err)
	}
	saved := open(t, dir)
	all := []int{0, 1, 2, 3, 4, 5}
	for _, s := range d.Sources {
		paths := protocmp.IgnoreFields(&modalitypb.Item{}, "path")
		if diff := cmp.Diff(requests(t, d, s.Name, all), requests(t, saved, s.Name, all), protocmp.Transform(), paths); diff != "" {
			t.Error(diff)
		}
		before, err := d.Fingerprint(s.Name)
		if err != nil {
			t.Fatal(err)
		}
		if after, err := saved.Fingerprint(s.Name); err != nil || after != before {
			t.Errorf("fingerprint of %s: %s became %s (%v)", s.Name, before, after, err)
		}
	}
	for _, task := range d.Tasks {
		before, _ := d.Labels(task.Name)
		if after, _ := saved.Labels(task.Name); !equalLabels(before, after) {
			t.Errorf("%s: %v became %v", task.Name, before, after)
		}
	}
	if diff := cmp.Diff(d.Splits, saved.Splits); diff != "" {
		t.Error(diff)
	}
}

func TestSaveLeavesNothingWhenInterrupted(t *testing.T) {
	d := open(t, folder(t, cohort()))
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	parent := t.TempDir()
	if err := d.Save(ctx, filepath.Join(parent, "saved")); err == nil {
		t.Fatal("saved although cancelled")
	}
	left, err := os.ReadDir(parent)
	if err != nil || len(left) > 0 {
		t.Errorf("left %v (%v)", left, err)
	}
}

func TestSaveLeavesNothingWhenAFileIsGone(t *testing.T) {
	dir := folder(t, cohort())
	d := open(t, dir)
	if err := os.Remove(filepath.Join(dir, "images", "b.png")); err != nil {
		t.Fatal(err)
	}
	parent := t.TempDir()
	if err := d.Save(context.Background(), filepath.Join(parent, "saved")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("got %v", err)
	}
	left, err := os.ReadDir(parent)
	if err != nil || len(left) > 0 {
		t.Errorf("left %v (%v)", left, err)
	}
}

func TestSaveKeepsWhatIsThere(t *testing.T) {
	dir := folder(t, cohort())
	d := open(t, dir)
	if err := d.Save(context.Background(), dir); err == nil {
		t.Fatal("wrote over a folder with files")
	}
	open(t, dir)
}

func TestUnlabelledSamplesNeedNoSplit(t *testing.T) {
	files := cohort()
	files["samples.csv"] = "id\na\nb\nc\nd\ne\nf\n"
	dir := folder(t, files)
	if _, err := data.Open(dir); err == nil {
		t.Error("opened without labels")
	}
	files["dataset.yaml"] = replaceOnce(t, files["dataset.yaml"], `tasks:
  - {name: death, kind: binary}
  - {name: stay, kind: regression, column: days}
  - {name: unit, kind: multiclass, classes: [medical, surgical]}
`, "")
	dir = folder(t, files)
	d, err := data.Open(dir, data.Unlabelled())
	if err != nil {
		t.Fatal(err)
	}
	if got := d.Rows(data.Test); len(got) != 6 {
		t.Errorf("test split has samples %v", got)
	}
}

func TestFingerprintFollowsContent(t *testing.T) {
	print := func(change func(files map[string]string), source string) string {
		files := cohort()
		change(files)
		f, err := open(t, folder(t, files)).Fingerprint(source)
		if err != nil {
			t.Fatal(err)
		}
		return f
	}
	same := func(map[string]string) {}
	for _, source := range []string{"vitals", "notes", "scans"} {
		if first, second := print(same, source), print(same, source); first != second {
			t.Errorf("%s: the same files give two fingerprints", source)
		}
	}
	for name, c := range map[string]struct {
		source, file, old, new string
		differs                bool
	}{
		"value":            {"vitals", "vitals.csv", "c,2,60", "c,2,61", true},
		"time":             {"vitals", "vitals.csv", "c,2,60", "c,3,60", true},
		"column":           {"vitals", "vitals.csv", "hr,temp", "pulse,temp", true},
		"window":           {"vitals", "dataset.yaml", "window: 48", "window: 47.995", true},
		"text":             {"notes", "notes.csv", "admitted", "transferred", true},
		"file content":     {"scans", "images/b.png", "not really", "not at all", true},
		"label":            {"vitals", "samples.csv", "3.5", "4.5", false},
		"another source":   {"notes", "vitals.csv", "c,2,60", "c,2,61", false},
		"order of rows":    {"vitals", "vitals.csv", "c,2,60,\nd,2,,39", "d,2,,39\nc,2,60,", false},
		"after the window": {"vitals", "vitals.csv", "a,48,90,", "a,49,91,", false},
	} {
		changed := print(func(files map[string]string) { files[c.file] = replaceOnce(t, files[c.file], c.old, c.new) }, c.source)
		if (changed != print(same, c.source)) != c.differs {
			t.Errorf("%s: fingerprint differs: %v, want %v", name, !c.differs, c.differs)
		}
	}
}
