package main

import (
	"io"
	"slices"
	"sync"
	"time"

	"github.com/rs/zerolog"

	"github.com/fusemoe/fusemoe/core"
)

// lines is the display where there is no terminal: a log line at each tenth of a
// stage, though not within a second of the last, and one at its end.
type lines struct {
	log zerolog.Logger
	err io.Writer
	now func() time.Time
}

// Stage begins a stage.
func (l *lines) Stage(name string, total int) core.Meter {
	now := l.now()
	return &line{lines: l, name: name, total: total, start: now, last: now}
}

// Write passes log lines on.
func (l *lines) Write(text []byte) (int, error) { return l.err.Write(text) }

func (l *lines) close() {}

// line is the progress of one stage.
type line struct {
	*lines
	name  string
	total int

	mu          sync.Mutex
	done, tenth int
	note        string
	start, last time.Time
}

// Add counts n steps.
func (m *line) Add(n int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.done += n
	if m.total <= 0 || m.done >= m.total {
		return // the last tenth is the end, which Done tells
	}
	tenth, now := 10*m.done/m.total, m.now()
	if tenth == m.tenth || now.Sub(m.last) < time.Second {
		return
	}
	m.tenth, m.last = tenth, now
	took := now.Sub(m.start)
	m.tell(m.name, "rate", pace(int64(m.done), took), "left", left(int64(m.done), int64(m.total), took))
}

// Note is shown with the next line.
func (m *line) Note(text string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.note = text
}

// Done tells how long the stage took.
func (m *line) Done() {
	m.mu.Lock()
	defer m.mu.Unlock()
	took := m.now().Sub(m.start)
	how := ": done"
	if m.done < m.total {
		how = ": ended"
	}
	m.tell(m.name+how, "rate", pace(int64(m.done), took), "took", short(took))
}

// tell logs a line with those fields that have something to say.
func (m *line) tell(message string, fields ...string) {
	e := m.log.Info()
	if m.done > 0 || m.total > 0 {
		e = e.Int("done", m.done)
	}
	if m.total > 0 {
		e = e.Int("of", m.total)
	}
	for pair := range slices.Chunk(append(fields, "news", m.note), 2) {
		if pair[1] != "" {
			e = e.Str(pair[0], pair[1])
		}
	}
	e.Msg(message)
}
