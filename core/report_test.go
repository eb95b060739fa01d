package core_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/fusemoe/fusemoe/core"
	"github.com/fusemoe/fusemoe/core/config"
	"github.com/fusemoe/fusemoe/core/report/page"
)

// TestRunReports has a run leave its report, and the same again from what it kept.
func TestRunReports(t *testing.T) {
	out := filepath.Join(t.TempDir(), "run")
	runWard(t, out, t.TempDir(), func(c *config.Config) {
		c.Eval.Calibration = config.CalibrationIsotonic
		c.Eval.Subgroups = []config.Subgroup{{Source: "monitor", Columns: []string{"heart_rate"}, Cuts: []float64{90}}}
	})
	first, err := os.ReadFile(filepath.Join(out, "report.html"))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"deteriorates", "below 90", "90 and above", "2 trainings", `id="expert-use-1"`} {
		if !strings.Contains(string(first), want) {
			t.Errorf("the page does not say %q", want)
		}
	}
	for _, figure := range []string{"calibration.svg", "calibration.png", "gate-entropy-1.svg"} {
		if info, err := os.Stat(filepath.Join(out, "figures", figure)); err != nil || info.Size() < 1000 {
			t.Errorf("%s: %v", figure, err)
		}
	}
	if path, err := core.Report(t.Context(), out); err != nil || path != filepath.Join(out, "report.html") {
		t.Fatal(path, err)
	}
	if again, err := os.ReadFile(filepath.Join(out, "report.html")); err != nil || !bytes.Equal(first, again) {
		t.Errorf("the page is another one the second time (%v)", err)
	}
}

// TestReportKnowsItsTraining finds in report.json what happened in each epoch.
func TestReportKnowsItsTraining(t *testing.T) {
	out := filepath.Join(t.TempDir(), "run")
	runWard(t, out, t.TempDir(), func(c *config.Config) { c.Train.Seeds = []uint64{1} })
	text, err := os.ReadFile(filepath.Join(out, "report.json"))
	if err != nil {
		t.Fatal(err)
	}
	var r page.Run
	if err := json.Unmarshal(text, &r); err != nil {
		t.Fatal(err)
	}
	if len(r.Trainings) != 1 || len(r.Trainings[0].Epochs) != 6 {
		t.Fatalf("%d trainings: %s", len(r.Trainings), text)
	}
	for _, e := range r.Trainings[0].Epochs {
		sum := 0.0
		for _, use := range e.Experts.Layers[0].Use {
			sum += use
		}
		if e.Losses["balance"] <= 0 || e.Losses["total"] <= 0 || sum < 0.999 || sum > 1.001 {
			t.Errorf("epoch %d: losses %v, use of the experts sums to %v", e.Epoch, e.Losses, sum)
		}
	}
}

// TestReportMisused says what to do.
func TestReportMisused(t *testing.T) {
	if _, err := core.Report(t.Context(), t.TempDir()); err == nil || !strings.Contains(err.Error(), "give the folder of a run that has ended") {
		t.Errorf("of an empty folder: %v", err)
	}
	d, c := ward(t, filepath.Join(t.TempDir(), "run"))
	c.Eval.Subgroups = []config.Subgroup{{Source: "monitor", Columns: []string{"hart_rate"}}}
	_, err := core.Open(t.Context(), c, core.WithDataset(d), core.WithModality("pulse", pulse{}))
	if err == nil || !strings.Contains(err.Error(), "eval.subgroups.0") || !strings.Contains(err.Error(), "heart_rate") {
		t.Errorf("of a mistyped column: %v", err)
	}
}
