package wordpiece

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"unicode/utf8"
)

// maxFile is the largest tokenizer file, in bytes: ten times that of a vocabulary of all
// languages.
const maxFile = 64 << 20

// Load reads a tokenizer.json, or a vocab.txt with a piece in each line. Its errors say
// what is wrong with the file, without its name.
func Load(path string) (*Tokenizer, error) {
	info, err := os.Stat(path)
	if err == nil && info.Size() > maxFile {
		return nil, fmt.Errorf("it has %d bytes; at most %d are read", info.Size(), maxFile)
	}
	var data []byte
	if err == nil {
		data, err = os.ReadFile(path)
	}
	if err != nil {
		if e, ok := errors.AsType[*fs.PathError](err); ok {
			err = e.Err
		}
		return nil, err
	}
	parse := ParseVocabulary
	if filepath.Ext(path) == ".json" {
		parse = Parse
	}
	t, err := parse(data)
	if err != nil {
		return nil, err
	}
	digest := sha256.Sum256(data)
	t.fingerprint = hex.EncodeToString(digest[:])
	return t, nil
}

// ParseVocabulary reads a vocab.txt. Capital letters are kept if any of its pieces has one.
func ParseVocabulary(data []byte) (*Tokenizer, error) {
	vocabulary := make(map[string]int64)
	cased := false
	id := int64(0)
	for line := range strings.Lines(string(data)) {
		piece := strings.TrimRight(line, "\r\n")
		vocabulary[piece] = id
		id++
		cased = cased || !strings.HasPrefix(piece, "[") && strings.ToLower(piece) != piece
	}
	t := &Tokenizer{
		normalizer: normalizer{clean: true, ideograms: true, accents: !cased, lower: !cased},
		vocabulary: vocabulary, continuation: "##", longestWord: 100,
	}
	for _, piece := range []string{"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"} {
		if id, ok := vocabulary[piece]; ok {
			t.special = append(t.special, special{piece, id})
		}
	}
	for around, piece := range map[*[]int64]string{&t.begins: "[CLS]", &t.ends: "[SEP]"} {
		id, ok := vocabulary[piece]
		if !ok {
			return nil, fmt.Errorf("it has no line %s; a vocab.txt of BERT has", piece)
		}
		*around = []int64{id}
	}
	return t.complete("[UNK]")
}

// file is what a tokenizer.json says, as far as it matters.
type file struct {
	AddedTokens []struct {
		ID         int64  `json:"id"`
		Content    string `json:"content"`
		SingleWord bool   `json:"single_word"`
		Normalized bool   `json:"normalized"`
	} `json:"added_tokens"`
	Normalizer *struct {
		Type         string `json:"type"`
		CleanText    bool   `json:"clean_text"`
		Ideograms    bool   `json:"handle_chinese_chars"`
		StripAccents *bool  `json:"strip_accents"`
		Lowercase    bool   `json:"lowercase"`
	} `json:"normalizer"`
	PreTokenizer *struct {
		Type string `json:"type"`
	} `json:"pre_tokenizer"`
	PostProcessor *processor `json:"post_processor"`
	Model         struct {
		Type         string          `json:"type"`
		Unknown      string          `json:"unk_token"`
		Continuation string          `json:"continuing_subword_prefix"`
		LongestWord  int             `json:"max_input_chars_per_word"`
		Vocabulary   json.RawMessage `json:"vocab"`
	} `json:"model"`
}

// Parse reads a tokenizer.json of BERT's kind.
func Parse(data []byte) (*Tokenizer, error) {
	var f file
	if err := json.Unmarshal(data, &f); err != nil {
		return nil, fmt.Errorf("it is no tokenizer.json: %w", err)
	}
	switch {
	case f.Model.Type != "WordPiece":
		return nil, fmt.Errorf("it is a tokenizer of the type %q; only WordPiece, that of BERT, is known", f.Model.Type)
	case f.Normalizer == nil || f.Normalizer.Type != "BertNormalizer":
		return nil, errors.New("its normalizer is not BertNormalizer, the only one that is known")
	case f.PreTokenizer == nil || f.PreTokenizer.Type != "BertPreTokenizer":
		return nil, errors.New("its pre_tokenizer is not BertPreTokenizer, the only one that is known")
	}
	n := f.Normalizer
	t := &Tokenizer{
		normalizer:   normalizer{clean: n.CleanText, ideograms: n.Ideograms, accents: n.Lowercase, lower: n.Lowercase},
		continuation: f.Model.Continuation, longestWord: f.Model.LongestWord,
	}
	if n.StripAccents != nil {
		t.normalizer.accents = *n.StripAccents
	}
	if err := json.Unmarshal(f.Model.Vocabulary, &t.vocabulary); err != nil {
		return nil, errors.New("its vocabulary is not one of pieces and their numbers")
	}
	for _, a := range f.AddedTokens {
		if a.SingleWord || a.Normalized && t.normalizer.normalize(a.Content) != a.Content {
			return nil, fmt.Errorf("its added token %q wants to be found in a way that is not known", a.Content)
		}
		if a.Content != "" {
			t.special = append(t.special, special{a.Content, a.ID})
			t.vocabulary[a.Content] = a.ID
		}
	}
	var err error
	if t.begins, t.ends, err = f.PostProcessor.around(t.vocabulary); err != nil {
		return nil, err
	}
	return t.complete(f.Model.Unknown)
}

// complete checks the tokenizer and fills in what follows from the rest.
func (t *Tokenizer) complete(unknown string) (*Tokenizer, error) {
	id, ok := t.vocabulary[unknown]
	if !ok {
		return nil, fmt.Errorf("its vocabulary lacks %q, the piece for what is unknown", unknown)
	}
	if lowest := slices.Min(slices.Collect(maps.Values(t.vocabulary))); lowest < 0 {
		return nil, fmt.Errorf("its vocabulary has the number %d", lowest)
	}
	t.unknown, t.padding = id, t.vocabulary["[PAD]"]
	for _, s := range t.special {
		r, _ := utf8.DecodeRuneInString(s.text)
		t.opening += string(r)
	}
	for piece := range t.vocabulary {
		t.longestPiece = max(t.longestPiece, len(piece))
	}
	return t, nil
}
