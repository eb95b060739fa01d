// Package wordpiece cuts text into the word pieces of BERT-like networks: the same
// numbers that the Python library tokenizers gives.
package wordpiece

import (
	"strings"
	"unicode/utf8"
)

// Tokenizer knows the vocabulary of a network and how text is prepared for it. It may be
// used by several goroutines at once.
type Tokenizer struct {
	normalizer   normalizer
	vocabulary   map[string]int64
	unknown      int64
	continuation string // before a piece that does not begin a word
	longestWord  int    // in characters; what is longer is unknown
	longestPiece int    // of the vocabulary, in bytes

	// special are pieces that stand for themselves where text has them, such as [SEP].
	special []special
	opening string // the characters that they begin with
	// begins and ends stand around every chunk: [CLS] and [SEP].
	begins, ends []int64
	padding      int64
	fingerprint  string
}

// special is a piece that text is searched for before it is cut into words.
type special struct {
	text string
	id   int64
}

// Fingerprint is the SHA-256 of the file that Load read.
func (t *Tokenizer) Fingerprint() string { return t.fingerprint }

// Padding is the piece that fills up chunks of different lengths.
func (t *Tokenizer) Padding() int64 { return t.padding }

// Around is how many pieces stand around those of the text in every chunk.
func (t *Tokenizer) Around() int { return len(t.begins) + len(t.ends) }

// Longest is a chunk of so many pieces of text, of which one is the highest that there is:
// a network that can read it can read any.
func (t *Tokenizer) Longest(pieces int) []int64 {
	text := make([]int64, pieces)
	for _, id := range t.vocabulary {
		text[0] = max(text[0], id)
	}
	return t.chunk(text)
}

// Chunks cuts the text into chunks of at most so many pieces each, and those around it.
// A chunk ends between two words. Text without a word has none.
func (t *Tokenizer) Chunks(text string, pieces int) [][]int64 {
	ids, words := t.pieces(text)
	var chunks [][]int64
	for start := 0; start < len(ids); {
		end := min(start+pieces, len(ids))
		if end < len(ids) {
			// To the last word that begins in reach; a longer word is cut.
			for at := end; at > start; at-- {
				if words[at] {
					end = at
					break
				}
			}
		}
		chunks = append(chunks, t.chunk(ids[start:end]))
		start = end
	}
	return chunks
}

func (t *Tokenizer) chunk(text []int64) []int64 {
	c := make([]int64, 0, len(text)+t.Around())
	c = append(c, t.begins...)
	c = append(c, text...)
	return append(c, t.ends...)
}

// pieces are those of the text, and whether each begins a word.
func (t *Tokenizer) pieces(text string) (ids []int64, words []bool) {
	for text != "" {
		at, found := t.find(text)
		for word := range t.normalizer.words(text[:at]) {
			first := len(ids)
			ids = t.cut(ids, word)
			for range ids[first:] {
				words = append(words, len(words) == first)
			}
		}
		if found.text != "" {
			ids, words = append(ids, found.id), append(words, true)
		}
		text = text[at+len(found.text):]
	}
	return ids, words
}

// find is the first special piece in the text, the longest of those that begin there, or
// none at its end. It looks at every byte once, whatever the text.
func (t *Tokenizer) find(text string) (at int, found special) {
	for at < len(text) {
		i := strings.IndexAny(text[at:], t.opening)
		if i < 0 {
			break
		}
		at += i
		for _, s := range t.special {
			if len(s.text) > len(found.text) && strings.HasPrefix(text[at:], s.text) {
				found = s
			}
		}
		if found.text != "" {
			return at, found
		}
		_, size := utf8.DecodeRuneInString(text[at:])
		at += size
	}
	return len(text), special{}
}

// cut appends the pieces of a word: again and again the longest that the vocabulary has
// (Wu et al., "Google's neural machine translation system", 2016, as BERT does it).
func (t *Tokenizer) cut(ids []int64, word string) []int64 {
	if utf8.RuneCountInString(word) > t.longestWord {
		return append(ids, t.unknown)
	}
	first := len(ids)
	for start := 0; start < len(word); {
		prefix := ""
		if start > 0 {
			prefix = t.continuation
		}
		id, size := t.longest(prefix, word[start:])
		if size == 0 {
			return append(ids[:first], t.unknown)
		}
		ids = append(ids, id)
		start += size
	}
	return ids
}

// longest is the longest piece that the rest of a word begins with; size 0: none.
func (t *Tokenizer) longest(prefix, rest string) (id int64, size int) {
	end := min(len(rest), t.longestPiece)
	for end > 0 {
		if end == len(rest) || utf8.RuneStart(rest[end]) {
			if id, ok := t.vocabulary[prefix+rest[:end]]; ok {
				return id, end
			}
		}
		end--
	}
	return 0, 0
}
