package ecg_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rs/zerolog"

	"github.com/fusemoe/fusemoe/plugins/ecg"
	"github.com/fusemoe/fusemoe/sdk"
)

// fitted is an ECG that was fitted on the records of testdata, and its state.
func fitted(t testing.TB, more ...string) (*ecg.ECG, []byte) {
	t.Helper()
	e := configured(t, `{}`)
	var samples []sdk.Sample
	for _, p := range slices.Concat(paths(t), more) {
		samples = append(samples, sample(p))
	}
	state, err := e.Fit(t.Context(), each(samples...))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := e.Configure(t.Context(), sdk.Config{State: state}); err != nil {
		t.Fatal(err)
	}
	return e, state
}

func TestTheTrainingSplitHasMean0AndDeviation1(t *testing.T) {
	e, _ := fitted(t)
	q, err := e.Encode(t.Context(), sample(paths(t)...))
	if err != nil {
		t.Fatal(err)
	}
	for j, name := range e.Features() {
		var sum, squares float64
		for _, v := range q.Values {
			sum += float64(v[j])
			squares += float64(v[j]) * float64(v[j])
		}
		n := float64(len(q.Values))
		constant := strings.HasSuffix(name, ":present")
		if math.Abs(sum) > 1e-4 || !constant && squares > 0 && math.Abs(squares/n-1) > 0.5 {
			t.Errorf("%s has the sum %g and the mean square %g", name, sum, squares/n)
		}
	}
}

func TestABatchIsItsSamples(t *testing.T) {
	e, _ := fitted(t)
	var samples []sdk.Sample
	var want []sdk.Sequence
	for i, p := range paths(t) {
		s := sample(p, paths(t)[0])
		s.Items[1].Time += float64(i)
		q, err := e.Encode(t.Context(), s)
		if err != nil {
			t.Fatal(err)
		}
		samples, want = append(samples, s), append(want, q)
	}
	got, err := e.EncodeBatch(t.Context(), samples)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestRecordsThatCannotBeReadAreLeftOutOfFitting(t *testing.T) {
	_, want := fitted(t)
	_, got := fitted(t, "testdata/no-such-record.hea")
	if !bytes.Equal(want, got) {
		t.Error("another state")
	}
	_, err := configured(t, `{}`).Fit(t.Context(), each(sample("testdata/no-such-record.hea")))
	if d, ok := errors.AsType[*sdk.Diagnostic](err); !ok || d.Summary != "no record of the training split can be read" {
		t.Errorf("got %v", err)
	}
}

func TestFittingStopsWhenItIsCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := configured(t, `{}`).Fit(ctx, each(sample(paths(t)...))); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func TestStateOfAnotherConfigIsRefused(t *testing.T) {
	_, state := fitted(t)
	config, _, _ := strings.Cut(string(state), `"learned":`)
	for _, test := range []struct{ name, config, state string }{
		{"other seconds", `{"seconds": 5}`, string(state)},
		{"another version", `{}`, `{"version": 99}`},
		{"no state", `{}`, "mean"},
		{"no numbers", `{}`, config + `"learned":{}}`},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := ecg.New().Configure(t.Context(), sdk.Config{JSON: []byte(test.config), State: []byte(test.state)})
			if d, ok := errors.AsType[*sdk.Diagnostic](err); !ok || d.Detail != "fit the modality again" {
				t.Errorf("got %v", err)
			}
		})
	}
	same := sdk.Config{JSON: []byte(`{"mains": [50.0, 60], "seconds": 10}`), State: state}
	if _, err := ecg.New().Configure(t.Context(), same); err != nil {
		t.Errorf("the same config in other words: %v", err)
	}
}

const smallNetwork = `{"encoder": "autoencoder", "seconds": 4, "autoencoder": {"rate": 100, "width": 8, "epochs": 2}}`

func TestAnAutoencoderIsFittedSaysSoAndIsRestored(t *testing.T) {
	var samples []sdk.Sample
	for _, p := range paths(t) {
		samples = append(samples, sample(p, p))
	}
	var log bytes.Buffer
	ctx := zerolog.New(&log).WithContext(t.Context())
	e, settings := configured(t, smallNetwork), sdk.Config{JSON: []byte(smallNetwork)}
	if _, err := e.Encode(ctx, samples[0]); err == nil {
		t.Error("it encodes before it has learned")
	}
	var err error
	if settings.State, err = e.Fit(ctx, each(samples...)); err != nil {
		t.Fatal(err)
	}
	if said := strings.Count(log.String(), `"message":"trained the autoencoder"`); said != 2 {
		t.Errorf("of 2 epochs it says %d:\n%s", said, log.String())
	}
	dim, err := e.Configure(ctx, settings)
	if err != nil || dim != 8 || len(e.Features()) != 8 {
		t.Fatalf("%d numbers, %v", dim, err)
	}
	q, err := e.Encode(ctx, samples[1])
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(q.Values[0], q.Values[1]); diff != "" || slices.Max(q.Values[0]) == 0 {
		t.Errorf("the same record twice: %s", diff)
	}
	settings.JSON = []byte(`{}`)
	if _, err := e.Configure(ctx, settings); err == nil {
		t.Error("the features take the state of an autoencoder")
	}
}

func TestTheAutoencodersTrainingStopsWhenItIsCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	interrupted := zerolog.New(io.Discard).Hook(zerolog.HookFunc(func(_ *zerolog.Event, _ zerolog.Level, said string) {
		if strings.Contains(said, "autoencoder") {
			cancel() // after its first epoch
		}
	}))
	settings := strings.Replace(smallNetwork, `"epochs": 2`, `"epochs": 100000`, 1)
	_, err := configured(t, settings).Fit(interrupted.WithContext(ctx), each(sample(paths(t)...)))
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}
