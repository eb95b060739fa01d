package autoencoder

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
)

// Options say how to train.
type Options struct {
	Epochs  int // at most
	Threads int
	Seed    uint64
	// Report, if there is one, is told after every batch how far training is.
	Report func(Progress)
}

// Progress is how far training is. A loss is the mean square of what the reconstruction misses, in units of
// each lead's variance: to predict the mean, 0 mV, loses 1.
type Progress struct {
	Epoch, Epochs int
	Windows, Of   int     // seen in this epoch
	Loss          float64 // on them
	// Of the end of an epoch only:
	Ended      bool
	Validation float64 // loss on the windows that were held back
	Best       bool    // it is the least so far
	Last       bool    // and what came since is no better
}

const (
	// batchSize is small, so that a few hundred records are many steps: on PTB-XL's 353 it takes hundreds until
	// a network reconstructs anything. A window has enough samples to normalise a batch by. Published were
	// 2,048, for 800,000 records.
	batchSize = 4
	// heldBack is one window in so many, by which training decides when to stop; as published.
	heldBack = 10
	// After patience epochs that do not improve the rate of learning is halved, after twice as many training
	// ends; as published.
	patience = 3
	// improvement is how much less the loss must be to count as less.
	improvement = 1e-4
	// firstRate is Adam's usual one.
	firstRate = 1e-3
)

// trainer is a network and what its training needs.
type trainer struct {
	Options
	set       *Set
	deviation []float64
	network   *network[float32]
	optimizer *adam[float32]
	random    *rand.Rand
	x, mask   *tensor[float32]
}

// Train fits an autoencoder to a set and returns its encoder, as it was after the epoch with the least loss on
// a tenth of the set that was held back. The same set, options and seed give the same encoder, to the bit, on
// any number of threads. It ends early only with the context's error.
func Train(ctx context.Context, set *Set, o Options) (*Encoder, error) {
	shape := set.shape
	if err := shape.check(); err != nil {
		return nil, fmt.Errorf("the shape %w", err)
	}
	if set.Len() == 0 {
		return nil, errors.New("there is nothing to learn from")
	}
	t := &trainer{
		Options: o, set: set, deviation: set.deviations(),
		network: newNetwork[float32](shape, o.Seed), random: rand.New(rand.NewPCG(o.Seed, 2)),
	}
	t.optimizer = newAdam(parameters(t.network.layers()))
	if err := t.train(ctx); err != nil {
		return nil, err
	}
	e := &Encoder{shape: shape, threads: threads(o.Threads), network: t.network, deviation: t.deviation}
	return e, e.standardise(ctx, set)
}

// train runs the epochs and leaves the best network.
func (t *trainer) train(ctx context.Context) error {
	learning, held := t.split()
	least, stagnant, rate := math.Inf(1), 0, firstRate
	var best [][]float32
	for epoch := 1; epoch <= t.Epochs && stagnant < 2*patience; epoch++ {
		loss, err := t.epoch(ctx, epoch, learning, rate)
		if err != nil {
			return err
		}
		validation, err := t.loss(ctx, held)
		if err != nil {
			return err
		}
		better := validation < least-improvement
		if stagnant++; better {
			least, stagnant, best = validation, 0, t.snapshot(best)
		} else if stagnant == patience {
			rate /= 2
		}
		t.report(Progress{
			Epoch: epoch, Windows: len(learning), Of: len(learning), Loss: loss, Ended: true, Validation: validation,
			Best: better, Last: epoch == t.Epochs || stagnant == 2*patience,
		})
	}
	if best == nil {
		return errors.New("training does not converge: the loss is not finite")
	}
	for i, values := range numbers(t.network.layers()) {
		copy(values, best[i])
	}
	return nil
}

func (t *trainer) report(p Progress) {
	if t.Report != nil {
		p.Epochs = t.Epochs
		t.Report(p)
	}
}

// split says which windows to learn from and which to hold back. Of too few none can be spared.
func (t *trainer) split() (learning, held []int) {
	all := t.random.Perm(t.set.Len())
	if n := len(all) / heldBack; n > 0 {
		return all[n:], all[:n]
	}
	return all, all
}

