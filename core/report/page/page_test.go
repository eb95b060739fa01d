package page_test

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"image/png"
	"io"
	"regexp"
	"strings"
	"testing"

	"github.com/fusemoe/fusemoe/core/eval"
	"github.com/fusemoe/fusemoe/core/report/page"
)

// written is the page of a run.
func written(t *testing.T, r page.Run) string {
	t.Helper()
	var text bytes.Buffer
	if err := page.Write(&text, r); err != nil {
		t.Fatal(err)
	}
	return text.String()
}

// kinds are all kinds of tasks, alone and together.
var kinds = map[string][]eval.Kind{
	"binary": {eval.Binary}, "multilabel": {eval.Multilabel}, "multiclass": {eval.Multiclass}, "regression": {eval.Regression},
	"all": {eval.Binary, eval.Multilabel, eval.Multiclass, eval.Regression},
}

// TestPage has the page of every kind of task show what it should, every figure once.
func TestPage(t *testing.T) {
	auxiliary := []string{"missingness", "pretraining", "loss-total", "loss-balance", "loss-entropy", "modality-share-1", "modality-share-2", "expert-use-1", "gate-entropy-2"}
	for name, figures := range map[string][]string{
		"binary":     {"roc", "precision-recall", "calibration", "decision", "subgroups", "validation"},
		"multilabel": {"roc", "precision-recall", "calibration", "decision-oedema", "decision-pneumonia", "subgroups"},
		"multiclass": {"roc", "precision-recall", "calibration", "subgroups"},
		"regression": {"values", "errors", "subgroups", "validation"},
		"all":        {"in-hospital-death-roc", "findings-roc", "unit-roc", "days-values"},
	} {
		for _, seeds := range []int{1, 3} {
			text := written(t, run(80, seeds, kinds[name]...))
			for _, f := range append(figures, auxiliary...) {
				if n := strings.Count(text, `<figure id="`+f+`"><svg `); n != 1 {
					t.Errorf("%s, %d seeds: figure %s is there %d times", name, seeds, f, n)
				}
			}
			if strings.Contains(text, "NaN") {
				t.Errorf("%s, %d seeds: NaN is on the page", name, seeds)
			}
		}
	}
}

// TestPageIsAlone makes sure that nothing is loaded from anywhere.
func TestPageIsAlone(t *testing.T) {
	text := written(t, run(80, 1, kinds["all"]...))
	for _, reference := range regexp.MustCompile(`(?:src|href|url|@import)\s*[=(]?\s*["']?([^"')\s>]+)`).FindAllStringSubmatch(text, -1) {
		if target := reference[1]; !strings.HasPrefix(target, "#") && target != "data:," {
			t.Errorf("the page refers to %q", target)
		}
	}
	if strings.Contains(text, "<script") {
		t.Error("the page has a script")
	}
	if strings.Contains(text, "<pneumonia>") || !strings.Contains(text, "&lt;pneumonia&gt;") {
		t.Error("the name of a label is not escaped")
	}
}

// TestRunIsPlainData sets the same page from what JSON keeps.
func TestRunIsPlainData(t *testing.T) {
	r := run(60, 2, kinds["all"]...)
	text, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	var again page.Run
	if err := json.Unmarshal(text, &again); err != nil {
		t.Fatal(err)
	}
	if written(t, again) != written(t, r) {
		t.Error("the page is another one after JSON")
	}
}

// TestTinyTestSets must not praise or damn a model for a handful of samples.
func TestTinyTestSets(t *testing.T) {
	for name, c := range map[string]struct {
		n    int
		kind eval.Kind
		want string
	}{
		"two":         {2, eval.Binary, "fewer than 5"},
		"ten":         {10, eval.Binary, "fewer than 5"},
		"few values":  {3, eval.Regression, "fewer than 5"},
		"one class":   {1, eval.Binary, "cannot be computed"},
		"some dozens": {60, eval.Binary, "too few to tell"},
	} {
		if text := written(t, run(c.n, 1, c.kind)); !strings.Contains(text, c.want) {
			t.Errorf("%s: the page does not say %q", name, c.want)
		}
	}
	if text := written(t, run(4000, 1, eval.Binary)); strings.Contains(text, `class="doubt"`) {
		t.Error("4,000 samples are doubted")
	}
}

// TestFigures decodes every figure of every kind of task, in both formats.
func TestFigures(t *testing.T) {
	seen := map[string]bool{}
	for _, f := range run(60, 2, kinds["all"]...).Figures() {
		if seen[f.Name] {
			t.Errorf("two figures are called %s", f.Name)
		}
		seen[f.Name] = true
		var svg, image bytes.Buffer
		if err := errors.Join(f.WriteSVG(&svg), f.WritePNG(&image)); err != nil {
			t.Fatal(err)
		}
		checkXML(t, f.Name, &svg)
		checkXML(t, f.Name, strings.NewReader(string(f.Inline())))
		if c, err := png.DecodeConfig(&image); err != nil || c.Width != 1050 {
			t.Errorf("%s: the image is %d wide (%v)", f.Name, c.Width, err)
		}
	}
	if len(seen) < 20 {
		t.Errorf("only %d figures", len(seen))
	}
}

func checkXML(t *testing.T, name string, r io.Reader) {
	t.Helper()
	d := xml.NewDecoder(r)
	for {
		if _, err := d.Token(); errors.Is(err, io.EOF) {
			return
		} else if err != nil {
			t.Errorf("%s: %v", name, err)
			return
		}
	}
}
