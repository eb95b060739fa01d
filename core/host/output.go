package host

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"slices"
	"strings"
	"sync"
	"unicode"

	"github.com/rs/zerolog"
)

const (
	// maxLine is where a line that a plugin writes is cut: longer ones are binary data
	// by mistake.
	maxLine = 64 << 10
	// lastLines is how many lines an Error shows: about what fits on a screen with the
	// rest of the message.
	lastLines = 20
)

// output carries what a plugin writes, line by line, into the log. Lines of zerolog and of
// hclog keep their level and fields; anything else is a message of level info. The
// lines are untrusted: whatever they contain, none does more than appear in the log.
type output struct {
	log zerolog.Logger

	mu      sync.Mutex
	last    []string
	inPanic bool
	ending  bool
}

// end makes debug lines of all that follows: what a plugin says of being ended by the
// host is no news.
func (o *output) end() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.ending = true
}

// at is the level at which a line of the given level is logged.
func (o *output) at(level zerolog.Level) zerolog.Level {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.ending {
		return min(level, zerolog.DebugLevel)
	}
	return level
}

// line logs one line and remembers it for an Error.
func (o *output) line(raw string) {
	if level, message, fields, ok := parseLogLine(raw); ok {
		if level >= zerolog.InfoLevel {
			o.remember(printable(message))
		}
		o.log.WithLevel(o.at(level)).Fields(fields).Msg(printable(message))
		return
	}
	text := printable(raw)
	if strings.TrimSpace(text) == "" {
		return
	}
	level := zerolog.InfoLevel
	if o.remember(text) {
		level = zerolog.ErrorLevel
	}
	o.log.WithLevel(o.at(level)).Msg(text)
}

// remember keeps the line for an Error and tells whether it is part of a panic. The
// beginning of a panic tells what happened; in all else it is the end.
func (o *output) remember(text string) (inPanic bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if !o.inPanic && isPanic(text) {
		o.inPanic, o.last = true, nil
	}
	if len(o.last) == lastLines {
		if o.inPanic {
			return true
		}
		o.last = slices.Delete(o.last, 0, 1)
	}
	o.last = append(o.last, text)
	return o.inPanic
}

func isPanic(text string) bool {
	return strings.HasPrefix(text, "panic: ") || strings.HasPrefix(text, "fatal error: ") ||
		strings.HasPrefix(text, "Traceback (most recent call last)")
}

func (o *output) tail() []string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return slices.Clone(o.last)
}

// Write takes what arrives over go-plugin's own stream, in pieces of lines at worst.
func (o *output) Write(p []byte) (int, error) {
	for text := range bytes.Lines(p) {
		o.line(strings.TrimRight(string(text), "\r\n"))
	}
	return len(p), nil
}

// parseLogLine reads a line of JSON as zerolog or hclog write it. Fields that the host's
// own log sets are left out.
func parseLogLine(raw string) (level zerolog.Level, message string, fields []any, ok bool) {
	if !strings.HasPrefix(raw, "{") {
		return 0, "", nil, false
	}
	d := json.NewDecoder(strings.NewReader(raw))
	d.UseNumber()
	var members map[string]any
	if d.Decode(&members) != nil || d.More() {
		return 0, "", nil, false
	}
	text := func(keys ...string) (string, bool) {
		for _, k := range keys {
			if s, ok := members[k].(string); ok {
				return s, true
			}
		}
		return "", false
	}
	name, hasLevel := text("level", "@level")
	message, hasMessage := text("message", "@message", "msg")
	level, err := zerolog.ParseLevel(strings.ToLower(name))
	if !hasLevel || !hasMessage || err != nil || level < zerolog.TraceLevel || level >= zerolog.NoLevel {
		return 0, "", nil, false
	}
	for _, key := range slices.Sorted(maps.Keys(members)) {
		switch key {
		case "level", "@level", "message", "@message", "msg", "time", "timestamp", "@timestamp", "@module", "plugin":
		default:
			fields = append(fields, printable(key), members[key])
		}
	}
	return min(level, zerolog.ErrorLevel), message, fields, true
}

// printable replaces what a terminal would take for a command.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if r == '\t' || !unicode.IsPrint(r) {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, "?"))
}

// eachLine calls line for every line of r until r ends. It cuts lines at maxLine.
func eachLine(r io.Reader, line func(string)) {
	b := bufio.NewReaderSize(r, maxLine)
	rest := false // of a line that was cut
	for {
		part, err := b.ReadSlice('\n')
		if !rest && len(part) > 0 {
			line(strings.TrimRight(string(part), "\r\n"))
		}
		rest = errors.Is(err, bufio.ErrBufferFull)
		if err != nil && !rest {
			return
		}
	}
}
