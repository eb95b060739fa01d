package ecg

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/rs/zerolog"
	"gonum.org/v1/gonum/mat"

	"github.com/fusemoe/fusemoe/sdk"
)

const ptbxlFolder = "../../../shared/data/ptbxl"

// ptbxlRecord is a record of PTB-XL and what its annotators said.
type ptbxlRecord struct {
	path, patient string
	normal        bool
}

// ptbxl are the records of PTB-XL in shared, or none with a skipped test.
func ptbxl(t testing.TB) []ptbxlRecord {
	t.Helper()
	f, err := os.Open(filepath.Join(ptbxlFolder, "ptbxl_database.csv"))
	if errors.Is(err, fs.ErrNotExist) {
		t.Skip("../shared/data/ptbxl is not there")
	}
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	column := func(name string) int { return slices.Index(rows[0], name) }
	patient, codes, file := column("patient_id"), column("scp_codes"), column("filename_hr")
	var out []ptbxlRecord
	for _, row := range rows[1:] {
		out = append(out, ptbxlRecord{
			path:    filepath.Join(ptbxlFolder, row[file]+".hea"),
			patient: row[patient],
			normal:  strings.Contains(row[codes], "'NORM'"),
		})
	}
	return out
}

// samplesOf has one record a sample.
func samplesOf(records []ptbxlRecord) []sdk.Sample {
	samples := make([]sdk.Sample, len(records))
	for i, r := range records {
		samples[i].Items = []sdk.Item{{Path: r.path, MediaType: MediaType}}
	}
	return samples
}

// TestFeaturesTellNormalRecordsFromTheRest has features that are standardised as Fit does, on the training folds.
func TestFeaturesTellNormalRecordsFromTheRest(t *testing.T) {
	if testing.Short() {
		t.Skip("353 records take seconds")
	}
	records := ptbxl(t)
	e := New()
	if _, err := e.Configure(t.Context(), sdk.Config{}); err != nil {
		t.Fatal(err)
	}
	vectors := make([][]float64, len(records))
	for i, r := range e.readAll(t.Context(), samplesOf(records)) {
		if r.err != nil {
			t.Fatalf("%s: %v", records[i].path, r.err)
		}
		vectors[i] = r.prepared[0][0]
	}
	if len(vectors) != 353 {
		t.Errorf("%d records, not 353", len(vectors))
	}
	auroc := probe(records, vectors, 30)
	t.Logf("AUROC %.3f", auroc)
	if auroc < 0.80 {
		t.Errorf("AUROC %.3f, want 0.80", auroc)
	}
}

