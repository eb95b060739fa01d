package data_test

import (
	"errors"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/testing/protocmp"
	"pgregory.net/rapid"

	"github.com/fusemoe/fusemoe/core/data"
	"github.com/fusemoe/fusemoe/sdk/modalitypb"
)

// ward describes a dataset that tests build in memory.
func ward() data.Description {
	return data.Description{
		Name: "ward", TimeUnit: "hours", Window: 24,
		Tasks: []data.Task{
			{Name: "death", Kind: data.Binary, Columns: []string{"death"}},
			{Name: "findings", Kind: data.Multilabel, Columns: []string{"fever", "sepsis"}},
		},
		Sources: []data.Source{
			{Name: "labs", Kind: data.Rows, Columns: []string{"na", "k"}},
			{Name: "notes", Kind: data.Text},
		},
	}
}

func TestBuilder(t *testing.T) {
	b := data.NewBuilder(ward())
	b.Sample(data.Sample{ID: "a", Labels: map[string][]float64{"death": {0}, "findings": {1, math.NaN()}}})
	b.Sample(data.Sample{ID: "b", Labels: map[string][]float64{"death": {1}, "findings": {0, 1}}})
	b.Row("labs", "b", 2, []string{"k", "na"}, []float32{4, 140})
	b.Row("labs", "b", 1, []string{"na"}, []float32{139})
	b.Text("notes", "a", 0, "admitted")
	b.Text("notes", "a", 1, "")
	d, err := b.Build()
	if err != nil {
		t.Fatal(err)
	}
	want := []*modalitypb.Sample{{Id: "b", Items: []*modalitypb.Item{
		row(1, []string{"na"}, 139), row(2, []string{"na", "k"}, 140, 4),
	}}}
	if diff := cmp.Diff(want, requests(t, d, "labs", []int{1}), protocmp.Transform()); diff != "" {
		t.Error(diff)
	}
	if got := requests(t, d, "notes", []int{0})[0].Items; len(got) != 1 {
		t.Errorf("an empty text became an item: %v", got)
	}
	if got, _ := d.Labels("findings"); !equalLabels(got, []float32{1, nan, 0, 1}) {
		t.Errorf("findings %v", got)
	}
	if got := d.Where(1); got != "samples, row 2" {
		t.Errorf("sample 1 is at %s", got)
	}
}

func TestOneSampleToPredict(t *testing.T) {
	description := ward()
	description.Tasks = nil
	b := data.NewBuilder(description, data.Unlabelled())
	b.Sample(data.Sample{ID: "a"})
	b.Row("labs", "a", 1, []string{"k"}, []float32{4})
	d, err := b.Build()
	if err != nil || d.Len() != 1 {
		t.Errorf("got %v (%v)", d, err)
	}
}

