package data_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"google.golang.org/protobuf/testing/protocmp"

	"github.com/fusemoe/fusemoe/core/data"
)

// A subset is what was there of its samples, in its own order, and nothing of others.
func TestSubsetIsItsSamplesAlone(t *testing.T) {
	d := open(t, folder(t, cohort()))
	for _, rows := range [][]int{{0, 1, 2, 3, 4, 5}, {5, 1, 3}, {4}, {}} {
		s := d.Subset(rows)
		if s.Len() != len(rows) {
			t.Fatalf("%d samples of %v", s.Len(), rows)
		}
		for _, source := range d.Sources {
			want, got := requests(t, d, source.Name, rows), requests(t, s, source.Name, allRows(s))
			if diff := cmp.Diff(want, got, protocmp.Transform()); diff != "" {
				t.Errorf("samples %v of %s: %s", rows, source.Name, diff)
			}
		}
		for i, r := range rows {
			if s.IDs[i] != d.IDs[r] || s.Patients[i] != d.Patients[r] || s.Splits[i] != d.Splits[r] || s.Where(i) != d.Where(r) {
				t.Errorf("sample %d of %v is not sample %d", i, rows, r)
			}
			for _, task := range d.Tasks {
				got, want := labelsOf(t, s, task, i), labelsOf(t, d, task, r)
				if diff := cmp.Diff(want, got, cmpopts.EquateNaNs()); diff != "" {
					t.Errorf("labels of %s: %s", task.Name, diff)
				}
			}
		}
	}
}

func labelsOf(t *testing.T, d *data.Dataset, task data.Task, i int) []float32 {
	t.Helper()
	labels, err := d.Labels(task.Name)
	if err != nil {
		t.Fatal(err)
	}
	return labels[i*len(task.Columns) : (i+1)*len(task.Columns)]
}

func allRows(d *data.Dataset) []int {
	rows := make([]int, d.Len())
	for i := range rows {
		rows[i] = i
	}
	return rows
}
