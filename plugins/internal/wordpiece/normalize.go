package wordpiece

import (
	"iter"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// normalizer prepares text as BERT does before it looks for pieces.
type normalizer struct {
	clean     bool // leave out control characters
	ideograms bool // a word each
	accents   bool // leave them out
	lower     bool // make letters small
}

// words ranges over the words of the text: what white space parts, and each punctuation
// character for itself.
func (n normalizer) words(text string) iter.Seq[string] {
	return func(yield func(string) bool) {
		text := n.normalize(text)
		start := 0
		for i := 0; i < len(text); {
			r, size := utf8.DecodeRuneInString(text[i:])
			space := unicode.IsSpace(r)
			if !space && !isPunctuation(r) {
				i += size
				continue
			}
			if start < i && !yield(text[start:i]) {
				return
			}
			if !space && !yield(text[i:i+size]) {
				return
			}
			i += size
			start = i
		}
		if start < len(text) {
			yield(text[start:])
		}
	}
}

func (n normalizer) normalize(text string) string {
	var b strings.Builder
	b.Grow(len(text))
	for _, r := range text {
		switch {
		case n.clean && isControl(r):
		case n.clean && unicode.IsSpace(r):
			b.WriteByte(' ')
		case n.ideograms && isIdeogram(r):
			b.WriteByte(' ')
			b.WriteRune(r)
			b.WriteByte(' ')
		default:
			b.WriteRune(r)
		}
	}
	text = b.String()
	if n.accents {
		text = withoutAccents(text)
	}
	if n.lower {
		text = lower(text)
	}
	return text
}

// withoutAccents leaves out the marks of the canonical decomposition.
func withoutAccents(text string) string {
	if isASCII(text) {
		return text
	}
	return strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Mn, r) {
			return -1
		}
		return r
	}, norm.NFD.String(text))
}

// lower makes each character small for itself: unlike strings.ToLower it is complete for
// the one that becomes two.
func lower(text string) string {
	if !strings.ContainsRune(text, dottedI) {
		return strings.ToLower(text)
	}
	return strings.ToLower(strings.ReplaceAll(text, string(dottedI), "i\u0307"))
}

// dottedI is a capital I with a dot above, which no single small letter is.
const dottedI = '\u0130'

func isASCII(text string) bool {
	for i := range len(text) {
		if text[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// isControl tells of characters that are left out: control, format and private ones but
// for white space, and what stands for bytes that are no text.
func isControl(r rune) bool {
	switch r {
	case '\t', '\n', '\r':
		return false
	case 0, utf8.RuneError:
		return true
	}
	return unicode.In(r, unicode.Cc, unicode.Cf, unicode.Co)
}

func isPunctuation(r rune) bool {
	if r < utf8.RuneSelf { // with the symbols, unlike Unicode
		return r > ' ' && r < 0x7f && (r < '0' || r > '9') && (r|0x20 < 'a' || r|0x20 > 'z')
	}
	return unicode.IsPunct(r)
}

// ideograms are the blocks that BERT takes for Chinese.
var ideograms = &unicode.RangeTable{
	R16: []unicode.Range16{{0x3400, 0x4dbf, 1}, {0x4e00, 0x9fff, 1}, {0xf900, 0xfaff, 1}},
	R32: []unicode.Range32{
		{0x20000, 0x2a6df, 1}, {0x2a700, 0x2b73f, 1}, {0x2b740, 0x2b81f, 1}, {0x2b920, 0x2ceaf, 1}, {0x2f800, 0x2fa1f, 1},
	},
}

func isIdeogram(r rune) bool { return unicode.Is(ideograms, r) }
