package notes_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/fusemoe/fusemoe/plugins/internal/onnx/onnxtest"
	"github.com/fusemoe/fusemoe/plugins/notes"
	"github.com/fusemoe/fusemoe/sdk"
	"github.com/fusemoe/fusemoe/sdk/sdktest"
)

const (
	networks   = "../internal/onnx/testdata/"
	vocabulary = "../internal/wordpiece/testdata/bert-base-uncased/vocab.txt"
)

// reading is a config for a network of the tests; more are further keys of onnx.
func reading(network, more string) string {
	return fmt.Sprintf(`{"encoder": "onnx", "last": 0, "onnx": {"model": %q, "tokenizer": %q%s}}`, network, vocabulary, more)
}

// TestVectorsAreThoseOfPython compares with what testdata/embed.py made of the same texts,
// with a small network and, where .ci/onnx has installed one, with MiniLM.
func TestVectorsAreThoseOfPython(t *testing.T) {
	onnxtest.Library(t)
	for _, test := range []struct{ name, network, python string }{
		{"small", networks + "text.onnx", "testdata/text.json"},
		{"small, of a fixed length", networks + "fixed.onnx", "testdata/text.json"},
		{"MiniLM", os.Getenv("MINILM_ONNX"), os.Getenv("MINILM_PYTHON")},
	} {
		t.Run(test.name, func(t *testing.T) {
			if test.network == "" {
				t.Skip("MINILM_ONNX names no network; .ci/onnx installs it and runs this test")
			}
			data, err := os.ReadFile(test.python)
			if err != nil {
				t.Fatal(err)
			}
			var python struct {
				Tokens int
				Cases  []struct {
					Text, Pooling string
					Chunks        int
					Vector        []float32
				}
			}
			if err := json.Unmarshal(data, &python); err != nil {
				t.Fatal(err)
			}
			for i, c := range python.Cases {
				m := fitted(t, reading(test.network, fmt.Sprintf(`, "pooling": %q, "tokens": %d`, c.Pooling, python.Tokens)))
				got := encode(t, m, written(float64(i), c.Text))
				if len(got.Values) != 1 || got.Times[0] != float64(i) {
					t.Fatalf("%d vectors of text %d", len(got.Values), i)
				}
				if diff := cmp.Diff(c.Vector, got.Values[0], cmpopts.EquateApprox(0, 1e-4)); diff != "" {
					t.Errorf("%s of %d chunks: %s", c.Pooling, c.Chunks, diff)
				}
			}
		})
	}
}

func TestANetworkConforms(t *testing.T) {
	onnxtest.Library(t)
	sdktest.Conform(t, sdktest.Case{
		New: func() sdk.Modality { return notes.New() }, Config: reading(networks+"text.onnx", `, "tokens": 8`), Samples: corpus,
	})
}

