package notes

import (
	"strings"
	"testing"
	"unicode/utf8"
)

func TestClean(t *testing.T) {
	tests := []struct{ name, raw, want string }{
		{"plain", "No acute distress.", "No acute distress."},
		{"marks of MIMIC-III", "Seen by [**Name (NI) 12**] on [**2151-7-16**].", "Seen by   on  ."},
		{"marks of MIMIC-IV", "Mr. ___ was seen", "Mr.   was seen"},
		{"a mark that does not end", "[**oops, no edema", "[**oops, no edema"},
		{"two underscores are no mark", "vent__mode", "vent__mode"},
		{"header that held only marks", "Name:  ___   Unit No:   ___\nNo edema", "No edema"},
		{"header with a value", "Date of Birth:  ___   Sex:   F", "Date of Birth:      Sex:   F"},
		{"sentence that ends in a mark", "The patient was transferred to: ___", ""},
		{"long sentence that ends in a mark", "After a long stay in our unit the patient went to: ___", "After a long stay in our unit the patient went to:"},
		{"section header", "IMPRESSION:\nEffusion", "IMPRESSION:\nEffusion"},
		{"rulers and printed pages", "a\n______\n====\n(Over)\n\n\n\nb\n(Cont)", "a\n\nb"},
		{"line ends", "a\r\nb\rc", "a\nb\nc"},
		{"white space and control characters", "a\u00a0b\u2003c\x01d\te", "a b c d e"},
		{"no width", "\ufeffin\u00adfil\u200btrate", "infiltrate"},
		{"not UTF-8", "caf\xe9 \xff", "caf\ufffd \ufffd"},
		{"nothing", " \n\n", ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if got, _ := clean([]byte(test.raw)); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

func TestBytesThatAreNotUTF8AreCounted(t *testing.T) {
	for raw, want := range map[string]int{"caf\xc3\xa9 \ufffd": 0, "caf\xe9": 1, "\xff\xfe\xfd": 3, "\xe2\x82": 2} {
		if _, got := clean([]byte(raw)); got != want {
			t.Errorf("%q: %d, want %d", raw, got, want)
		}
	}
}

// counted are the hashes' entries of a text, and how often each is there.
func counted(text string, words, characters int) map[uint32]uint16 {
	out := make(map[uint32]uint16)
	newTerms(words, characters).count(text, func(entry uint32, n uint16) { out[entry] = n })
	return out
}

func TestTermsThatAreTheSame(t *testing.T) {
	tests := []struct{ name, a, b string }{
		{"small and capital letters", "EDEMA noted", "edema Noted"},
		{"other small letters", "ÉCG", "écg"},
		{"punctuation within a sentence", "no edema, no rash", "no edema - no rash"},
		{"numbers of two equal digits", "temperature 37.2", "temperature 37.4"},
		{"zeros after the point", "dose 5.0 mg", "dose 5 mg"},
		{"identifiers", "number 123456789", "number 987654321012"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			a, b := counted(test.a, 3, 4), counted(test.b, 3, 4)
			for entry, n := range a {
				if b[entry] != n {
					t.Fatalf("%q and %q differ", test.a, test.b)
				}
			}
			if len(a) != len(b) {
				t.Errorf("%d terms and %d", len(a), len(b))
			}
		})
	}
}

func TestNumbersOfDifferentSizeAreDifferentTerms(t *testing.T) {
	seen := make(map[uint32]string)
	for _, number := range []string{"0", "0.03", "0.3", "3", "3.1", "30", "37.2", "38", "300", "370", "3000000"} {
		for entry := range counted(number, 1, 0) {
			if other, ok := seen[entry]; ok {
				t.Errorf("%s is the same term as %s", number, other)
			}
			seen[entry] = number
		}
	}
	if len(seen) != 11 {
		t.Errorf("%d terms for 11 numbers", len(seen))
	}
}

func TestHowManyTerms(t *testing.T) {
	tests := []struct {
		name              string
		text              string
		words, characters int
		want              int
	}{
		{"words", "no pedal edema", 1, 0, 3},
		{"and pairs", "no pedal edema", 2, 0, 5},
		{"and triples", "no pedal edema", 3, 0, 6},
		{"not across sentences", "no pedal. edema", 3, 0, 4},
		{"not across paragraphs", "no pedal\n\nedema", 3, 0, 4},
		{"but across lines", "no pedal\nedema", 3, 0, 6},
		{"twice is once", "rash rash", 1, 0, 1},
		{"characters with the word's ends", "rash", 1, 4, 1 + 4 + 3},
		{"none of numbers", "1234", 1, 4, 1},
		{"a number in a word is no number", "t2dm", 1, 0, 1},
		{"no words", "... --- !", 3, 4, 0},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if got := len(counted(test.text, test.words, test.characters)); got != test.want {
				t.Errorf("%d terms, want %d", got, test.want)
			}
		})
	}
}

func TestNothingOfANoteIsLeftForTheNext(t *testing.T) {
	counter := newTerms(3, 4)
	counter.count("severe sepsis with shock", func(uint32, uint16) {})
	got := make(map[uint32]uint16)
	counter.count("rash", func(entry uint32, n uint16) { got[entry] = n })
	want := counted("rash", 3, 4)
	if len(got) != len(want) {
		t.Errorf("%d terms, want %d", len(got), len(want))
	}
}

// FuzzClean checks that any bytes become valid text without marks, and that cleaning and
// counting it ends well.
func FuzzClean(f *testing.F) {
	f.Add([]byte("Name: ___ Unit No: [**12**]\r\nT 37.2, caf\xe9\u200b t2dm 0.0.1"))
	f.Add([]byte("[**[**__]___**]\x00"))
	f.Add([]byte("\xe2\x82 1.2.3e5 é́ ́"))
	counter := newTerms(3, 4)
	f.Fuzz(func(t *testing.T, raw []byte) {
		text, replaced := clean(raw)
		if !utf8.ValidString(text) || strings.ContainsAny(text, mark+"\r") {
			t.Errorf("%q becomes %q", raw, text)
		}
		if (replaced == 0) != utf8.Valid(raw) {
			t.Errorf("%q: %d bytes replaced", raw, replaced)
		}
		counter.count(text, func(_ uint32, n uint16) {
			if n == 0 {
				t.Errorf("%q has a term that is not there", text)
			}
		})
	})
}
