package data_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/fusemoe/fusemoe/core/data"
)

// splitFile writes a file of splits beside nothing else.
func splitFile(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "splits.csv")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestWithSplits(t *testing.T) {
	d := open(t, folder(t, cohort()))
	_, err := d.WithSplits(splitFile(t, "sample,split\nf,train\ne,train\na,val\nb,val\nd,test\n"))
	if err == nil || !strings.Contains(err.Error(), "split test has one class only") {
		t.Fatalf("one class: %v", err)
	}
	out, err := d.WithSplits(splitFile(t, "sample,split\nf,train\ne,train\nc,val\nd,val\na,test\nb,test\n"))
	if err != nil {
		t.Fatal(err)
	}
	var text bytes.Buffer
	if err := out.WriteSplits(&text); err != nil {
		t.Fatal(err)
	}
	if want := "sample,split\nf,train\ne,train\nc,val\nd,val\na,test\nb,test\n"; text.String() != want {
		t.Errorf("wrote %q", text.String())
	}
	if len(d.Rows(data.Test)) != 2 || d.Splits[0] != data.Train {
		t.Error("the dataset itself was changed")
	}
}

func TestWithSplitsRefuses(t *testing.T) {
	d := open(t, folder(t, cohort()))
	for name, c := range map[string]struct{ text, want string }{
		"an unknown sample":       {"sample,split\nnobody,train\n", "line 2, sample: is no sample of the dataset"},
		"an unknown split":        {"sample,split\na,train\nb,holdout\n", "line 3, split: is neither train, val nor test"},
		"a sample twice":          {"sample,split\na,train\na,test\n", "line 3, sample: is there twice"},
		"a patient in two splits": {"sample,split\nc,train\nd,val\n", "puts a patient into val who is in train already"},
		"no column split":         {"sample,part\na,train\n", "split: the column is missing"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := d.WithSplits(splitFile(t, c.text))
			var problems *data.Error
			if !errors.As(err, &problems) || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want %q", err, c.want)
			}
		})
	}
	if _, err := d.WithSplits("nowhere.csv"); err == nil || !strings.Contains(err.Error(), "nowhere.csv: no such file of splits") {
		t.Errorf("no file: %v", err)
	}
}

// TestFolds holds that every patient is tested once, is never on two sides of a fold, and
// that the folds have as many positive patients as can be.
func TestFolds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		k := rapid.IntRange(2, 6).Draw(t, "folds")
		positives := rapid.IntRange(k*k, 4*k*k).Draw(t, "positive patients")
		negatives := rapid.IntRange(k*k, 4*k*k).Draw(t, "others")
		d := clinic(t, positives, negatives)
		folds, err := d.Folds(k, "death")
		if err != nil {
			t.Fatal(err)
		}
		tested := map[string]int{}
		least, most := d.Len(), 0
		for f, fold := range folds {
			side := map[string]data.Split{}
			for i, patient := range fold.Patients {
				if s, ok := side[patient]; ok && s != fold.Splits[i] {
					t.Fatalf("fold %d: a patient is in %s and %s", f, s, fold.Splits[i])
				}
				side[patient] = fold.Splits[i]
			}
			died := map[string]bool{}
			for patient, s := range side {
				if s != data.Test {
					continue
				}
				tested[patient]++
				if strings.HasPrefix(patient, "positive") {
					died[patient] = true
				}
			}
			least, most = min(least, len(died)), max(most, len(died))
			if len(fold.Rows(data.Val)) == 0 || len(fold.Rows(data.Train)) < len(fold.Rows(data.Val)) {
				t.Errorf("fold %d: %d to train, %d to validate", f, len(fold.Rows(data.Train)), len(fold.Rows(data.Val)))
			}
		}
		if len(tested) != positives+negatives {
			t.Errorf("%d of %d patients are tested", len(tested), positives+negatives)
		}
		for _, n := range tested {
			if n != 1 {
				t.Errorf("a patient is tested %d times", n)
			}
		}
		if most-least > 1 {
			t.Errorf("between %d and %d positive patients in a fold", least, most)
		}
	})
}

// clinic has two samples of every patient; of the positive ones the second dies.
func clinic(t *rapid.T, positives, negatives int) *data.Dataset {
	b := data.NewBuilder(data.Description{
		Name: "clinic", TimeUnit: "hours", Window: 1,
		Tasks:   []data.Task{{Name: "death", Kind: data.Binary, Columns: []string{"death"}}},
		Sources: []data.Source{{Name: "vitals", Kind: data.Rows, Columns: []string{"hr"}}},
	})
	add := func(id, patient string, death float64) {
		b.Sample(data.Sample{ID: id, Patient: patient, Labels: map[string][]float64{"death": {death}}})
		b.Row("vitals", id, 0, []string{"hr"}, []float32{80})
	}
	for i := range positives + negatives {
		patient, death := fmt.Sprintf("positive %d", i), 1.0
		if i >= positives {
			patient, death = fmt.Sprintf("other %d", i), 0
		}
		add(patient+", first", patient, 0)
		add(patient+", second", patient, death)
	}
	d, err := b.Build()
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestFoldsRefuse(t *testing.T) {
	d := open(t, folder(t, cohort()))
	for k, want := range map[int]string{1: "want at least 2", 6: "6 folds of 5 patients", 5: "fold 1 of 5"} {
		if _, err := d.Folds(k, "death"); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%d folds: %v, want %q", k, err, want)
		}
	}
}