// TestTheAutoencoderLearnsPTBXL trains on all 353 records, without their labels, and asks how much it misses of
// those that were held back, and what a linear probe makes of its vectors. Its first epoch still predicts the mean.
func TestTheAutoencoderLearnsPTBXL(t *testing.T) {
	if testing.Short() {
		t.Skip("training takes a minute")
	}
	records := ptbxl(t)
	samples := samplesOf(records)
	e := New()
	settings := sdk.Config{JSON: []byte(`{"encoder": "autoencoder", "autoencoder": {"epochs": 30}}`), Seed: 1}
	if _, err := e.Configure(t.Context(), settings); err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	ctx := zerolog.New(&log).WithContext(t.Context())
	var err error
	settings.State, err = e.Fit(ctx, func(yield func(sdk.Sample, error) bool) {
		for _, s := range samples {
			if !yield(s, nil) {
				return
			}
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := e.Configure(t.Context(), settings); err != nil {
		t.Fatal(err)
	}
	sequences, err := e.EncodeBatch(t.Context(), samples)
	if err != nil {
		t.Fatal(err)
	}
	vectors := make([][]float64, len(records))
	for i, q := range sequences {
		for _, x := range q.Values[0] {
			vectors[i] = append(vectors[i], float64(x))
		}
	}
	mean, least := losses(t, log.Bytes())
	auroc := probe(records, vectors, 100)
	t.Logf("%d bytes of state; of records that were held back the mean misses %.3f, the network %.3f; AUROC %.3f",
		len(settings.State), mean, least, auroc)
	if least > 0.7*mean {
		t.Errorf("it misses %.3f of what it did not see, the mean %.3f", least, mean)
	}
	if auroc < 0.55 {
		t.Errorf("AUROC %.3f, want 0.55", auroc)
	}
}

// losses are the first and the least validation loss in a log.
func losses(t *testing.T, log []byte) (first, least float64) {
	t.Helper()
	for line := range bytes.Lines(log) {
		var fields struct {
			Loss *float64 `json:"val_loss"`
		}
		if err := json.Unmarshal(line, &fields); err != nil {
			t.Fatal(err)
		}
		switch {
		case fields.Loss == nil:
		case first == 0:
			first, least = *fields.Loss, *fields.Loss
		default:
			least = min(least, *fields.Loss)
		}
	}
	return first, least
}

// probe fits a logistic regression in five folds by patient, on vectors that are standardised on the training
// folds, and returns the AUROC of normal records.
func probe(records []ptbxlRecord, vectors [][]float64, penalty float64) float64 {
	const folds = 5
	fold, of := make([]int, len(records)), make(map[string]int)
	for i, r := range records {
		if _, ok := of[r.patient]; !ok {
			of[r.patient] = len(of) % folds
		}
		fold[i] = of[r.patient]
	}
	scores := make([]float64, len(records))
	for f := range folds {
		fitted := make([]moments, len(vectors[0]))
		for i, v := range vectors {
			for j := range fitted {
				if fold[i] != f {
					fitted[j].add(v[j])
				}
			}
		}
		s := &scaler{}
		for _, m := range fitted {
			s.mean, s.deviation = append(s.mean, m.mean), append(s.deviation, m.deviation())
		}
		var x [][]float32
		var y []bool
		for i, r := range records {
			if fold[i] != f {
				x, y = append(x, s.scale(vectors[i])), append(y, r.normal)
			}
		}
		w := logistic(x, y, penalty)
		for i := range records {
			if fold[i] == f {
				scores[i] = score(w, s.scale(vectors[i]))
			}
		}
	}
	return pairsInOrder(scores, records)
}

// pairsInOrder is the area under the ROC curve: the share of pairs of a normal and another record in which
// the normal one has the higher score.
func pairsInOrder(scores []float64, records []ptbxlRecord) float64 {
	right, pairs := 0.0, 0.0
	for i, a := range records {
		for j, b := range records {
			if a.normal && !b.normal {
				pairs++
				switch {
				case scores[i] > scores[j]:
					right++
				case scores[i] == scores[j]:
					right += 0.5
				}
			}
		}
	}
	return right / pairs
}

// logistic is a logistic regression by Newton's method, with a penalty on squared weights. The last weight
// is the intercept.
func logistic(x [][]float32, y []bool, penalty float64) []float64 {
	n := len(x[0]) + 1
	w := make([]float64, n)
	for range 8 {
		hessian, gradient := mat.NewSymDense(n, nil), mat.NewVecDense(n, nil)
		for j := range n - 1 {
			hessian.SetSym(j, j, penalty)
			gradient.SetVec(j, penalty*w[j])
		}
		for i, row := range x {
			p := 1 / (1 + math.Exp(-score(w, row)))
			v := mat.NewVecDense(n, nil)
			for j, value := range row {
				v.SetVec(j, float64(value))
			}
			v.SetVec(n-1, 1)
			hessian.SymRankOne(hessian, p*(1-p)+1e-9, v)
			target := 0.0
			if y[i] {
				target = 1
			}
			gradient.AddScaledVec(gradient, p-target, v)
		}
		var step mat.VecDense
		var c mat.Cholesky
		if !c.Factorize(hessian) || c.SolveVecTo(&step, gradient) != nil {
			panic("the Hessian is not positive definite")
		}
		for j := range w {
			w[j] -= step.AtVec(j)
		}
	}
	return w
}

func score(w []float64, x []float32) float64 {
	sum := w[len(x)]
	for j, v := range x {
		sum += w[j] * float64(v)
	}
	return sum
}
