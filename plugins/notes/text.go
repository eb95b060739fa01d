package notes

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// mark stands for a de-identification mark while a note is cleaned. Control characters
// of the note itself are gone by then.
const mark = "\x00"

// clean makes plain text of a note: valid UTF-8, one kind of line end and of space,
// without de-identification marks, without the header lines that only held them, and
// without the lines that a printer adds. replaced is the number of bytes that were no
// UTF-8.
func clean(raw []byte) (text string, replaced int) {
	text, replaced = decode(raw)
	text = unmark(text)
	var b strings.Builder
	b.Grow(len(text))
	blank := true // so far, or since the last line that was kept
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		switch {
		case line == "":
			if !blank {
				b.WriteByte('\n')
			}
			blank = true
		case !isHeader(line) && !isFurniture(line):
			b.WriteString(strings.ReplaceAll(line, mark, " "))
			b.WriteByte('\n')
			blank = false
		}
	}
	return strings.TrimSpace(b.String()), replaced
}

// decode returns the note as UTF-8, in which line ends are \n, other white space and
// control characters are spaces, and characters without width are left out.
func decode(raw []byte) (text string, replaced int) {
	out := make([]byte, 0, len(raw))
	for i := 0; i < len(raw); {
		c := raw[i]
		if c < utf8.RuneSelf {
			i++
			switch {
			case c == '\r' && i < len(raw) && raw[i] == '\n':
				continue
			case c == '\r':
				c = '\n'
			case c < ' ' && c != '\n' || c == '\x7f':
				c = ' '
			}
			out = append(out, c)
			continue
		}
		r, size := utf8.DecodeRune(raw[i:])
		i += size
		switch {
		case r == utf8.RuneError && size == 1:
			replaced++
		case unicode.IsSpace(r):
			r = ' '
		case r == '\u00ad' || unicode.Is(unicode.Cf, r): // soft hyphens, zero-width spaces, byte order marks
			continue
		}
		out = utf8.AppendRune(out, r)
	}
	return string(out), replaced
}

const (
	// longestMark bounds the search for the end of a mark that has lost it. The longest
	// marks of MIMIC-III have about 60 bytes.
	longestMark = 200
	// shortestBlank is how many underscores MIMIC-IV puts in place of what it hides.
	shortestBlank = 3
)

// unmark puts mark in place of [**…**] and ___, the de-identification marks of MIMIC-III
// and MIMIC-IV.
func unmark(text string) string {
	if !strings.Contains(text, "[**") && !strings.Contains(text, "___") {
		return text
	}
	var b strings.Builder
	b.Grow(len(text))
	for len(text) > 0 {
		i := strings.IndexAny(text, "[_")
		if i < 0 {
			break
		}
		b.WriteString(text[:i])
		text = text[i:]
		if n := markLength(text); n > 0 {
			b.WriteString(mark)
			text = text[n:]
			continue
		}
		b.WriteByte(text[0])
		text = text[1:]
	}
	b.WriteString(text)
	return b.String()
}

// markLength is the length of the mark that text begins with, or 0.
func markLength(text string) int {
	if strings.HasPrefix(text, "[**") {
		if end := strings.Index(text[:min(len(text), longestMark)], "**]"); end > 0 {
			return end + len("**]")
		}
		return 0
	}
	n := len(text) - len(strings.TrimLeft(text, "_"))
	if n < shortestBlank {
		return 0
	}
	return n
}

// longestLabel bounds what is taken for a label, in bytes: a sentence that ends in a
// colon is none.
const longestLabel = 40

// isHeader tells whether a line holds labels alone whose values were marks, such as
// "Name: ___ Unit No: ___".
func isHeader(line string) bool {
	fields := strings.Split(line, mark)
	last := len(fields) - 1
	if last == 0 || hasWord(fields[last]) {
		return false
	}
	for _, label := range fields[:last] {
		label = strings.TrimSpace(label)
		if hasWord(label) && (len(label) > longestLabel || !strings.HasSuffix(label, ":")) {
			return false
		}
	}
	return true
}

// isFurniture tells whether a line is a ruler, or says that a printed page goes on.
func isFurniture(line string) bool {
	switch strings.ToLower(line) {
	case "(over)", "(cont)", "(continued)":
		return true
	}
	return !hasWord(line)
}

func hasWord(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }) >= 0
}
