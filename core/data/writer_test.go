package data_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/fusemoe/fusemoe/core/data"
)

var streamed = data.Description{
	Name: "ward", TimeUnit: "hours", Window: 10,
	Tasks: []data.Task{{Name: "death", Kind: data.Binary, Columns: []string{"death"}}},
	Sources: []data.Source{
		{Name: "vitals", Kind: data.Rows, Columns: []string{"hr", "temp"}},
		{Name: "notes", Kind: data.Text},
		{Name: "scans", Kind: data.Path, MediaType: "image/png"},
	},
}

// samplesOf are n patients, of whom every second dies.
func samplesOf(n int) []data.Sample {
	var samples []data.Sample
	for i := range n {
		samples = append(samples, data.Sample{
			ID: fmt.Sprint(i), Split: data.Split(i / 2 % 3), Labels: map[string][]float64{"death": {float64(i % 2)}},
		})
	}
	return samples
}

// TestWriterIsAsGoodAsABuilder writes the same dataset piece by piece and from memory. It
// has more items than a group of rows holds, and they come in no order.
func TestWriterIsAsGoodAsABuilder(t *testing.T) {
	ctx := context.Background()
	to := filepath.Join(t.TempDir(), "ward")
	w, err := data.Create(to, streamed)
	if err != nil {
		t.Fatal(err)
	}
	b := data.NewBuilder(streamed)
	samples := samplesOf(6)
	for _, s := range samples {
		b.Sample(s)
	}
	columns := [][]uint16{{0}, {1}, {0, 1}}
	names := [][]string{{"hr"}, {"temp"}, {"hr", "temp"}}
	for i := range 130_000 {
		id, at, k := fmt.Sprint(i%6), float64(i*7919%1000)/100, i%3
		values := []float32{float32(i % 200), 36}[:len(names[k])]
		if err := w.Row(ctx, "vitals", id, at, columns[k], values); err != nil {
			t.Fatal(err)
		}
		b.Row("vitals", id, at, names[k], values)
		if i%1000 == 0 {
			if err := w.Text(ctx, "notes", id, at, strings.Repeat("word ", i)); err != nil {
				t.Fatal(err)
			}
			b.Text("notes", id, at, strings.Repeat("word ", i))
		}
	}
	if w.Items("1") < 21_000 || w.Items("nobody") != 0 {
		t.Errorf("%d and %d items", w.Items("1"), w.Items("nobody"))
	}
	if _, err := w.Finish(ctx, samples); err != nil {
		t.Fatal(err)
	}
	want, err := b.Build()
	if err != nil {
		t.Fatal(err)
	}
	got, err := data.Open(to)
	if err != nil {
		t.Fatal(err)
	}
	if len(got.Sources) != 2 {
		t.Errorf("sources %v, want those with items", got.Sources)
	}
	for _, source := range []string{"vitals", "notes"} {
		a, err := want.Fingerprint(source)
		if err != nil {
			t.Fatal(err)
		}
		if b, err := got.Fingerprint(source); err != nil || a != b {
			t.Errorf("%s: another dataset, %v", source, err)
		}
	}
}

func TestWriterCopiesFiles(t *testing.T) {
	ctx := context.Background()
	dir := t.TempDir()
	file := filepath.Join(dir, "scan.png")
	if err := os.WriteFile(file, []byte("png"), 0o600); err != nil {
		t.Fatal(err)
	}
	to := filepath.Join(dir, "ward")
	w, err := data.Create(to, streamed)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range samplesOf(6) {
		path, err := w.Copy("scans", file)
		if err != nil {
			t.Fatal(err)
		}
		if err := w.Path(ctx, "scans", s.ID, 1, path); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := w.Finish(ctx, samplesOf(6)); err != nil {
		t.Fatal(err)
	}
	if text, err := os.ReadFile(filepath.Join(to, "scans", "scan.png")); err != nil || string(text) != "png" {
		t.Errorf("%q, %v", text, err)
	}
}

func TestWriterRefuses(t *testing.T) {
	ctx := context.Background()
	for name, c := range map[string]struct {
		write func(w *data.Writer) error
		want  string
	}{
		"an item outside of the window": {func(w *data.Writer) error { return w.Text(ctx, "notes", "0", 10, "late") }, "notes: an item lies outside of the window of 10 hours"},
		"another kind":                  {func(w *data.Writer) error { return w.Text(ctx, "vitals", "0", 1, "x") }, "vitals is no modality of kind text"},
		"a sample without items": {func(w *data.Writer) error {
			_, err := w.Finish(ctx, samplesOf(6))
			return err
		}, "has no item of any modality"},
		"an item of nobody": {func(w *data.Writer) error {
			for _, s := range samplesOf(7) {
				if err := w.Text(ctx, "notes", s.ID, 1, "x"); err != nil {
					return err
				}
			}
			_, err := w.Finish(ctx, samplesOf(6))
			return err
		}, "1 samples of items are missing"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			w, err := data.Create(filepath.Join(dir, "ward"), streamed)
			if err != nil {
				t.Fatal(err)
			}
			if err := c.write(w); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v, want %s", err, c.want)
			}
			cause := errors.New("stop")
			if err := w.Abandon(cause); !errors.Is(err, cause) {
				t.Error(err)
			}
			if left, _ := os.ReadDir(dir); len(left) > 0 {
				t.Errorf("left behind: %v", left)
			}
		})
	}
}
