package main

import (
	"io"
	"strings"
	"sync/atomic"
	"time"

	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"

	"github.com/fusemoe/fusemoe/core"
)

// bars is the display on a terminal: one bar a stage, log lines above them.
type bars struct {
	err  io.Writer
	mpb  *mpb.Progress
	open atomic.Int32
}

func newBars(stderr io.Writer) *bars {
	const barWidth = 24 // leaves room for the counters on a terminal of 80
	return &bars{err: stderr, mpb: mpb.New(mpb.WithOutput(stderr), mpb.WithWidth(barWidth))}
}

// Stage adds a bar.
func (b *bars) Stage(name string, total int) core.Meter {
	m := &bar{start: time.Now()}
	b.open.Add(1)
	m.Bar = b.mpb.AddBar(int64(total),
		mpb.PrependDecorators(decor.Name(name, decor.WCSyncSpaceR)),
		mpb.AppendDecorators(
			decor.CountersNoUnit("%d/%d", decor.WCSyncSpace),
			decor.Any(m.news)),
	)
	m.ended = func() { b.open.Add(-1) }
	return m
}

// Write puts log lines above the bars.
func (b *bars) Write(text []byte) (int, error) {
	if b.open.Load() > 0 {
		if n, err := b.mpb.Write(text); err == nil {
			return n, nil
		}
	}
	return b.err.Write(text)
}

func (b *bars) close() { b.mpb.Shutdown() }

// bar is one stage's.
type bar struct {
	*mpb.Bar
	start time.Time
	took  atomic.Int64
	note  atomic.Pointer[string]
	ended func()
}

// Add counts n steps.
func (m *bar) Add(n int) { m.IncrBy(n) }

// Note shows the latest news behind the bar.
func (m *bar) Note(text string) { m.note.Store(&text) }

// Done fills the bar.
func (m *bar) Done() {
	if m.took.CompareAndSwap(0, int64(time.Since(m.start))) {
		m.SetTotal(-1, true)
		m.Wait()
		m.ended()
	}
}

// news is what stands behind the counters.
func (m *bar) news(s decor.Statistics) string {
	took := time.Duration(m.took.Load())
	rest := ""
	if took == 0 {
		took = time.Since(m.start)
		rest = left(s.Current, s.Total, took)
	} else {
		rest = "in " + short(took)
	}
	parts := []string{"", pace(s.Current, took), rest}
	if note := m.note.Load(); note != nil {
		parts = append(parts, *note)
	}
	return strings.TrimRight(strings.Join(parts, "  "), " ")
}
