package notes_test

import (
	"math"
	"slices"
	"testing"

	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat"

	"github.com/fusemoe/fusemoe/sdk"
)

// TestHashPredictsDeathOnEICU holds the encoder hash to what it is for: from the notes,
// the physical examinations and the histories of the first day in intensive care, a
// linear model of the mean vector tells who will die in hospital about as well as one of
// all tf-idf weights (AUROC 0.656 by scikit-learn).
func TestHashPredictsDeathOnEICU(t *testing.T) {
	if testing.Short() {
		t.Skip("encodes the notes of 1,607 stays in each of five folds")
	}
	stays := readEICU(t)
	deaths := 0
	for _, s := range stays {
		deaths += s.died
	}
	if len(stays) != 1607 || deaths != 141 {
		t.Fatalf("%d stays and %d deaths; the README of the data counts 1607 and 141", len(stays), deaths)
	}
	var aurocs []float64
	for shuffle := range shuffles {
		assignFolds(stays, shuffle)
		for fold := range folds {
			aurocs = append(aurocs, auroc(predictFold(t, stays, fold)))
		}
	}
	got := stat.Mean(aurocs, nil)
	t.Logf("AUROC %.3f, by fold %.3f", got, aurocs)
	if got < 0.63 {
		t.Errorf("AUROC %.3f, want at least 0.63", got)
	}
}

// One shuffle of the patients alone moves the mean over its folds by 0.02 up or down:
// there are 28 deaths in a fold.
const (
	shuffles = 2
	folds    = 5
)

// eicuStay is a stay with the text of its first day and its outcome.
type eicuStay struct {
	patient string
	fold    int
	sample  sdk.Sample
	died    int
}

// predictFold trains on the other folds and returns a score and the outcome of each stay
// of this one.
func predictFold(t *testing.T, stays []eicuStay, fold int) (scores []float64, died []int) {
	var training []sdk.Sample
	for _, s := range stays {
		if s.fold != fold {
			training = append(training, s.sample)
		}
	}
	m := fitted(t, `{"last": 0}`, training...)
	var x, test [][]float64
	var y []float64
	for _, s := range stays {
		v := mean(encode(t, m, s.sample.Items...), 512)
		if s.fold != fold {
			x, y = append(x, v), append(y, float64(s.died))
		} else {
			test, died = append(test, v), append(died, s.died)
		}
	}
	standardize(x, test)
	w := logistic(x, y, 300)
	for _, v := range test {
		scores = append(scores, mat.Dot(mat.NewVecDense(len(v), v), w))
	}
	return scores, died
}

// BenchmarkHash tells how much text is encoded in a second, on one core.
func BenchmarkHash(b *testing.B) {
	var samples []sdk.Sample
	size := 0
	for _, s := range readEICU(b)[:200] {
		samples = append(samples, s.sample)
		for _, it := range s.sample.Items {
			size += len(it.Data)
		}
	}
	m := fitted(b, `{"last": 0}`, samples...)
	b.SetBytes(int64(size))
	for b.Loop() {
		for _, s := range samples {
			encode(b, m, s.Items...)
		}
	}
}

// mean is the mean vector of a sequence of that width, and whether there is any.
func mean(q sdk.Sequence, dim int) []float64 {
	x := make([]float64, dim+1)
	for _, v := range q.Values {
		x[dim] = 1
		for i := range v {
			x[i] += float64(v[i]) / float64(len(q.Values))
		}
	}
	return x
}

// standardize scales the features to mean 0 and deviation 1 in x, and those of test alike.
func standardize(x, test [][]float64) {
	for j := range x[0] {
		column := make([]float64, len(x))
		for i := range x {
			column[i] = x[i][j]
		}
		mu, sigma := stat.MeanStdDev(column, nil)
		for _, row := range slices.Concat(x, test) {
			row[j] = (row[j] - mu) / sigma
		}
	}
}

// logistic fits a logistic regression by Newton's method with an upper bound of the
// Hessian, which is inverted once (Böhning and Lindsay, "Monotonicity of quadratic
// approximation algorithms", 1988). ridge is the penalty on the squared weights.
func logistic(x [][]float64, y []float64, ridge float64) *mat.VecDense {
	n, d := len(x), len(x[0])
	data, outcome := mat.NewDense(n, d, slices.Concat(x...)), mat.NewVecDense(n, y)
	var bound mat.SymDense
	bound.SymOuterK(0.25, data.T())
	for j := range d {
		bound.SetSym(j, j, bound.At(j, j)+ridge)
	}
	var inverse mat.Cholesky
	if !inverse.Factorize(&bound) {
		panic("the bound is not positive definite")
	}
	p := stat.Mean(y, nil)
	intercept := math.Log(p / (1 - p))
	w := mat.NewVecDense(d, nil)
	for range 50 {
		var residual, gradient, step mat.VecDense
		residual.MulVec(data, w)
		for i := range n {
			residual.SetVec(i, 1/(1+math.Exp(-intercept-residual.AtVec(i))))
		}
		residual.SubVec(&residual, outcome)
		gradient.MulVec(data.T(), &residual)
		gradient.AddScaledVec(&gradient, ridge, w)
		if err := inverse.SolveVecTo(&step, &gradient); err != nil {
			panic(err)
		}
		w.SubVec(w, &step)
	}
	return w
}

// auroc is the chance that who died has a higher score than who did not.
func auroc(scores []float64, died []int) float64 {
	var above, pairs float64
	for i, a := range died {
		for j, b := range died {
			if a == 1 && b == 0 {
				pairs++
				switch {
				case scores[i] > scores[j]:
					above++
				case scores[i] == scores[j]:
					above += 0.5
				}
			}
		}
	}
	return above / pairs
}
