package notes_test

import (
	"context"
	"iter"

	"github.com/fusemoe/fusemoe/plugins/notes"
	"github.com/fusemoe/fusemoe/sdk"
)

func each(samples ...sdk.Sample) iter.Seq2[sdk.Sample, error] {
	return func(yield func(sdk.Sample, error) bool) {
		for _, s := range samples {
			if !yield(s, nil) {
				return
			}
		}
	}
}

// test is what testing.TB and rapid.T have in common.
type test interface {
	Helper()
	Fatal(args ...any)
}

// fitted is a Notes with that config, fitted on the samples.
func fitted(t test, config string, samples ...sdk.Sample) *notes.Notes {
	t.Helper()
	m, c := notes.New(), sdk.Config{JSON: []byte(config)}
	if _, err := m.Configure(context.Background(), c); err != nil {
		t.Fatal(err)
	}
	state, err := m.Fit(context.Background(), each(samples...))
	if err != nil {
		t.Fatal(err)
	}
	c.State = state
	if _, err := m.Configure(context.Background(), c); err != nil {
		t.Fatal(err)
	}
	return m
}

func encode(t test, m *notes.Notes, items ...sdk.Item) sdk.Sequence {
	t.Helper()
	q, err := m.Encode(context.Background(), sdk.Sample{Items: items})
	if err != nil {
		t.Fatal(err)
	}
	return q
}

// written is a note of that time.
func written(time float64, text string) sdk.Item {
	return sdk.Item{Time: time, MediaType: "text/plain", Data: []byte(text)}
}
