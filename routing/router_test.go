package routing_test

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/fusemoe/fusemoe/core/kernel"
	"github.com/fusemoe/fusemoe/core/kernel/kerneltest"
	"github.com/fusemoe/fusemoe/core/op"
	"github.com/fusemoe/fusemoe/routing"
)

var shape = routing.Shape{Modalities: 3, Steps: 4, Width: 5}

const samples = 6

func config(kind routing.Kind) routing.Config {
	return routing.Config{Kind: kind, Gate: kernel.Laplace, Unit: routing.Step, Experts: 8, TopK: 2, Hidden: 6}
}

// routed is what a router did with random tokens.
type routed struct {
	router  *routing.Router[float64]
	mixture []float64
	gates   [][]float64
	out     routing.Output
}

// route runs a fresh router once, as an evaluation.
func route(t require, c routing.Config, present []bool) routed {
	t.Helper()
	r, err := routing.New[float64](c, "router", shape, 1)
	if err != nil {
		t.Fatal(err)
	}
	return run(t, r, present)
}

// require is what testing.T and rapid.T have in common.
type require interface {
	Helper()
	Fatal(args ...any)
	Errorf(format string, args ...any)
}

func run(t require, r *routing.Router[float64], present []bool) routed {
	t.Helper()
	g := op.NewGraph[float64](nil)
	x, values := g.Input("x", shape.Modalities*samples*shape.Steps, shape.Width)
	copy(values, kerneltest.Random[float64](len(values), 1, 5))
	out := r.Apply(g, x, routing.Batch{Samples: samples, Present: present, Differentiate: true})
	if err := g.Compile(nil); err != nil {
		t.Fatal(err)
	}
	if err := g.Run(op.Step{}); err != nil {
		t.Fatal(err)
	}
	done := routed{router: r, mixture: slices.Clone(op.Value[float64](out.Mixture)), out: out}
	for _, d := range out.Decisions {
		done.gates = append(done.gates, slices.Clone(op.Value[float64](d.Gates)))
	}
	return done
}

func everything() []bool { return slices.Repeat([]bool{true}, shape.Modalities*samples) }

// TestGates draws configs and holds every row of gates to the definition: k experts,
// weights that sum to one.
func TestGates(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := config(rapid.SampledFrom([]routing.Kind{routing.Joint, routing.PerModality, routing.Disjoint}).Draw(t, "kind"))
		c.Gate = rapid.SampledFrom([]kernel.Gate{kernel.Softmax, kernel.Laplace, kernel.Gaussian}).Draw(t, "gate")
		c.Unit = rapid.SampledFrom([]routing.Unit{routing.Step, routing.Sample}).Draw(t, "unit")
		c.Experts = rapid.IntRange(3, 9).Draw(t, "experts")
		c.TopK = rapid.IntRange(1, c.Experts).Draw(t, "top-k")
		if c.Kind == routing.Disjoint {
			c.TopK = rapid.IntRange(1, c.Experts/shape.Modalities).Draw(t, "top-k of a pool")
		}
		r := route(t, c, everything())
		for i, d := range r.out.Decisions {
			for row := range slices.Chunk(r.gates[i], d.Experts) {
				checkRow(t, row, c.TopK)
			}
		}
	})
}

func checkRow(t require, row []float64, k int) {
	t.Helper()
	sum, chosen := 0.0, 0
	for _, g := range row {
		sum += g
		if g > 0 {
			chosen++
		}
	}
	if math.Abs(sum-1) > 1e-12 {
		t.Errorf("gates sum to %v", sum)
	}
	if chosen > k {
		t.Errorf("%d experts chosen, want at most %d", chosen, k)
	}
}

// TestDisjointPools divides experts that do not divide evenly.
func TestDisjointPools(t *testing.T) {
	r := route(t, config(routing.Disjoint), everything())
	var got [][2]int
	for _, d := range r.out.Decisions {
		got = append(got, [2]int{d.FirstExpert, d.Experts})
	}
	if want := [][2]int{{0, 3}, {3, 3}, {6, 2}}; !slices.Equal(got, want) {
		t.Errorf("pools (first, size) are %v, want %v", got, want)
	}
}

// TestMissingModality checks who is routed when a modality is missing from a sample:
// its indicator goes the per-modality way, but nothing of it goes to a disjoint pool.
func TestMissingModality(t *testing.T) {
	present := everything()
	const modality, sample = 1, 2
	present[modality*samples+sample] = false
	rows := func(gates []float64, experts int) []float64 { // of the missing modality and sample
		return gates[sample*shape.Steps*experts : (sample+1)*shape.Steps*experts]
	}
	t.Run("disjoint", func(t *testing.T) {
		r := route(t, config(routing.Disjoint), present)
		if got := rows(r.gates[modality], r.out.Decisions[modality].Experts); slices.Max(got) != 0 {
			t.Errorf("the missing modality is routed: %v", got)
		}
	})
	t.Run("per modality", func(t *testing.T) {
		c := config(routing.PerModality)
		r := route(t, c, present)
		group := len(r.gates[0]) / shape.Modalities
		if got := rows(r.gates[0][modality*group:], c.Experts); slices.Max(got) == 0 {
			t.Error("the indicator of the missing modality is not routed")
		}
	})
}

