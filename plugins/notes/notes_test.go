package notes_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rs/zerolog"

	"github.com/fusemoe/fusemoe/plugins/notes"
	"github.com/fusemoe/fusemoe/sdk"
)

// Two notes become two vectors, at the times of the notes.
func Example() {
	ctx := context.Background()
	config := sdk.Config{JSON: []byte(`{"hash": {"width": 64}}`)}
	sample := sdk.Sample{Items: []sdk.Item{
		written(1.5, "Lungs clear. No pedal edema."),
		written(7, "IMPRESSION: new bibasilar opacities, small effusions."),
	}}

	m := notes.New()
	if _, err := m.Configure(ctx, config); err != nil {
		fmt.Println(err)
		return
	}
	state, err := m.Fit(ctx, each(sample))
	if err != nil {
		fmt.Println(err)
		return
	}
	config.State = state
	dim, err := m.Configure(ctx, config)
	if err != nil {
		fmt.Println(err)
		return
	}
	q, err := m.Encode(ctx, sample)
	fmt.Println(q.Times, len(q.Values[0]) == dim, err)
	// Output: [1.5 7] true <nil>
}

func TestConfigsThatCannotBeUsed(t *testing.T) {
	tests := []struct{ config, path, summary string }{
		{`{"encoder": "bert"}`, "encoder", `unknown value "bert"`},
		{`{"last": -1}`, "last", "-1 is no number of notes"},
		{`{"lsat": 3}`, "lsat", "unknown key, did you mean last?"},
		{`{"hash": {"width": 4}}`, "hash.width", "4 is out of range"},
		{`{"hash": {"width": 100000}}`, "hash.width", "100000 is out of range"},
		{`{"hash": {"words": 0}}`, "hash.words", "0 is out of range"},
		{`{"hash": {"characters": 2}}`, "hash.characters", "2 is out of range"},
		{`{"onnx": {"model": "m.onnx"}}`, "onnx", "is there, but the encoder is hash"},
		{`{"encoder": "onnx", "hash": {"width": 64}}`, "hash", "is there, but the encoder is onnx"},
		{`{"encoder": "onnx"}`, "onnx.model", "no network is named"},
		{`{"encoder": "onnx", "onnx": {"tokens": 511}}`, "onnx.tokens", "511 is out of range"},
		{`{"encoder": "onnx", "onnx": {"tokens": 0}}`, "onnx.tokens", "0 is out of range"},
		{`{"encoder": "onnx", "onnx": {"pooling": "last"}}`, "onnx.pooling", `unknown value "last"`},
		{`{"hash": {"widht": 64}}`, "hash.widht", "unknown key, did you mean width?"},
	}
	for _, test := range tests {
		t.Run(test.config, func(t *testing.T) {
			_, err := notes.New().Configure(t.Context(), sdk.Config{JSON: []byte(test.config)})
			d, ok := errors.AsType[*sdk.Diagnostic](err)
			if !ok || d.Path != test.path || d.Summary != test.summary {
				t.Errorf("got %v, want %s: %s", err, test.path, test.summary)
			}
		})
	}
}

// corpus is a training split of three patients.
var corpus = []sdk.Sample{
	{Items: []sdk.Item{written(0, "Lungs clear. No pedal edema, no rash."), written(1, "Extubated this morning, comfortable.")}},
	{Items: []sdk.Item{written(0, "Septic shock on norepinephrine, intubated.")}},
	{Items: []sdk.Item{written(0, "Chest radiograph: bibasilar opacities, small pleural effusions. No pneumothorax.")}},
}

func cosine(a, b []float32) float64 {
	var ab, aa, bb float64
	for i := range a {
		ab += float64(a[i]) * float64(b[i])
		aa += float64(a[i]) * float64(a[i])
		bb += float64(b[i]) * float64(b[i])
	}
	return ab / math.Sqrt(aa*bb)
}

func TestNotesOfTheSameWordsAreNearerThanOthers(t *testing.T) {
	m := fitted(t, `{}`, corpus...)
	q := encode(t, m,
		written(0, "Septic shock, intubated, on norepinephrine."),
		written(1, "Intubated for septic shock."),
		written(2, "Lungs clear, no edema."),
	)
	same, other := cosine(q.Values[0], q.Values[1]), cosine(q.Values[0], q.Values[2])
	if same < other+0.3 {
		t.Errorf("cosine %.2f of two notes about shock, %.2f of one and a note without", same, other)
	}
}

// The projection keeps lengths and angles: at width 4096 the cosine of two notes is that
// of their weights, which is 1/2 for two notes of two words of the same rarity with one
// in common.
func TestTheProjectionKeepsAngles(t *testing.T) {
	m := fitted(t, `{"hash": {"width": 4096, "words": 1, "characters": 0}}`, sdk.Sample{Items: []sdk.Item{
		written(0, "fever"), written(0, "rash"), written(0, "cough"),
	}})
	q := encode(t, m, written(0, "fever rash"), written(1, "fever cough"), written(2, "rash cough fever"))
	for _, test := range []struct {
		a, b int
		want float64
	}{{0, 1, 0.5}, {0, 2, math.Sqrt(2. / 3)}} {
		// 16 places for a word: two of them meet by chance in one place at most, mostly.
		if got := cosine(q.Values[test.a], q.Values[test.b]); math.Abs(got-test.want) > 0.1 {
			t.Errorf("cosine of notes %d and %d: %.3f, want %.3f", test.a, test.b, got, test.want)
		}
	}
}

