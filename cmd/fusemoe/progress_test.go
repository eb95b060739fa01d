package main

import (
	"bytes"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rs/zerolog"
	"github.com/vbauerster/mpb/v8"
	"go.uber.org/goleak"
)

// safeBuffer may be written to by the goroutine that draws.
type safeBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *safeBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *safeBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

func TestLinesComeAtTenthsAndAtTheEnd(t *testing.T) {
	var out bytes.Buffer
	now := time.Unix(0, 0)
	l := &lines{log: zerolog.New(&out), err: &out, now: func() time.Time { return now }}
	m := l.Stage("encode vitals", 1000)
	for i := range 1000 {
		now = now.Add(20 * time.Millisecond)
		m.Add(1)
		if i == 500 {
			m.Note("half way")
		}
	}
	m.Done()
	got := strings.Split(strings.TrimSpace(out.String()), "\n")
	if len(got) != 10 {
		t.Fatalf("%d lines, want 9 tenths and the end:\n%s", len(got), out.String())
	}
	for at, want := range map[int]string{
		0: `{"level":"info","done":100,"of":1000,"rate":"50.0/s","left":"18s","message":"encode vitals"}`,
		9: `{"level":"info","done":1000,"of":1000,"rate":"50.0/s","took":"20s","news":"half way","message":"encode vitals: done"}`,
	} {
		if got[at] != want {
			t.Errorf("line %d\n got %s\nwant %s", at, got[at], want)
		}
	}
}

func TestQuickStagesHaveOneLine(t *testing.T) {
	var out bytes.Buffer
	now := time.Unix(0, 0)
	l := &lines{log: zerolog.New(&out), err: &out, now: func() time.Time { return now }}
	m := l.Stage("fit", 0)
	for range 10_000 {
		m.Add(1)
	}
	m.Done()
	if want := `{"level":"info","done":10000,"took":"0s","message":"fit: done"}` + "\n"; out.String() != want {
		t.Errorf("got %swant %s", out.String(), want)
	}
}

// mpb keeps written lines back until it draws: none may be lost when a bar ends or
// when all is over.
func TestBarsLoseNoLogLine(t *testing.T) {
	defer goleak.VerifyNone(t)
	var out safeBuffer
	b := newBars(&out, mpb.WithAutoRefresh())
	say := func(text string) {
		if _, err := b.Write([]byte(text + "\n")); err != nil {
			t.Errorf("Write(%q) = %v", text, err)
		}
	}
	say("before any bar")
	first, second, third := b.Stage("first", 10), b.Stage("second", 0), b.Stage("third", 9)
	first.Add(10)
	say("first is full")
	first.Done()
	first.Done() // once more does no harm
	second.Add(3)
	second.Note("3 so far")
	say("second is not done")
	third.Add(4)
	third.Done()
	b.close()
	say("after all")
	text := out.String()
	for _, want := range []string{
		"before any bar", "first is full", "second is not done", "after all", " 10/10", " 3 ", " 4/9", "3 so far",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("%q was not shown:\n%s", want, text)
		}
	}
}

func TestStateIsThatOfTheStageUnderWay(t *testing.T) {
	var out bytes.Buffer
	p := &progress{err: &out}
	if got := p.state(); got != "" {
		t.Errorf("before any stage: %q", got)
	}
	p.show(&lines{log: zerolog.Nop(), now: time.Now})
	m := p.Stage("train, seed 42", 80)
	m.Add(30)
	if got, want := p.state(), "train, seed 42 (30 of 80)"; got != want {
		t.Errorf("state = %q, want %q", got, want)
	}
	m.Done()
	if got, want := p.state(), "train, seed 42 (30 of 80)"; got != want {
		t.Errorf("after the stage was cut short: %q, want %q", got, want)
	}
	m = p.Stage("evaluate", 1)
	m.Add(1)
	m.Done()
	if got := p.state(); got != "" {
		t.Errorf("after a whole stage: %q", got)
	}
}

func TestPaceIsReadable(t *testing.T) {
	for _, c := range []struct {
		done, total int64
		took        time.Duration
		pace, left  string
	}{
		{0, 10, time.Second, "", ""},
		{5000, 10000, time.Second, "5000/s", "1s"},
		{30, 120, 10 * time.Second, "3.0/s", "30s"},
		{2, 8, 90 * time.Second, "45.0 s each", "4m30s"},
		{8, 8, time.Second, "8.0/s", ""},
	} {
		if got := pace(c.done, c.took); got != c.pace {
			t.Errorf("pace(%d in %v) = %q, want %q", c.done, c.took, got, c.pace)
		}
		if got := left(c.done, c.total, c.took); got != c.left {
			t.Errorf("left(%d of %d in %v) = %q, want %q", c.done, c.total, c.took, got, c.left)
		}
	}
}
