package wordpiece_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"

	"github.com/fusemoe/fusemoe/plugins/internal/wordpiece"
)

const vocabulary = "testdata/bert-base-uncased/vocab.txt"

func load(t testing.TB, path string) *wordpiece.Tokenizer {
	t.Helper()
	tokenizer, err := wordpiece.Load(path)
	if err != nil {
		t.Fatal(err)
	}
	return tokenizer
}

func Example() {
	tokenizer, err := wordpiece.Load(vocabulary)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(tokenizer.Chunks("No pedal edema.", 510))
	fmt.Println(tokenizer.Chunks("No pedal edema.", 4))
	// Output:
	// [[101 2053 15749 3968 14545 1012 102]]
	// [[101 2053 15749 3968 14545 102] [101 1012 102]]
}

// TestPiecesAreThoseOfPython compares with what testdata/generate.py wrote.
func TestPiecesAreThoseOfPython(t *testing.T) {
	data, err := os.ReadFile("testdata/python.json")
	if err != nil {
		t.Fatal(err)
	}
	var python map[string][]struct {
		Text string
		IDs  []int64
	}
	if err := json.Unmarshal(data, &python); err != nil {
		t.Fatal(err)
	}
	for name, path := range map[string]string{"uncased": vocabulary, "cased": "testdata/cased.json"} {
		tokenizer := load(t, path)
		if len(python[name]) == 0 {
			t.Errorf("no cases of %s", name)
		}
		for _, c := range python[name] {
			got := tokenizer.Chunks(c.Text, 1000)
			if len(c.IDs) == tokenizer.Around() && len(got) == 0 {
				continue // no word
			}
			if len(got) != 1 || !slices.Equal(got[0], c.IDs) {
				t.Errorf("%s %q: got %v, want %v", name, c.Text, got, c.IDs)
			}
		}
	}
}

func TestChunksEndBetweenWords(t *testing.T) {
	tokenizer := load(t, vocabulary)
	data, err := os.ReadFile(vocabulary)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(string(data), "\n")
	rapid.Check(t, func(t *rapid.T) {
		text := strings.Join(rapid.SliceOf(rapid.SampledFrom([]string{
			"edema", "no", "bibasilar", "pneumothorax", ".", "[SEP]", "zzzzzzzzzzzz",
		})).Draw(t, "words"), " ")
		pieces := rapid.IntRange(1, 20).Draw(t, "pieces")
		var joined, want []int64
		for _, chunk := range tokenizer.Chunks(text, pieces) {
			inside := chunk[1 : len(chunk)-1]
			if len(inside) == 0 || len(inside) > pieces {
				t.Fatalf("a chunk of %d pieces", len(inside))
			}
			joined = append(joined, inside...)
		}
		for _, chunk := range tokenizer.Chunks(text, 10_000) {
			want = chunk[1 : len(chunk)-1]
		}
		if !slices.Equal(joined, want) {
			t.Fatalf("chunks of %v, the text has %v", joined, want)
		}
		// No word has more than 12 pieces.
		for _, chunk := range tokenizer.Chunks(text, 12+pieces) {
			if strings.HasPrefix(lines[chunk[1]], "##") {
				t.Fatal("a chunk begins within a word")
			}
		}
	})
}

func TestFilesThatCannotBeUsed(t *testing.T) {
	good, err := os.ReadFile("testdata/cased.json")
	if err != nil {
		t.Fatal(err)
	}
	replaced := func(old, new string) string {
		if !strings.Contains(string(good), old) {
			t.Fatalf("cased.json has no %s", old)
		}
		return strings.ReplaceAll(string(good), old, new)
	}
	for _, test := range []struct{ name, file, content, want string }{
		{"another vocabulary", "vocab.txt", "[PAD]\n[UNK]\nno\n", "a vocab.txt of BERT has"},
		{"no vocabulary", "vocab.txt", "", "a vocab.txt of BERT has"},
		{"no JSON", "tokenizer.json", "[PAD]", "it is no tokenizer.json"},
		{"of another type", "tokenizer.json", replaced(`"WordPiece"`, `"BPE"`), `of the type "BPE"; only WordPiece`},
		{"another normalizer", "tokenizer.json", replaced("BertNormalizer", "NFC"), "its normalizer is not BertNormalizer"},
		{"other words", "tokenizer.json", replaced("BertPreTokenizer", "ByteLevel"), "its pre_tokenizer is not"},
		{"another template", "tokenizer.json", replaced("TemplateProcessing", "ByteLevel"), `its post_processor is a "ByteLevel"`},
		{"no unknown", "tokenizer.json", replaced(`"unk_token": "<unk>"`, `"unk_token": "?"`), `lacks "?"`},
		{"a list for a vocabulary", "tokenizer.json", `{"model": {"type": "WordPiece", "vocab": []},
			"normalizer": {"type": "BertNormalizer"}, "pre_tokenizer": {"type": "BertPreTokenizer"}}`, "its vocabulary is not"},
		{"a number below 0", "tokenizer.json", replaced(`"no": 9`, `"no": -9`), "has the number -9"},
		{"whole words", "tokenizer.json", replaced(`"single_word": false`, `"single_word": true`), "wants to be found in a way"},
	} {
		t.Run(test.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), test.file)
			if err := os.WriteFile(path, []byte(test.content), 0o600); err != nil {
				t.Fatal(err)
			}
			if _, err := wordpiece.Load(path); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want %s", err, test.want)
			}
		})
	}
	if _, err := wordpiece.Load(t.TempDir() + "/none"); err == nil || strings.Contains(err.Error(), "none") {
		t.Errorf("got %v, want an error without the file's name", err)
	}
}

// FuzzParse checks that no tokenizer.json makes the parser panic, nor what it gives.
func FuzzParse(f *testing.F) {
	good, err := os.ReadFile("testdata/cased.json")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good, "no Ödem")
	f.Add([]byte(`{"model":{"type":"WordPiece","vocab":{"":1}},"normalizer":{"type":"BertNormalizer"}}`), "a")
	f.Fuzz(func(t *testing.T, data []byte, text string) {
		tokenizer, err := wordpiece.Parse(data)
		if err != nil {
			return
		}
		for _, chunk := range tokenizer.Chunks(text, 5) {
			if n := len(chunk) - tokenizer.Around(); n < 1 || n > 5 {
				t.Errorf("%d pieces", n)
			}
		}
	})
}

// FuzzChunks checks that any text has pieces of the vocabulary.
func FuzzChunks(f *testing.F) {
	tokenizer := load(f, vocabulary)
	f.Add("naïve [SEP] İ 中\x00\xff")
	f.Fuzz(func(t *testing.T, text string) {
		if !utf8.ValidString(text) {
			return // the plugin replaces it before
		}
		for _, chunk := range tokenizer.Chunks(text, 16) {
			for _, id := range chunk {
				if id < 0 || id >= 30522 {
					t.Errorf("piece %d", id)
				}
			}
		}
	})
}

// BenchmarkChunks cuts 40 kB, the length of a long stay's notes.
func BenchmarkChunks(b *testing.B) {
	tokenizer := load(b, vocabulary)
	text := strings.Repeat("Extubated; bibasilar opacities, SpO2 97%. ", 1000)
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		tokenizer.Chunks(text, 510)
	}
}
