package autoencoder_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/fusemoe/fusemoe/plugins/ecg/internal/autoencoder"
)

var shape = autoencoder.Shape{Leads: 3, Length: 2 * autoencoder.Multiple, Width: 8}

// hearts are windows of beats whose rate, phase and height differ.
func hearts(n int, shape autoencoder.Shape) []autoencoder.Window {
	r := rand.New(rand.NewPCG(1, 2))
	out := make([]autoencoder.Window, n)
	for i := range out {
		beat, phase, height := 30+20*r.Float64(), r.Float64(), 0.5+r.Float64()
		out[i] = make(autoencoder.Window, shape.Leads)
		for lead := range out[i] {
			for j := range shape.Length {
				d := math.Mod(float64(j)/beat+phase, 1) - 0.5
				out[i][lead] = append(out[i][lead], height*float64(lead+1)*math.Exp(-d*d*100)+0.02*r.NormFloat64())
			}
		}
	}
	return out
}

func setOf(windows []autoencoder.Window, shape autoencoder.Shape) *autoencoder.Set {
	set := autoencoder.NewSet(shape, 1000, 1)
	for _, w := range windows {
		set.Add(w)
	}
	return set
}

func trained(t testing.TB, windows []autoencoder.Window, o autoencoder.Options) *autoencoder.Encoder {
	t.Helper()
	e, err := autoencoder.Train(t.Context(), setOf(windows, shape), o)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func TestItLearnsToReconstruct(t *testing.T) {
	var last autoencoder.Progress
	trained(t, hearts(200, shape), autoencoder.Options{Epochs: 40, Threads: 2, Seed: 1, Report: func(p autoencoder.Progress) {
		if p.Ended {
			last = p
		}
	}})
	if !last.Last || last.Epoch != 40 || last.Validation > 0.3 {
		t.Errorf("it ends with %+v", last)
	}
}

func TestTrainingEndsWhenItNoLongerHelps(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1)) // noise cannot be learned
	windows := hearts(40, shape)
	for _, w := range windows {
		for _, x := range w {
			for j := range x {
				x[j] = r.NormFloat64()
			}
		}
	}
	epochs, best := 0, 0
	trained(t, windows, autoencoder.Options{Epochs: 200, Threads: 2, Seed: 1, Report: func(p autoencoder.Progress) {
		if p.Ended {
			epochs++
			if p.Best {
				best = epochs
			}
			if p.Last != (epochs == best+6) {
				t.Errorf("epoch %d says %+v", epochs, p)
			}
		}
	}})
	if epochs != best+6 || epochs == 200 {
		t.Errorf("it ended after %d epochs, the best was %d", epochs, best)
	}
}

func TestTheSameSeedGivesTheSameBitsOnAnyNumberOfThreads(t *testing.T) {
	windows := hearts(70, shape)
	var states [][]byte
	for _, o := range []autoencoder.Options{
		{Epochs: 2, Threads: 1, Seed: 1}, {Epochs: 2, Threads: 3, Seed: 1}, {Epochs: 2, Threads: 1, Seed: 2},
	} {
		states = append(states, trained(t, windows, o).State().Weights)
	}
	if !bytes.Equal(states[0], states[1]) {
		t.Error("three threads give other weights than one")
	}
	if bytes.Equal(states[0], states[2]) {
		t.Error("another seed gives the same weights")
	}
}

func TestAWindowIsEncodedAloneAsInCompany(t *testing.T) {
	windows := hearts(70, shape)
	e := trained(t, windows, autoencoder.Options{Epochs: 1, Threads: 2, Seed: 1})
	together := e.Encode(windows)
	for i, w := range windows {
		if diff := cmp.Diff(together[i], e.Encode([]autoencoder.Window{w})[0]); diff != "" {
			t.Fatalf("window %d: %s", i, diff)
		}
	}
}

