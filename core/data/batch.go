package data

import (
	"fmt"
	"math"
	"slices"

	"github.com/fusemoe/fusemoe/core/kernel"
)

// Batch is some samples as the model takes them: M modalities, S samples.
type Batch struct {
	Rows    []int                    // [S] indices of the samples
	Series  []kernel.Series[float32] // [M] ragged, times divided by the window
	Present []bool                   // [M*S] modality major; false: the modality is missing
	Labels  [][]float32              // per task [S*columns], NaN unknown
}

// Batcher gathers batches from what the plugins made of a dataset. It keeps its
// memory: each batch is valid until the next.
type Batcher struct {
	window     float64
	modalities []Encoded
	columns    []int       // per task
	labels     [][]float32 // per task, of all samples
	batch      Batch
	copyAll    func(lo, hi int) // copies, kept so that a batch allocates nothing
}

// NewBatcher makes a Batcher for some tasks of a dataset. Every modality must have
// one sequence a sample, and every sample at least one modality.
func NewBatcher(d *Dataset, modalities []Encoded, tasks []string) (*Batcher, error) {
	b := &Batcher{window: d.Window, modalities: modalities}
	for _, name := range tasks {
		i, err := d.taskIndex(name)
		if err != nil {
			return nil, err
		}
		b.columns = append(b.columns, len(d.Tasks[i].Columns))
		b.labels = append(b.labels, d.labels[i])
	}
	for _, m := range modalities {
		if err := m.check(d); err != nil {
			return nil, fmt.Errorf("modality %s: %w", m.Name, err)
		}
	}
	if err := covered(d, modalities); err != nil {
		return nil, err
	}
	b.prepare()
	return b, nil
}

// prepare takes the memory of the batches that does not depend on the samples.
func (b *Batcher) prepare() {
	b.batch.Series = make([]kernel.Series[float32], len(b.modalities))
	b.batch.Labels = make([][]float32, len(b.columns))
	b.copyAll = b.copies
}

// check compares an encoded modality with its dataset.
func (m *Encoded) check(d *Dataset) error {
	if len(m.Sequences) != d.Len() {
		return fmt.Errorf("%d sequences for %d samples", len(m.Sequences), d.Len())
	}
	for i, s := range m.Sequences {
		n := len(s.Times)
		switch {
		case len(s.Values) != n*m.Dim || s.Observed != nil && len(s.Observed) != n*m.Dim:
			return fmt.Errorf("%s: %d vectors do not have %d numbers each", d.Where(i), n, m.Dim)
		case n > 0 && (s.Times[0] < 0 || s.Times[n-1] >= d.Window):
			return fmt.Errorf("%s: a time of its sequence lies outside of the window of %g %s", d.Where(i), d.Window, d.TimeUnit)
		}
	}
	return nil
}

// covered finds samples of which no plugin made anything.
func covered(d *Dataset, modalities []Encoded) error {
	first, count := -1, 0
	for i := range d.IDs {
		missing := true
		for _, m := range modalities {
			missing = missing && len(m.Sequences[i].Times) == 0
		}
		if missing {
			count++
			if first < 0 {
				first = i
			}
		}
	}
	if count == 0 {
		return nil
	}
	return fmt.Errorf("%d samples have no modality after encoding, the first is %s: "+
		"remove them, or widen what the modalities accept", count, d.Where(first))
}

// Without is a Batcher for samples from which modalities are taken away: it asks of
// every modality that sample row has whether it is hidden. What is left to a sample
// last stays, as one without any modality cannot be predicted.
func (b *Batcher) Without(hidden func(row int, modality string) bool) *Batcher {
	rest := &Batcher{window: b.window, modalities: slices.Clone(b.modalities), columns: b.columns, labels: b.labels}
	rest.prepare()
	has := make([]int, len(b.modalities[0].Sequences))
	for m := range rest.modalities {
		rest.modalities[m].Sequences = slices.Clone(b.modalities[m].Sequences)
		for row, s := range rest.modalities[m].Sequences {
			if len(s.Times) > 0 {
				has[row]++
			}
		}
	}
	for _, m := range rest.modalities {
		for row, s := range m.Sequences {
			if len(s.Times) > 0 && has[row] > 1 && hidden(row, m.Name) {
				m.Sequences[row] = Sequence{}
				has[row]--
			}
		}
	}
	return rest
}

// Batch gathers samples in the given order, on the pool, which may be nil.
func (b *Batcher) Batch(p *kernel.Pool, rows []int) *Batch {
	out := &b.batch
	out.Rows = append(out.Rows[:0], rows...)
	out.Present = out.Present[:0]
	for m := range b.modalities {
		b.measure(&out.Series[m], &b.modalities[m], rows)
		for s := range rows {
			out.Present = append(out.Present, out.Series[m].Start[s] < out.Series[m].Start[s+1])
		}
	}
	p.For(len(b.modalities)*len(rows), copiesGrain, b.copyAll)
	for t, columns := range b.columns {
		labels := out.Labels[t][:0]
		for _, i := range rows {
			labels = append(labels, b.labels[t][i*columns:(i+1)*columns]...)
		}
		out.Labels[t] = labels
	}
	return out
}

// copiesGrain is how many sequences one worker copies at a time: they lie apart in memory
// and take a microsecond or two each.
const copiesGrain = 8

// measure makes room for the sequences of some samples, one after another.
func (b *Batcher) measure(to *kernel.Series[float32], m *Encoded, rows []int) {
	to.Width, to.Start = m.Dim, append(to.Start[:0], 0)
	n := 0
	for _, i := range rows {
		n += len(m.Sequences[i].Times)
		to.Start = append(to.Start, n)
	}
	to.Times, to.Values = resize(to.Times, n), resize(to.Values, n*m.Dim)
	if m.Measurements {
		to.Observed = resize(to.Observed, n*m.Dim)
	}
}

// resize is s with n elements of any content.
func resize(s []float32, n int) []float32 { return slices.Grow(s[:0], n)[:n] }

// copies copies sequences lo to hi of the batch, counted modality by modality.
func (b *Batcher) copies(lo, hi int) {
	for i := lo; i < hi; i++ {
		m, sample := i/len(b.batch.Rows), i%len(b.batch.Rows)
		to, from := &b.batch.Series[m], &b.modalities[m].Sequences[b.batch.Rows[sample]]
		start, end := to.Start[sample], to.Start[sample+1]
		times := to.Times[start:end]
		for j, t := range from.Times {
			times[j] = float32(t / b.window)
		}
		values := to.Values[start*to.Width : end*to.Width]
		copy(values, from.Values)
		if b.modalities[m].Measurements {
			setFlags(to.Observed[start*to.Width:end*to.Width], values, from.Observed)
		}
	}
}

// setFlags sets 1 for every value that was observed and 0 for the others, and makes those
// others 0 as a Series wants them. It does not branch on what was observed, which no
// processor foresees.
func setFlags(flags, values []float32, observed []bool) {
	if observed == nil {
		for i := range flags {
			flags[i] = 1
		}
		return
	}
	values, observed = values[:len(flags)], observed[:len(flags)]
	for i, there := range observed {
		var bit uint32
		if there {
			bit = 1
		}
		flags[i] = float32(bit)
		values[i] = math.Float32frombits(math.Float32bits(values[i]) & -bit)
	}
}