func TestNeitherThreadsNorBatchesChangeAVector(t *testing.T) {
	onnxtest.Library(t)
	var want []sdk.Sequence
	for _, threads := range []int{1, 3} {
		m := notes.New()
		c := sdk.Config{JSON: []byte(reading(networks+"text.onnx", `, "tokens": 3`)), Threads: threads}
		if _, err := m.Configure(t.Context(), c); err != nil {
			t.Fatal(err)
		}
		got, err := m.EncodeBatch(t.Context(), corpus)
		if err != nil {
			t.Fatal(err)
		}
		if want == nil {
			for _, s := range corpus {
				want = append(want, encode(t, m, s.Items...))
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%d threads: %s", threads, diff)
		}
	}
}

func TestNotesWithoutAWordGiveANetworkNothing(t *testing.T) {
	onnxtest.Library(t)
	m := fitted(t, reading(networks+"text.onnx", `, "tokens": 8`))
	if got := encode(t, m, written(0, "___"), written(1, "\u00e9tat"), written(2, "")); len(got.Times) != 1 || got.Times[0] != 1 {
		t.Errorf("times %v, want 1", got.Times)
	}
}

// beside is a folder with a copy of the network and of a vocabulary with so many pieces.
func beside(t *testing.T, pieces int) (network string) {
	t.Helper()
	dir := t.TempDir()
	for name, path := range map[string]string{"m.onnx": networks + "text.onnx", "vocab.txt": vocabulary} {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if name == "vocab.txt" {
			data = []byte(strings.Join(strings.SplitAfter(string(data), "\n")[:pieces], ""))
		}
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return filepath.Join(dir, "m.onnx")
}

func TestTheFingerprintIsThatOfNetworkAndTokenizer(t *testing.T) {
	onnxtest.Library(t)
	print := func(network string) string {
		m := notes.New()
		c := sdk.Config{JSON: fmt.Appendf(nil, `{"encoder": "onnx", "onnx": {"model": %q, "tokens": 8}}`, network)}
		if _, err := m.Configure(t.Context(), c); err != nil {
			t.Fatal(err)
		}
		return m.Fingerprint()
	}
	first, copied, otherVocabulary, otherNetwork := beside(t, 5000), beside(t, 5000), beside(t, 4000), beside(t, 5000)
	data, err := os.ReadFile(networks + "fixed.onnx")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(otherNetwork, data, 0o600); err != nil {
		t.Fatal(err)
	}
	want := print(first)
	if got := print(copied); got != want || got == "" {
		t.Errorf("a copy has the fingerprint %q, want %q", got, want)
	}
	for _, other := range []string{otherVocabulary, otherNetwork} {
		if print(other) == want {
			t.Errorf("%s has the same fingerprint", other)
		}
	}
	m := notes.New()
	if _, err := m.Configure(t.Context(), sdk.Config{}); err != nil || m.Fingerprint() != "" {
		t.Errorf("without a network: %q, %v", m.Fingerprint(), err)
	}
}

func TestNetworksThatCannotReadNotes(t *testing.T) {
	onnxtest.Library(t)
	for _, test := range []struct{ name, config, path, want string }{
		{"an image network", reading(networks+"image.onnx", ""), "onnx.model", "an input that no note has: input [any, 1, any, any]"},
		{"another output", reading(networks+"text.onnx", `, "output": "logits"`), "onnx.output", `no output "logits"`},
		{"the pooler's output for tokens", reading(networks+"text.onnx", `, "output": "pooler_output"`), "onnx.output", "the output has 2 dimensions"},
		{"more tokens than places", reading(networks+"text.onnx", ""), "onnx.tokens", "does not read a chunk of 510 tokens"},
		{"more tokens than the one length", reading(networks+"fixed.onnx", ""), "onnx.tokens", "the network takes 30 tokens, no more"},
		{"no such tokenizer", `{"encoder": "onnx", "onnx": {"model": "` + networks + `text.onnx", "tokenizer": "none.json"}}`, "onnx.tokenizer", "cannot use none.json: no such file"},
		{"no tokenizer", `{"encoder": "onnx", "onnx": {"model": "` + networks + `text.onnx"}}`, "onnx.tokenizer", "neither tokenizer.json nor vocab.txt"},
		{"a network for a tokenizer", `{"encoder": "onnx", "onnx": {"model": "` + networks + `text.onnx", "tokenizer": "` + networks + `text.onnx"}}`, "onnx.tokenizer", "a vocab.txt of BERT has"},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := notes.New().Configure(t.Context(), sdk.Config{JSON: []byte(test.config)})
			d, ok := errors.AsType[*sdk.Diagnostic](err)
			if !ok || d.Path != test.path || !strings.Contains(d.Summary, test.want) || d.Detail == "" {
				t.Errorf("got %v, want %s: %s", err, test.path, test.want)
			}
		})
	}
}

// BenchmarkNetwork reads notes of one full chunk each with MiniLM on all threads.
func BenchmarkNetwork(b *testing.B) {
	onnxtest.Library(b)
	network := os.Getenv("MINILM_ONNX")
	if network == "" {
		b.Skip("MINILM_ONNX names no network")
	}
	m := fitted(b, reading(network, ""))
	text := strings.Repeat("edema ", 255) // of two pieces
	samples := make([]sdk.Sample, 8)
	for i := range samples {
		samples[i].Items = []sdk.Item{written(0, text)}
	}
	read := 0
	for b.Loop() {
		if _, err := m.EncodeBatch(b.Context(), samples); err != nil {
			b.Fatal(err)
		}
		read += len(samples)
	}
	b.ReportMetric(float64(read)/b.Elapsed().Seconds(), "notes/s")
}
