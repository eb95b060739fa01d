package meds_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/parquet-go/parquet-go"

	"github.com/fusemoe/fusemoe/core/data"
	"github.com/fusemoe/fusemoe/core/ingest/cohort"
	"github.com/fusemoe/fusemoe/core/ingest/extract"
	"github.com/fusemoe/fusemoe/core/ingest/ingesttest"
	"github.com/fusemoe/fusemoe/core/ingest/meds"
)

type event struct {
	Subject int64      `parquet:"subject_id"`
	Time    *time.Time `parquet:"time,optional,timestamp(microsecond)"`
	Code    string     `parquet:"code,dict"`
	Value   *float32   `parquet:"numeric_value,optional"`
}

type label struct {
	Subject int64     `parquet:"subject_id"`
	Time    time.Time `parquet:"prediction_time,timestamp(microsecond)"`
	Value   *bool     `parquet:"boolean_value,optional"`
}

type split struct {
	Subject int64  `parquet:"subject_id"`
	Split   string `parquet:"split"`
}

// predicted is when everybody is.
var predicted = time.Date(2150, 1, 2, 12, 0, 0, 0, time.UTC)

// hours are those before the prediction.
func hours(before float64) *time.Time {
	at := predicted.Add(-time.Duration(before * float64(time.Hour)))
	return &at
}

func at(v float32) *float32 { return &v }

// write writes twelve subjects, every second with the outcome, and with an event four hours
// before it is predicted.
func write(t testing.TB, more []event, splits bool) string {
	t.Helper()
	dir := t.TempDir()
	events := map[bool][]event{true: more}
	var labels []label
	var parts []split
	for i := range 12 {
		subject, died := int64(i+1), i%2 == 0
		events[i < 6] = append(events[i < 6], event{subject, hours(4), "HR//bpm", at(80)}, event{subject, nil, "GENDER//F", nil})
		labels = append(labels, label{subject, predicted, &died})
		parts = append(parts, split{subject, []string{"train", "tuning", "held_out"}[i/2%3]})
	}
	save(t, filepath.Join(dir, "data", "train", "0.parquet"), events[true])
	save(t, filepath.Join(dir, "data", "train", "1.parquet"), events[false])
	save(t, filepath.Join(dir, "labels", "death.parquet"), append(labels, label{99, predicted, nil}))
	if splits {
		save(t, filepath.Join(dir, "metadata", "subject_splits.parquet"), parts)
	}
	return dir
}

func save[T any](t testing.TB, path string, rows []T) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := parquet.WriteFile(path, rows); err != nil {
		t.Fatal(err)
	}
}

func options(t testing.TB, dir string) meds.Options {
	t.Helper()
	return meds.Options{Data: dir, Labels: filepath.Join(dir, "labels", "death.parquet"), Options: extract.Options{
		To: filepath.Join(t.TempDir(), "cohort"), Rules: cohort.Rules{Window: 24},
	}}
}

func run(t testing.TB, o meds.Options) (*extract.Report, *data.Dataset) {
	t.Helper()
	report, err := meds.Import(context.Background(), o)
	if err != nil {
		t.Fatal(err)
	}
	d, err := data.Open(o.To)
	if err != nil {
		t.Fatal(err)
	}
	return report, d
}

func id(subject int) string { return fmt.Sprintf("%d-%d", subject, predicted.Unix()) }

// A sample is what was known in the window before its prediction, and nothing of what came
// at its end or later.
func TestWindow(t *testing.T) {
	dir := write(t, []event{
		{2, hours(24), "HR//bpm", at(70)},
		{2, hours(24.5), "HR//bpm", at(999)},
		{2, hours(0), "HR//bpm", at(999)},
		{2, hours(-3), "DEATH//late", at(999)},
		{2, hours(1), "LAB//50971//mmol/L", at(4)},
		{2, hours(1), "a text", nil},
		{77, hours(1), "HR//bpm", at(999)},
	}, true)
	report, d := run(t, options(t, dir))
	want := []string{"0 [HR//bpm] [70]", "20 [HR//bpm] [80]", "23 [LAB//50971//mmol/L] [4]"}
	if diff := cmp.Diff(want, ingesttest.Items(t, d, "events", id(2))); diff != "" {
		t.Error(diff)
	}
	if m := report.Modalities[0]; m.Before != 1 || m.After != 1 || m.Stays != 12 {
		t.Errorf("%+v", m)
	}
	if report.Flow[1].Excluded.Stays != 1 || d.Tasks[0].Name != "death" {
		t.Errorf("%+v, task %s", report.Flow, d.Tasks[0].Name)
	}
}

func TestSplits(t *testing.T) {
	o := options(t, write(t, nil, true))
	_, d := run(t, o)
	for i, patient := range d.Patients {
		var subject int
		_, _ = fmt.Sscan(patient, &subject)
		if want := []data.Split{data.Train, data.Val, data.Test}[(subject-1)/2%3]; d.Splits[i] != want {
			t.Errorf("%s is in %s, want %s", patient, d.Splits[i], want)
		}
	}
	if _, d = run(t, options(t, write(t, nil, false))); len(d.IDs) != 12 {
		t.Errorf("%d samples without splits", len(d.IDs))
	}
}

func TestMapOfVariables(t *testing.T) {
	o := options(t, write(t, nil, false))
	o.Variables = filepath.Join(t.TempDir(), "map.yaml")
	if err := os.WriteFile(o.Variables, []byte("channels: [{name: pulse, min: 1, items: {events: [HR//bpm]}}]"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, d := run(t, o)
	if diff := cmp.Diff([]string{"20 [pulse] [80]"}, ingesttest.Items(t, d, "events", id(3))); diff != "" {
		t.Error(diff)
	}
}

func TestBadData(t *testing.T) {
	for name, c := range map[string]struct {
		damage func(dir string, o *meds.Options)
		want   string
	}{
		"no window": {func(_ string, o *meds.Options) { o.Rules.Window = 0 }, "give the hours before a prediction"},
		"no labels": {func(_ string, o *meds.Options) { o.Labels += "x" }, "there is nothing to read"},
		"cut": {func(dir string, _ *meds.Options) {
			if err := os.Truncate(filepath.Join(dir, "data", "train", "0.parquet"), 100); err != nil {
				t.Fatal(err)
			}
		}, "0.parquet: is no whole Parquet file"},
		"another table": {func(dir string, _ *meds.Options) {
			save(t, filepath.Join(dir, "data", "2.parquet"), []split{{1, "train"}})
		}, "2.parquet, time: the column is missing"},
		"split": {func(dir string, _ *meds.Options) {
			save(t, filepath.Join(dir, "metadata", "subject_splits.parquet"), []split{{1, "validation"}})
		}, "a split is none of train, tuning, held_out"},
		"nothing there": {func(_ string, o *meds.Options) { o.Rules.Window = 1 }, "no event with a number lies in a window"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := write(t, nil, true)
			o := options(t, dir)
			c.damage(dir, &o)
			_, err := meds.Import(context.Background(), o)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v, want %s", err, c.want)
			}
			if left, _ := os.ReadDir(filepath.Dir(o.To)); len(left) > 0 {
				t.Errorf("left behind: %v", left)
			}
		})
	}
}