func TestBuilderNamesWhatIsWrong(t *testing.T) {
	for name, c := range map[string]struct {
		description func(d *data.Description)
		use         func(b *data.Builder)
		want        string
	}{
		"no columns": {
			description: func(d *data.Description) { d.Sources[0].Columns = nil },
			want:        "dataset.yaml, modalities.0.columns: is missing",
		},
		"no window": {
			description: func(d *data.Description) { d.Window = -1 },
			want:        "dataset.yaml, window: is not a positive number",
		},
		"no sample": {want: "samples: has no sample"},
		"unknown task": {
			use: func(b *data.Builder) {
				b.Sample(data.Sample{ID: "x", Labels: map[string][]float64{"dead": {0}}})
			},
			want: `samples, row 1, labels: "dead" is no task of dataset ward; did you mean death?`,
		},
		"wrong number of labels": {
			use: func(b *data.Builder) {
				b.Sample(data.Sample{ID: "x", Labels: map[string][]float64{"findings": {0}}})
			},
			want: "samples, row 1, findings: has not 2 labels",
		},
		"label 2": {
			use:  func(b *data.Builder) { b.Sample(data.Sample{ID: "x", Labels: map[string][]float64{"death": {2}}}) },
			want: "samples, row 1, death: is no label of task death",
		},
		"item before its sample": {
			use:  func(b *data.Builder) { b.Row("labs", "x", 0, []string{"k"}, []float32{4}) },
			want: "labs, row 1, sample: is of no sample added so far",
		},
		"unknown modality": {
			use:  func(b *data.Builder) { b.Text("letters", "x", 0, "text") },
			want: "letters: is no modality of kind text",
		},
		"unknown column": {
			use: func(b *data.Builder) {
				b.Sample(data.Sample{ID: "x"})
				b.Row("labs", "x", 0, []string{"cl"}, []float32{100})
			},
			want: "labs, row 1, cl: is no column of this modality",
		},
		"NaN": {
			use: func(b *data.Builder) {
				b.Sample(data.Sample{ID: "x"})
				b.Row("labs", "x", 0, []string{"k"}, []float32{nan})
			},
			want: "labs, row 1, k: is not a finite number",
		},
		"column twice": {
			use: func(b *data.Builder) {
				b.Sample(data.Sample{ID: "x"})
				b.Row("labs", "x", 0, []string{"k", "na", "k"}, []float32{4, 140, 5})
			},
			want: "labs, row 1: names a column twice",
		},
	} {
		t.Run(name, func(t *testing.T) {
			description := ward()
			if c.description != nil {
				c.description(&description)
			}
			b := data.NewBuilder(description)
			if c.use != nil {
				c.use(b)
			}
			_, err := b.Build()
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

// Whatever a dataset holds, a plugin sees exactly the items before the end of the
// window, in the order of time, and no patient is in two splits.
func TestNothingLeaks(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		description := ward()
		description.Tasks = description.Tasks[1:] // any labels will do
		b := data.NewBuilder(description)
		n := rapid.IntRange(1, 8).Draw(t, "samples")
		patient := rapid.SampledFrom([]string{"p", "q", "r", "s"})
		split := rapid.Custom(func(t *rapid.T) data.Split { return data.Split(rapid.IntRange(0, 2).Draw(t, "split")) })
		ids := []string{"a", "b", "c", "d", "e", "f", "g", "h"}[:n]
		label := rapid.SampledFrom([]float64{0, 1})
		for _, id := range ids {
			b.Sample(data.Sample{
				ID: id, Patient: patient.Draw(t, "patient"), Split: split.Draw(t, "split"),
				Labels: map[string][]float64{"findings": {label.Draw(t, "fever"), label.Draw(t, "sepsis")}},
			})
			b.Row("labs", id, 0, []string{"na"}, []float32{140})
		}
		before := map[string]int{}
		for range rapid.IntRange(0, 30).Draw(t, "items") {
			id := rapid.SampledFrom(ids).Draw(t, "id")
			time := rapid.OneOf(rapid.Float64Range(0, 48), rapid.SampledFrom([]float64{0, 24, math.Nextafter(24, 0)})).Draw(t, "time")
			b.Row("labs", id, time, []string{"k"}, []float32{4})
			if time < 24 {
				before[id]++
			}
		}
		d, err := b.Build()
		var report *data.Error
		if errors.As(err, &report) {
			for _, p := range report.Problems {
				if p.Column != "split" && !strings.HasPrefix(p.What, "no label of split train") {
					t.Fatal(err)
				}
			}
			return
		}
		of := map[string]data.Split{}
		for i, p := range d.Patients {
			if s, ok := of[p]; ok && s != d.Splits[i] {
				t.Fatalf("patient %s is in %s and %s", p, s, d.Splits[i])
			}
			of[p] = d.Splits[i]
		}
		for s, err := range d.Requests("labs", slices.Concat(d.Rows(data.Train), d.Rows(data.Val), d.Rows(data.Test))) {
			if err != nil {
				t.Fatal(err)
			}
			if len(s.Items) != before[s.Id]+1 {
				t.Fatalf("%s has %d items, want %d", s.Id, len(s.Items), before[s.Id]+1)
			}
			last := 0.0
			for _, item := range s.Items {
				if item.Time < last || item.Time >= 24 || len(item.Attributes) > 0 {
					t.Fatalf("%s has item %v after %g", s.Id, item, last)
				}
				last = item.Time
			}
		}
	})
}