// TestMissingModalityIsNoLoad changes the tokens of a modality that is missing from a
// sample: no balance loss of a disjoint router may see them.
func TestMissingModalityIsNoLoad(t *testing.T) {
	c := config(routing.Disjoint)
	c.Noise, c.Experts = true, 9
	const modality, sample = 1, 2
	present := everything()
	present[modality*samples+sample] = false
	balance := func(token float64) (losses []float64) {
		r, err := routing.New[float64](c, "router", shape, 1)
		if err != nil {
			t.Fatal(err)
		}
		g := op.NewGraph[float64](nil)
		x, values := g.Input("x", shape.Modalities*samples*shape.Steps, shape.Width)
		copy(values, kerneltest.Random[float64](len(values), 1, 5))
		values[(modality*samples+sample)*shape.Steps*shape.Width] = token
		out := r.Apply(g, x, routing.Batch{Samples: samples, Present: present, Differentiate: true})
		if err := g.Compile(nil); err != nil {
			t.Fatal(err)
		}
		if err := g.Run(op.Step{Seed: 1, Training: true, Weight: 1}); err != nil {
			t.Fatal(err)
		}
		for _, loss := range out.Balance {
			losses = append(losses, op.Value[float64](loss)...)
		}
		return losses
	}
	near, far := balance(0), balance(50)
	if len(near) != 2*shape.Modalities || !slices.Equal(near, far) {
		t.Errorf("importance and load are %v, with other tokens of the missing modality %v", near, far)
	}
}

// TestMixtureIsTheWeightedSum computes Σ gate·expert(token) by hand for a
// per-modality router and compares.
func TestMixtureIsTheWeightedSum(t *testing.T) {
	c := config(routing.PerModality)
	r := route(t, c, everything())
	weights := map[string][]float64{}
	for _, p := range r.router.Parameters() {
		weights[p.Name] = p.Value
	}
	tokens := kerneltest.Random[float64](shape.Modalities*samples*shape.Steps*shape.Width, 1, 5)
	rows, out := samples*shape.Steps, shape.Modalities*shape.Width
	want := make([]float64, rows*out)
	for token := range shape.Modalities * rows {
		x := tokens[token*shape.Width : (token+1)*shape.Width]
		for e := range c.Experts {
			gate := r.gates[0][token*c.Experts+e]
			if gate == 0 {
				continue
			}
			for j, v := range expert(weights, e, x, c.Hidden, out) {
				want[token%rows*out+j] += gate * v
			}
		}
	}
	for i, w := range want {
		if math.Abs(r.mixture[i]-w) > 1e-12 {
			t.Fatalf("entry %d is %v, want %v", i, r.mixture[i], w)
		}
	}
}

// expert is W2·GELU(W1·x + b1) + b2.
func expert(weights map[string][]float64, e int, x []float64, hidden, out int) []float64 {
	w1, b1 := weights["router.expert.1.weight"], weights["router.expert.1.bias"]
	w2, b2 := weights["router.expert.2.weight"], weights["router.expert.2.bias"]
	y := slices.Clone(b2[e*out : (e+1)*out])
	for h := range hidden {
		sum := b1[e*hidden+h]
		for i, v := range x {
			sum += v * w1[(e*len(x)+i)*hidden+h]
		}
		active := sum * 0.5 * (1 + math.Erf(sum/math.Sqrt2))
		for j := range y {
			y[j] += active * w2[(e*hidden+h)*out+j]
		}
	}
	return y
}

// TestFreshGatesDiffer makes sure that no two gate vectors start equal: they would tie
// forever, and the entropy loss would have no gradient.
func TestFreshGatesDiffer(t *testing.T) {
	r, err := routing.New[float64](config(routing.PerModality), "router", shape, 1)
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, p := range r.Parameters() {
		if p.Name != "router.gate.weight" {
			continue
		}
		for w := range slices.Chunk(p.Value, shape.Width) {
			if key := fmt.Sprint(w); seen[key] {
				t.Errorf("two gate vectors are %v", w)
			} else {
				seen[key] = true
			}
		}
	}
	if len(seen) != shape.Modalities*config(routing.PerModality).Experts {
		t.Errorf("%d distinct gate vectors", len(seen))
	}
}

// ExampleConfig_Validate shows what a user is told about an impossible router.
func ExampleConfig_Validate() {
	c := routing.Config{
		Kind: routing.Disjoint, Gate: kernel.Laplace, Unit: routing.Step,
		Experts: 8, TopK: 3, Hidden: 64,
	}
	fmt.Println(c.Validate(4))
	// Output: routing: 8 experts divided among 4 modalities leave 2, fewer than top-k 3
}
