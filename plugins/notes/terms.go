package notes

import (
	"unicode"
	"unicode/utf8"
)

const (
	maxWords      = 3 // of a term
	minCharacters = 3 // shorter ones are in every note
	maxCharacters = 8
	// longestWord bounds the terms that one word gives, in characters. What is longer
	// was not written by a person.
	longestWord = 40
	// longestNumber is that of numbers before their decimal point. Longer ones are
	// identifiers.
	longestNumber = 7
)

// Terms are hashed into two tables, one for words and one for characters, of tableSize
// each. The 10^5 or so terms that matter in a large set of notes then share few entries.
const (
	tableBits = 18
	tableSize = 1 << tableBits
	tables    = 2
)

// terms counts the terms of one note at a time. Terms are the sequences of up to Words
// words within a sentence, and the sequences of minCharacters to Characters characters
// within a word and its two boundaries.
type terms struct {
	words, characters int

	counts [tables * tableSize]uint16 // by entry; all 0 between two notes
	seen   []uint32                   // entries that are not 0

	word     []rune           // being read, in small letters, with its boundaries
	previous [maxWords]uint64 // hashes of the words before, the last one first
	sentence int              // how many of them are of this sentence
}

func newTerms(words, characters int) *terms {
	return &terms{words: words, characters: characters}
}

// count calls each with every term of the text and how often it is there.
func (t *terms) count(text string, each func(entry uint32, n uint16)) {
	t.read(text)
	for _, entry := range t.seen {
		each(entry, t.counts[entry])
		t.counts[entry] = 0
	}
	t.seen = t.seen[:0]
}

// read counts the terms of the text into t.counts.
func (t *terms) read(text string) {
	t.sentence = 0
	for i := 0; i < len(text); {
		r, size := rune(text[i]), 1
		if r >= utf8.RuneSelf {
			r, size = utf8.DecodeRuneInString(text[i:])
		}
		switch {
		case isDigit(r):
			if number, n := leadingNumber(text[i:]); n > 0 {
				t.add(number)
				i += n
				continue
			}
			i += t.readWord(text[i:])
		case isLetter(r):
			i += t.readWord(text[i:])
		default:
			if endsSentence(text[i:]) {
				t.sentence = 0
			}
			i += size
		}
	}
}

// endsSentence tells whether the text begins with what ends a sentence.
func endsSentence(text string) bool {
	switch text[0] {
	case '?', '!', ';':
		return true
	case '.':
		return len(text) == 1 || text[1] == ' ' || text[1] == '\n'
	case '\n':
		return len(text) > 1 && text[1] == '\n'
	}
	return false
}

// readWord counts the word that the text begins with and returns its length.
func (t *terms) readWord(text string) (length int) {
	t.word = append(t.word[:0], '<')
	h := wordSalt
	for length < len(text) {
		r, size := rune(text[length]), 1
		if r >= utf8.RuneSelf {
			r, size = utf8.DecodeRuneInString(text[length:])
		}
		if !isLetter(r) && !isDigit(r) {
			break
		}
		length += size
		r = lower(r)
		h = step(h, uint64(r))
		if len(t.word) <= longestWord {
			t.word = append(t.word, r)
		}
	}
	t.word = append(t.word, '>')
	t.add(h)
	t.addCharacters()
	return length
}

// add counts the word of that hash, and the sequences of words that it ends.
func (t *terms) add(word uint64) {
	h := word
	t.increment(0, h)
	for i := range min(t.sentence, t.words-1) {
		h = step(h, t.previous[i])
		t.increment(0, h)
	}
	copy(t.previous[1:], t.previous[:])
	t.previous[0] = word
	t.sentence = min(t.sentence+1, maxWords)
}

// addCharacters counts the sequences of characters of t.word.
func (t *terms) addCharacters() {
	for i := range t.word {
		h := characterSalt
		for n, r := range t.word[i:min(len(t.word), i+t.characters)] {
			h = step(h, uint64(r))
			if n+1 >= minCharacters {
				t.increment(1, h)
			}
		}
	}
}

func (t *terms) increment(table uint32, h uint64) {
	entry := table<<tableBits | uint32(mix(h)>>(64-tableBits))
	if t.counts[entry] == 0 {
		t.seen = append(t.seen, entry)
	}
	if t.counts[entry] < ^uint16(0) {
		t.counts[entry]++
	}
}

// leadingNumber is the hash of the number that the text begins with, and its length; 0 if
// it is part of a word. Numbers with the same first two digits and magnitude are the same
// term: 37.2 and 37.4, but not 38 or 3.7. Identifiers are all the same term.
func leadingNumber(text string) (h uint64, length int) {
	var first, digits, whole int // whole is how many digits are before the point, less leading zeros
	point := false
	for ; length < len(text); length++ {
		c := text[length]
		switch {
		case c >= '0' && c <= '9':
			if point && digits == 0 && c == '0' {
				whole--
			}
			if digits > 0 || c != '0' {
				digits++
				if digits <= 2 {
					first = first*10 + int(c-'0')
				}
				if !point {
					whole++
				}
			}
			continue
		case c == '.' && !point && length+1 < len(text) && text[length+1] >= '0' && text[length+1] <= '9':
			point = true
			continue
		}
		if r, _ := utf8.DecodeRuneInString(text[length:]); isLetter(r) {
			return 0, 0
		}
		break
	}
	if digits == 1 {
		first *= 10
	}
	if whole > longestNumber {
		first, whole = 0, longestNumber
	}
	return step(step(numberSalt, uint64(first)), uint64(whole)), length
}

// Salts keep terms of different kinds apart that would have the same hash.
const (
	wordSalt      = uint64(0x6a09e667f3bcc908)
	characterSalt = uint64(0xbb67ae8584caa73b)
	numberSalt    = uint64(0x3c6ef372fe94f82b)
)

// golden is 2^64 divided by the golden ratio: an odd number whose multiples spread well.
const golden = uint64(0x9e3779b97f4a7c15)

// step continues a hash.
func step(h, next uint64) uint64 {
	h = (h ^ next) * golden
	return h ^ h>>32
}

// mix spreads a hash over all 64 bits (the finalizer of SplitMix64: Steele, Lea and
// Flood, "Fast splittable pseudorandom number generators", 2014).
func mix(h uint64) uint64 {
	h = (h ^ h>>30) * 0xbf58476d1ce4e5b9
	h = (h ^ h>>27) * 0x94d049bb133111eb
	return h ^ h>>31
}

func isDigit(r rune) bool { return r >= '0' && r <= '9' }

func isLetter(r rune) bool {
	if r < utf8.RuneSelf {
		return r|0x20 >= 'a' && r|0x20 <= 'z'
	}
	return unicode.IsLetter(r) || unicode.IsMark(r) || unicode.IsNumber(r)
}

func lower(r rune) rune {
	if r < utf8.RuneSelf {
		if r >= 'A' && r <= 'Z' {
			r += 'a' - 'A'
		}
		return r
	}
	return unicode.ToLower(r)
}
