package pca_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat"
	"pgregory.net/rapid"

	"github.com/fusemoe/fusemoe/plugins/cxr/internal/pca"
)

// correlated draws n vectors of width d that have few causes and some noise.
func correlated(seed uint64, n, d, causes int) [][]float32 {
	random := rand.New(rand.NewPCG(seed, 0))
	load := mat.NewDense(causes, d, nil)
	for c := range causes {
		for j := range d {
			load.Set(c, j, random.NormFloat64()/float64(c+1))
		}
	}
	all := make([][]float32, n)
	for i := range all {
		all[i] = make([]float32, d)
		for c := range causes {
			cause := random.NormFloat64()
			for j := range d {
				all[i][j] += float32(cause * load.At(c, j))
			}
		}
		for j := range d {
			all[i][j] += float32(10 + 0.1*random.NormFloat64())
		}
	}
	return all
}

func basis(vectors [][]float32, block, components int) pca.Basis {
	s := pca.NewSums(len(vectors[0]))
	for from := 0; from < len(vectors); from += block {
		s.Add(vectors[from:min(from+block, len(vectors))])
	}
	return s.Basis(components)
}

func TestComponentsAreThoseOfGonumOnStandardisedValues(t *testing.T) {
	const n, d, k = 300, 60, 5
	vectors := correlated(1, n, d, 4)
	x := mat.NewDense(n, d, nil)
	for j := range d {
		var column []float64
		for _, v := range vectors {
			column = append(column, float64(v[j]))
		}
		mean, variance := stat.PopMeanVariance(column, nil)
		floats.AddConst(-mean, column)
		floats.Scale(1/math.Sqrt(variance), column)
		x.SetCol(j, column)
	}
	var reference stat.PC
	if !reference.PrincipalComponents(x, nil) {
		t.Fatal("gonum finds none")
	}
	var want mat.Dense
	reference.VectorsTo(&want)
	variances := reference.VarsTo(nil)

	got := basis(vectors, 64, k)
	for c, v := range got.Components {
		if cosine := math.Abs(floats.Dot(v, mat.Col(nil, c, &want))); cosine < 0.9999 {
			t.Errorf("component %d has cosine %g with gonum's", c, cosine)
		}
		if share := got.Variances[c] / (variances[c] * (n - 1) / n); math.Abs(share-1) > 1e-4 {
			t.Errorf("component %d has %g of gonum's variance", c, share)
		}
	}
	if want := floats.Sum(variances[:k]) / floats.Sum(variances); math.Abs(got.Kept-want) > 1e-4 {
		t.Errorf("kept %g, want %g", got.Kept, want)
	}
}

func TestComponentsAreOrthonormalAndDescending(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := rapid.IntRange(1, 40).Draw(t, "width")
		k := rapid.IntRange(1, d).Draw(t, "components")
		n := rapid.IntRange(1, 60).Draw(t, "vectors")
		b := basis(correlated(rapid.Uint64().Draw(t, "seed"), n, d, 3), 7, k)
		for i, v := range b.Components {
			for j, w := range b.Components[:i+1] {
				want := 0.0
				if i == j {
					want = 1
				}
				if math.Abs(floats.Dot(v, w)-want) > 1e-9 {
					t.Fatalf("components %d and %d have product %g", i, j, floats.Dot(v, w))
				}
			}
			if i > 0 && b.Variances[i] > b.Variances[i-1] {
				t.Fatalf("variances %v", b.Variances)
			}
		}
	})
}

func TestBlocksDoNotMatter(t *testing.T) {
	vectors := correlated(2, 100, 20, 5)
	one, many := basis(vectors, 100, 3), basis(vectors, 9, 3)
	for c := range one.Components {
		if !floats.EqualApprox(one.Components[c], many.Components[c], 1e-6) {
			t.Errorf("component %d differs", c)
		}
	}
}

func TestTheSameVectorsGiveTheSameBits(t *testing.T) {
	vectors := correlated(3, 200, 70, 5)
	one, two := basis(vectors, 50, 10), basis(vectors, 50, 10)
	for c := range one.Components {
		if !floats.Equal(one.Components[c], two.Components[c]) {
			t.Errorf("component %d differs", c)
		}
	}
}

func TestAConstantValueHasNoPart(t *testing.T) {
	vectors := correlated(4, 50, 6, 2)
	for _, v := range vectors {
		v[2] = 0.1
	}
	b := basis(vectors, 8, 3)
	if b.Deviation[2] != 0 {
		t.Errorf("deviation %g", b.Deviation[2])
	}
	for c, v := range b.Components {
		if math.Abs(v[2]) > 1e-9 {
			t.Errorf("component %d gives it %g", c, v[2])
		}
	}
}