// snapshot copies all that the network has learned.
func (t *trainer) snapshot(into [][]float32) [][]float32 {
	all := numbers(t.network.layers())
	if into == nil {
		into = make([][]float32, len(all))
	}
	for i, values := range all {
		into[i] = append(into[i][:0], values...)
	}
	return into
}

// batches cuts windows into parts of about the same size.
func batches(windows []int) [][]int {
	n := (len(windows) + batchSize - 1) / batchSize
	out := make([][]int, n)
	for i := range out {
		out[i] = windows[i*len(windows)/n : (i+1)*len(windows)/n]
	}
	return out
}

// epoch learns once from every window, in random order, and returns the mean loss.
func (t *trainer) epoch(ctx context.Context, epoch int, windows []int, rate float64) (float64, error) {
	order := slices.Clone(windows)
	t.random.Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
	sum, seen := 0.0, 0
	for _, b := range batches(order) {
		p := pass{threads: threads(t.Threads), training: true, seed: t.random.Uint64()}
		dy, loss := t.errorOf(ctx, p, b)
		if dy != nil {
			t.network.backward(ctx, p, dy)
		}
		if ctx.Err() != nil {
			return 0, ctx.Err()
		}
		t.optimizer.step(p.threads, rate)
		sum += loss * float64(len(b))
		seen += len(b)
		t.report(Progress{Epoch: epoch, Windows: seen, Of: len(order), Loss: sum / float64(seen)})
	}
	return sum / float64(seen), nil
}

// loss is that of windows, without dropout.
func (t *trainer) loss(ctx context.Context, windows []int) (float64, error) {
	sum := 0.0
	for _, b := range batches(windows) {
		_, loss := t.errorOf(ctx, pass{threads: threads(t.Threads)}, b)
		if ctx.Err() != nil {
			return 0, ctx.Err()
		}
		sum += loss * float64(len(b))
	}
	return sum / float64(len(windows)), nil
}

// errorOf runs the network on windows, and returns the loss and its gradient.
func (t *trainer) errorOf(ctx context.Context, p pass, windows []int) (dy *tensor[float32], loss float64) {
	shape := t.set.shape
	t.x = reuse(t.x, shape.Leads, len(windows), shape.Length)
	t.mask = reuse(t.mask, shape.Leads, len(windows), shape.Length)
	var turn *rand.Rand
	if p.training { // so that it does not learn by heart where in a record the beats are
		turn = rand.New(rand.NewPCG(p.seed, math.MaxUint64))
	}
	t.set.fill(t.x, t.mask, windows, t.deviation, turn)
	y := forward(ctx, p, t.network.layers(), t.x)
	if y == nil {
		return nil, 0
	}
	return y, squaredError(y, t.x, t.mask)
}

// squaredError returns the mean square of y-x where mask is 1, and makes y its gradient.
func squaredError[F number](y, x, mask *tensor[F]) float64 {
	known, sum := 0.0, 0.0
	for _, m := range mask.data {
		known += float64(m)
	}
	known = max(known, 1)
	for i, v := range y.data {
		d := (v - x.data[i]) * mask.data[i]
		sum += float64(d) * float64(d)
		y.data[i] = F(2/known) * d
	}
	return sum / known
}

// standardise learns the mean and deviation of the numbers of a vector, from the windows of the set.
func (e *Encoder) standardise(ctx context.Context, set *Set) error {
	sums, squares := make([]float64, e.shape.Width), make([]float64, e.shape.Width)
	order := make([]int, set.Len())
	for i := range order {
		order[i] = i
	}
	for _, b := range batches(order) {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		x := newTensor[float32](e.shape.Leads, len(b), e.shape.Length)
		set.fill(x, newTensor[float32](e.shape.Leads, len(b), e.shape.Length), b, e.deviation, nil)
		for _, v := range e.encode(x) {
			for j, z := range v {
				sums[j] += float64(z)
				squares[j] += float64(z) * float64(z)
			}
		}
	}
	n := float64(set.Len())
	for j := range sums {
		mean := sums[j] / n
		deviation := math.Sqrt(max(0, squares[j]/n-mean*mean))
		if deviation < 1e-6 { // a number that is always the same stays so
			deviation = 1
		}
		e.center, e.spread = append(e.center, mean), append(e.spread, deviation)
	}
	return nil
}
