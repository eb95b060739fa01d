package host

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rs/zerolog"
)

func TestLinesKeepTheirLevelAndFields(t *testing.T) {
	tests := []struct{ raw, want string }{
		{
			`{"level":"warn","channel":"hr","dropped":3,"message":"out of range"}`,
			`{"level":"warn","channel":"hr","dropped":3,"message":"out of range"}`,
		},
		{
			`{"@level":"error","@message":"no model","@timestamp":"2024-01-01","@module":"x","size":12345678901234567890}`,
			`{"level":"error","size":12345678901234567890,"message":"no model"}`,
		},
		{`{"level":"info","message":"m","plugin":"somebody else","time":1}`, `{"level":"info","message":"m"}`},
		{`{"level":"panic","message":"m"}`, `{"level":"error","message":"m"}`},
		{`loading weights`, `{"level":"info","message":"loading weights"}`},
		{`{"level":"info"}`, `{"level":"info","message":"{\"level\":\"info\"}"}`},
		{"a\x1b[31mb\tc\xff", `{"level":"info","message":"a [31mb c?"}`},
		{"  ", ""},
	}
	for _, test := range tests {
		t.Run(test.raw, func(t *testing.T) {
			var log bytes.Buffer
			o := output{log: zerolog.New(&log)}
			o.line(test.raw)
			if got := strings.TrimSpace(log.String()); got != test.want {
				t.Errorf("got  %s\nwant %s", got, test.want)
			}
		})
	}
}

func TestAnErrorShowsTheLastLinesOrTheBeginningOfAPanic(t *testing.T) {
	o := output{log: zerolog.Nop()}
	for i := range 30 {
		o.line(fmt.Sprint("line ", i))
	}
	if got := o.tail(); len(got) != lastLines || got[0] != "line 10" || got[lastLines-1] != "line 29" {
		t.Errorf("got %q", got)
	}
	o.line("panic: no such weight")
	for i := range 30 {
		o.line(fmt.Sprint("frame ", i))
	}
	if got := o.tail(); len(got) != lastLines || got[0] != "panic: no such weight" || got[1] != "frame 0" {
		t.Errorf("got %q", got)
	}
}

func TestLinesAreCutAndNotLost(t *testing.T) {
	long := strings.Repeat("x", 3*maxLine)
	var got []int
	eachLine(strings.NewReader("a\r\n"+long+"\nbb\n\nccc"), func(line string) { got = append(got, len(line)) })
	if want := []int{1, maxLine, 2, 0, 3}; !slices.Equal(got, want) {
		t.Errorf("lines of %v bytes, want %v", got, want)
	}
}

func TestTheHandshakeIsFoundAmongNoise(t *testing.T) {
	tests := []struct{ line, want string }{
		{"1|1|unix|/tmp/fusemoe-1/plugin-dir2/plugin3|grpc|", "1|1|unix|/tmp/fusemoe-1/plugin-dir2/plugin3|grpc|"},
		{"ready? 1|12|tcp|127.0.0.1:10000|grpc", "1|12|tcp|127.0.0.1:10000|grpc"},
		{"1|2|three", ""},
		{"a stray print", ""},
	}
	for _, test := range tests {
		if diff := cmp.Diff(test.want, handshake.FindString(test.line)); diff != "" {
			t.Errorf("%s: %s", test.line, diff)
		}
	}
}

// FuzzOutput checks that no line of a plugin breaks the log.
func FuzzOutput(f *testing.F) {
	f.Add(`{"@message": 5, "@level":"info"}`)
	f.Add(`{"level":"info","message":"m","a":{"b":[1,null]}}`)
	f.Add("\x1b[2J\xff")
	f.Fuzz(func(t *testing.T, raw string) {
		var log bytes.Buffer
		o := output{log: zerolog.New(&log)}
		o.line(raw)
		if strings.Count(log.String(), "\n") > 1 || strings.Contains(log.String(), "\x1b") {
			t.Errorf("logged as %q", log.String())
		}
	})
}

func TestLinesOfAPluginThatTheHostEndsAreForDebugging(t *testing.T) {
	var log bytes.Buffer
	o := &output{log: zerolog.New(&log)}
	o.end()
	o.line(`{"level":"error","message":"cannot listen"}`)
	o.line("goodbye")
	want := `{"level":"debug","message":"cannot listen"}` + "\n" + `{"level":"debug","message":"goodbye"}` + "\n"
	if log.String() != want {
		t.Errorf("got %s, want %s", log.String(), want)
	}
}