func TestLastKeepsTheLatestNotesWithWords(t *testing.T) {
	m := fitted(t, `{"last": 2}`, corpus...)
	all := []sdk.Item{written(1, "rash"), written(2, "shock"), written(3, "effusions"), written(4, " ___ "), written(5, "")}
	if got := encode(t, m, all...); !slices.Equal(got.Times, []float64{2, 3}) {
		t.Errorf("times %v, want 2 and 3", got.Times)
	}
	m = fitted(t, `{"last": 0}`, corpus...)
	if got := encode(t, m, all...); !slices.Equal(got.Times, []float64{1, 2, 3}) {
		t.Errorf("times %v, want 1, 2 and 3", got.Times)
	}
}

func TestNotesWithoutKnownWordsGiveNothing(t *testing.T) {
	m := fitted(t, `{}`, corpus...)
	if got := encode(t, m, written(0, "xyzzy"), written(1, "[**Name**]"), written(2, "")); len(got.Times) != 0 {
		t.Errorf("%d vectors", len(got.Times))
	}
}

func TestANoteInAFileIsTheSame(t *testing.T) {
	path := filepath.Join(t.TempDir(), "note.txt")
	if err := os.WriteFile(path, []byte("Septic shock"), 0o600); err != nil {
		t.Fatal(err)
	}
	m := fitted(t, `{}`, corpus...)
	got := encode(t, m, sdk.Item{Time: 3, MediaType: "text/plain", Path: path})
	if diff := cmp.Diff(encode(t, m, written(3, "Septic shock")), got); diff != "" {
		t.Error(diff)
	}
}

func TestWhatIsNoTextIsAnErrorOfItsItem(t *testing.T) {
	m := fitted(t, `{}`, corpus...)
	secret := filepath.Join(t.TempDir(), "smith_john.txt")
	tests := []struct {
		name   string
		item   sdk.Item
		reason string
	}{
		{"no file", sdk.Item{Path: secret}, "no such file"},
		{"a folder", sdk.Item{Path: t.TempDir()}, "is a directory"},
		{"PDF", written(0, "%PDF-1.7 smith"), "it is PDF"},
		{"gzip", written(0, "\x1f\x8bsmith"), "compressed by gzip"},
		{"UTF-16", written(0, "\xff\xfes\x00m\x00"), "it is UTF-16"},
		{"binary", written(0, strings.Repeat("s\x00\x00\x00", 10)), "it is binary"},
		{"too large", written(0, strings.Repeat("smith ", 1<<20)), "at most 4194304 are allowed"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := m.Encode(t.Context(), sdk.Sample{Items: []sdk.Item{written(0, "rash"), test.item}})
			d, ok := errors.AsType[*sdk.Diagnostic](err)
			if !ok || d.Path != "items[1]" || !strings.Contains(d.Summary, test.reason) {
				t.Errorf("got %v, want %s", err, test.reason)
			}
			if strings.Contains(err.Error(), "smith") {
				t.Errorf("the error quotes the note or its file: %v", err)
			}
		})
	}
}

func TestDamagedNotesAreCountedOnceAndNotQuoted(t *testing.T) {
	m := fitted(t, `{}`, corpus...)
	m.Summarize(t.Context())
	encode(t, m, written(0, "caf\xe9 rash"), written(1, "shock"), written(2, "___"))
	var log bytes.Buffer
	ctx := zerolog.New(&log).WithContext(t.Context())
	m.Summarize(ctx)
	m.Summarize(ctx)
	want := `{"level":"info","notes":3,"not_utf8":1,"empty":1,` +
		`"message":"read notes; bytes that are not UTF-8 were replaced"}` + "\n"
	if log.String() != want {
		t.Errorf("got %q, want %q", log.String(), want)
	}
}

func TestFittingSkipsNotesThatCannotBeRead(t *testing.T) {
	broken := sdk.Sample{Items: []sdk.Item{written(0, "%PDF-")}}
	if got := encode(t, fitted(t, `{}`, append(corpus, broken)...), written(0, "rash")); len(got.Times) != 1 {
		t.Errorf("%d vectors", len(got.Times))
	}
}

func TestFittingWithoutAnyNoteIsADiagnostic(t *testing.T) {
	m := notes.New()
	if _, err := m.Configure(t.Context(), sdk.Config{}); err != nil {
		t.Fatal(err)
	}
	_, err := m.Fit(t.Context(), each(sdk.Sample{Items: []sdk.Item{written(0, "___")}}))
	if d, ok := errors.AsType[*sdk.Diagnostic](err); !ok || d.Summary != "no note with a word in the training split" {
		t.Errorf("got %v", err)
	}
}

func TestStateThatDoesNotBelongHereIsRefused(t *testing.T) {
	m := notes.New()
	if _, err := m.Configure(t.Context(), sdk.Config{}); err != nil {
		t.Fatal(err)
	}
	state, err := m.Fit(t.Context(), each(corpus...))
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct{ name, config, state string }{
		{"another width", `{"hash": {"width": 64}}`, string(state)},
		{"other terms", `{"hash": {"words": 1}}`, string(state)},
		{"another version", `{}`, `{"version": 99}`},
		{"no state", `{}`, `terms`},
		{"no terms", `{}`, strings.Replace(string(state), `"terms":"`, `"other":"`, 1)},
		{"fewer notes than terms are in", `{}`, strings.Replace(string(state), `"notes":4`, `"notes":0`, 1)},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := notes.New().Configure(t.Context(), sdk.Config{JSON: []byte(test.config), State: []byte(test.state)})
			if d, ok := errors.AsType[*sdk.Diagnostic](err); !ok || d.Detail != "fit the modality again" {
				t.Errorf("got %v", err)
			}
		})
	}
	if _, err := notes.New().Configure(t.Context(), sdk.Config{JSON: []byte(`{"last": 1}`), State: state}); err != nil {
		t.Errorf("the state does not depend on last: %v", err)
	}
}
