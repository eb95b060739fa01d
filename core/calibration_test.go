package core_test

import (
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"testing"

	"github.com/fusemoe/fusemoe/core"
	"github.com/fusemoe/fusemoe/core/config"
)

// TestPredictIsCalibratedAsTheRun has predict give the probabilities that a calibrated
// run was measured by, of a single training and of an ensemble.
func TestPredictIsCalibratedAsTheRun(t *testing.T) {
	for name, seeds := range map[string][]uint64{"one seed": {1}, "ensemble": {1, 2}} {
		for _, method := range []config.Calibration{config.CalibrationTemperature, config.CalibrationIsotonic} {
			t.Run(name+", "+string(method), func(t *testing.T) {
				out, cache := filepath.Join(t.TempDir(), "run"), t.TempDir()
				d := runWard(t, out, cache, func(c *config.Config) {
					c.Eval.Calibration, c.Train.Seeds, c.Run.Ensemble, c.Train.Epochs = method, seeds, true, 2
				})
				p, err := core.OpenRun(t.Context(), out, core.WithModality("pulse", pulse{}))
				if err != nil {
					t.Fatal(err)
				}
				defer p.Close()
				all, err := p.Predict(t.Context(), d)
				if err != nil {
					t.Fatal(err)
				}
				want, compared := scoresIn(t, filepath.Join(out, "predictions.csv")), 0
				for _, one := range all {
					if score, tested := want[one.ID]; tested {
						compared++
						if got := one.Scores["deteriorates"][0]; got != score {
							t.Errorf("predict says %v, the run %v", got, score)
						}
					}
				}
				if compared == 0 || compared != len(want) {
					t.Errorf("compared %d of %d samples", compared, len(want))
				}
			})
		}
	}
}

// TestMetricsBeforeAndAfterCalibration finds both in metrics.json: a temperature
// changes the log loss and no ranking.
func TestMetricsBeforeAndAfterCalibration(t *testing.T) {
	out := filepath.Join(t.TempDir(), "run")
	runWard(t, out, t.TempDir(), func(c *config.Config) {
		c.Eval.Calibration, c.Train.Seeds, c.Train.Epochs = config.CalibrationTemperature, []uint64{1}, 2
	})
	text, err := os.ReadFile(filepath.Join(out, "metrics.json"))
	if err != nil {
		t.Fatal(err)
	}
	type figures struct {
		AUROC   *float64
		LogLoss float64 `json:"log_loss"`
	}
	var metrics map[string]map[string]struct {
		figures
		Uncalibrated *figures
	}
	if err := json.Unmarshal(text, &metrics); err != nil {
		t.Fatal(err)
	}
	val := metrics["val"]["deteriorates"]
	if val.Uncalibrated == nil {
		t.Fatalf("no figures before calibration in %s", text)
	}
	if *val.AUROC != *val.Uncalibrated.AUROC {
		t.Errorf("AUROC %v, before calibration %v", *val.AUROC, *val.Uncalibrated.AUROC)
	}
	if !(val.LogLoss < val.Uncalibrated.LogLoss-1e-3) || math.IsNaN(val.LogLoss) {
		t.Errorf("log loss on the validation split %v, before calibration %v", val.LogLoss, val.Uncalibrated.LogLoss)
	}
}
