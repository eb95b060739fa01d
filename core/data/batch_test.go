package data_test

import (
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/fusemoe/fusemoe/core/data"
	"github.com/fusemoe/fusemoe/core/kernel"
	"github.com/fusemoe/fusemoe/sdk/modalitypb"
)

// pair is a dataset of two samples and what two plugins made of it.
func pair(t testing.TB) (*data.Dataset, []data.Encoded) {
	t.Helper()
	b := data.NewBuilder(ward())
	b.Sample(data.Sample{ID: "a", Labels: map[string][]float64{"death": {0}, "findings": {1, 0}}})
	b.Sample(data.Sample{ID: "b", Labels: map[string][]float64{"death": {1}, "findings": {0, 1}}})
	b.Row("labs", "a", 6, []string{"k"}, []float32{4})
	b.Text("notes", "b", 0, "admitted")
	d, err := b.Build()
	if err != nil {
		t.Fatal(err)
	}
	return d, []data.Encoded{
		{Name: "labs", Dim: 2, Measurements: true, Sequences: []data.Sequence{
			{Times: []float64{6, 12}, Values: []float32{9, 4, 140, 5}, Observed: []bool{false, true, true, true}}, {},
		}},
		{Name: "notes", Dim: 3, Sequences: []data.Sequence{
			{Times: []float64{0}, Values: []float32{1, 2, 3}}, {Times: []float64{18}, Values: []float32{4, 5, 6}},
		}},
	}
}

func TestBatch(t *testing.T) {
	d, encoded := pair(t)
	batcher, err := data.NewBatcher(d, encoded, []string{"findings", "death"})
	if err != nil {
		t.Fatal(err)
	}
	want := &data.Batch{
		Rows: []int{1, 0},
		Series: []kernel.Series[float32]{
			{Start: []int{0, 0, 2}, Times: []float32{0.25, 0.5}, Width: 2, Values: []float32{0, 4, 140, 5}, Observed: []float32{0, 1, 1, 1}},
			{Start: []int{0, 1, 2}, Times: []float32{0.75, 0}, Width: 3, Values: []float32{4, 5, 6, 1, 2, 3}},
		},
		Present: []bool{false, true, true, true},
		Labels:  [][]float32{{0, 1, 1, 0}, {1, 0}},
	}
	for range 2 { // the second time in used memory
		if diff := cmp.Diff(want, batcher.Batch(nil, []int{1, 0}), cmpopts.EquateEmpty()); diff != "" {
			t.Error(diff)
		}
		batcher.Batch(nil, []int{0, 0, 1})
	}
}

func TestBatchWithout(t *testing.T) {
	d, encoded := pair(t)
	batcher, err := data.NewBatcher(d, encoded, []string{"death"})
	if err != nil {
		t.Fatal(err)
	}
	rest := batcher.Without(func(_ int, modality string) bool { return modality == "notes" })
	// Sample 1 has notes alone, and keeps them.
	want := &data.Batch{
		Rows: []int{0, 1},
		Series: []kernel.Series[float32]{
			{Start: []int{0, 2, 2}, Times: []float32{0.25, 0.5}, Width: 2, Values: []float32{0, 4, 140, 5}, Observed: []float32{0, 1, 1, 1}},
			{Start: []int{0, 0, 1}, Times: []float32{0.75}, Width: 3, Values: []float32{4, 5, 6}},
		},
		Present: []bool{true, false, false, true},
		Labels:  [][]float32{{0, 1}},
	}
	if diff := cmp.Diff(want, rest.Batch(nil, []int{0, 1}), cmpopts.EquateEmpty()); diff != "" {
		t.Error(diff)
	}
	if all := batcher.Batch(nil, []int{0, 1}); !all.Present[2] {
		t.Error("the batcher itself has changed")
	}
}

func TestBatchIsTheSameOnAnyNumberOfWorkers(t *testing.T) {
	d, encoded := pair(t)
	encoded[0].Sequences[0].Values[0] = float32(math.NaN()) // what was not observed may be anything
	batches := func(pool *kernel.Pool) *data.Batch {
		batcher, err := data.NewBatcher(d, encoded, []string{"death"})
		if err != nil {
			t.Fatal(err)
		}
		return batcher.Batch(pool, []int{0, 1, 1, 0, 0, 0, 1, 0, 1})
	}
	want := batches(nil)
	for _, workers := range []int{2, 3, 8} {
		pool := kernel.NewPool(workers)
		if diff := cmp.Diff(want, batches(pool)); diff != "" {
			t.Errorf("%d workers: %s", workers, diff)
		}
		pool.Close()
	}
}

func TestBatchAllocatesNothingTwice(t *testing.T) {
	d, encoded := pair(t)
	batcher, err := data.NewBatcher(d, encoded, []string{"death"})
	if err != nil {
		t.Fatal(err)
	}
	pool := kernel.NewPool(2)
	defer pool.Close()
	rows := []int{0, 1, 1, 0, 0, 0, 1, 0, 1} // several chunks
	if n := testing.AllocsPerRun(10, func() { batcher.Batch(pool, rows) }); n > 0 {
		t.Errorf("%v allocations a batch", n)
	}
}

func TestBatcherRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		change func(e []data.Encoded)
		want   string
	}{
		"too few sequences":    {func(e []data.Encoded) { e[0].Sequences = e[0].Sequences[:1] }, "modality labs: 1 sequences for 2 samples"},
		"wrong width":          {func(e []data.Encoded) { e[1].Dim = 2 }, "modality notes: samples, row 1: 1 vectors do not have 2 numbers each"},
		"time after window":    {func(e []data.Encoded) { e[1].Sequences[1].Times[0] = 24 }, "modality notes: samples, row 2: a time of its sequence lies outside of the window of 24 hours"},
		"sample without any":   {func(e []data.Encoded) { e[1].Sequences[1] = data.Sequence{} }, "1 samples have no modality after encoding, the first is samples, row 2"},
		"too few observations": {func(e []data.Encoded) { e[0].Sequences[0].Observed = []bool{true} }, "modality labs: samples, row 1: 2 vectors do not have 2 numbers each"},
	} {
		d, encoded := pair(t)
		c.change(encoded)
		if _, err := data.NewBatcher(d, encoded, nil); err == nil || !strings.HasPrefix(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %s", name, err, c.want)
		}
	}
	d, encoded := pair(t)
	if _, err := data.NewBatcher(d, encoded, []string{"deaths"}); err == nil {
		t.Error("made batches of a task that is not there")
	}
}

func TestDecodeSequence(t *testing.T) {
	want := data.Sequence{Times: []float64{2, 2}, Values: []float32{1, 0, 3, 4}, Observed: []bool{true, false, true, true}}
	got, err := data.DecodeSequence(modalitypb.PackSequence(want.Times, want.Values, want.Observed), 2)
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("%v %s", err, diff)
	}
	got, err = data.DecodeSequence(&modalitypb.Sequence{}, 2)
	if diff := cmp.Diff(data.Sequence{}, got); diff != "" || err != nil {
		t.Errorf("missing: %v %s", err, diff)
	}
	if _, err := data.DecodeSequence(&modalitypb.Sequence{Length: 1}, 2); err == nil {
		t.Error("unpacked a sequence without its vectors")
	}
}