func TestVectorsHaveMeanZeroAndDeviationOne(t *testing.T) {
	windows := hearts(70, shape)
	e := trained(t, windows, autoencoder.Options{Epochs: 2, Threads: 2, Seed: 1})
	vectors := e.Encode(windows)
	for j := range shape.Width {
		var sum, squares float64
		for _, v := range vectors {
			sum += float64(v[j])
			squares += float64(v[j]) * float64(v[j])
		}
		// The set keeps whole microvolts, so that the windows are not quite those that were learned from.
		if n := float64(len(vectors)); math.Abs(sum/n) > 0.01 || math.Abs(squares/n-1) > 0.01 {
			t.Errorf("number %d has mean %g and mean square %g", j, sum/n, squares/n)
		}
	}
}

func TestWhatWasNotRecordedIsNotLearned(t *testing.T) {
	whole := hearts(70, shape)
	for _, w := range whole {
		w[2] = nil
		w[1] = w[1][:50]
	}
	var losses []float64
	trained(t, whole, autoencoder.Options{Epochs: 3, Threads: 2, Seed: 1, Report: func(p autoencoder.Progress) {
		losses = append(losses, p.Loss)
	}})
	for _, l := range losses {
		if math.IsNaN(l) || l > 5 {
			t.Fatalf("losses %v", losses)
		}
	}
}

func TestOfMoreWindowsThanItHoldsASetKeepsARandomPart(t *testing.T) {
	set := autoencoder.NewSet(shape, 10, 1)
	for _, w := range hearts(100, shape) {
		set.Add(w)
	}
	if set.Len() != 10 || set.Seen() != 100 {
		t.Errorf("it keeps %d of %d", set.Len(), set.Seen())
	}
}

func TestTrainingStopsWhenItIsCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	_, err := autoencoder.Train(ctx, setOf(hearts(70, shape), shape), autoencoder.Options{Epochs: 5, Threads: 2, Report: func(p autoencoder.Progress) {
		if p.Epoch == 2 {
			cancel()
		}
		if p.Epoch == 3 {
			t.Error("it goes on")
		}
	}})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func TestAnEncoderIsRestoredFromItsState(t *testing.T) {
	windows := hearts(20, shape)
	e := trained(t, windows, autoencoder.Options{Epochs: 1, Threads: 2, Seed: 1})
	again, err := autoencoder.Restore(e.State(), 1)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(e.Encode(windows), again.Encode(windows)); diff != "" {
		t.Error(diff)
	}
}

func TestAStateThatCannotBeUsedIsRefused(t *testing.T) {
	e := trained(t, hearts(20, shape), autoencoder.Options{Epochs: 1, Threads: 2})
	for _, test := range []struct {
		want   string
		change func(*autoencoder.State)
	}{
		{"of 0 leads, 128 samples and 8 numbers is out of bounds", func(s *autoencoder.State) { s.Shape.Leads = 0 }},
		{"of 3 leads, 128 samples and 1099511627776 numbers is out of bounds", func(s *autoencoder.State) { s.Shape.Width = 1 << 40 }},
		{"has 100 samples, no multiple of 64", func(s *autoencoder.State) { s.Shape.Length = 100 }},
		{"has scales of another shape", func(s *autoencoder.State) { s.Center = s.Center[1:] }},
		{"has a deviation that is not positive", func(s *autoencoder.State) { s.Spread[3] = 0 }},
		{"has weights that are no numbers", func(s *autoencoder.State) { copy(s.Weights, []byte{0, 0, 0xc0, 0x7f}) }},
		{
			fmt.Sprintf("has 4 bytes of weights, not %d", len(e.State().Weights)),
			func(s *autoencoder.State) { s.Weights = s.Weights[:4] },
		},
	} {
		t.Run(test.want, func(t *testing.T) {
			s := e.State()
			s.Spread = append([]float64(nil), s.Spread...)
			test.change(&s)
			if _, err := autoencoder.Restore(s, 1); err == nil || err.Error() != test.want {
				t.Errorf("got %v", err)
			}
		})
	}
}

// BenchmarkTrain learns from windows of twelve leads and ten seconds at 125 Hz.
func BenchmarkTrain(b *testing.B) {
	shape := autoencoder.Shape{Leads: 12, Length: 1216, Width: 256}
	set := setOf(hearts(128, shape), shape)
	for b.Loop() {
		if _, err := autoencoder.Train(b.Context(), set, autoencoder.Options{Epochs: 1, Threads: 2}); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N*set.Len())/b.Elapsed().Seconds(), "windows/s")
}
