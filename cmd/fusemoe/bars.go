package main

import (
	"fmt"
	"io"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"

	"github.com/fusemoe/fusemoe/core"
)

// The columns of a line fit one terminal of 80 with the rate and the time left, and
// stay where they are from stage to stage.
const (
	nameWidth  = 25
	barWidth   = 16
	countWidth = 12
)

// bars is the display on a terminal: one bar a stage, log lines above them.
type bars struct {
	err io.Writer
	mpb *mpb.Progress

	// mu makes sure that what is written while there is a bar is drawn with it: mpb
	// keeps lines back until it draws, and forgets them when it ends.
	mu   sync.Mutex
	open map[*bar]bool
}

func newBars(stderr io.Writer, options ...mpb.ContainerOption) *bars {
	options = append(options, mpb.WithOutput(stderr), mpb.PopCompletedMode())
	return &bars{err: stderr, mpb: mpb.New(options...), open: map[*bar]bool{}}
}

// Stage adds a bar.
func (b *bars) Stage(name string, total int) core.Meter {
	m := &bar{bars: b, total: total, start: time.Now()}
	label := mpb.PrependDecorators(decor.Name(name, decor.WC{W: nameWidth, C: decor.DindentRight}))
	if total == 0 {
		m.mpb = b.mpb.AddSpinner(0, mpb.BarWidth(1), label, mpb.AppendDecorators(decor.Any(counted), decor.Any(m.news)))
	} else {
		m.mpb = b.mpb.AddBar(int64(total), mpb.BarWidth(barWidth), label,
			mpb.AppendDecorators(decor.CountersNoUnit(" %d/%d", decor.WC{W: countWidth}), decor.Any(m.news)))
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.open[m] = true
	return m
}

// counted is how far a stage of unknown length is, if it counts at all.
func counted(s decor.Statistics) string {
	if s.Current == 0 {
		return ""
	}
	return fmt.Sprintf(" %d", s.Current)
}

// Write puts log lines above the bars.
func (b *bars) Write(text []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.open) > 0 {
		return b.mpb.Write(text)
	}
	return b.err.Write(text)
}

// close leaves unfinished bars as they are.
func (b *bars) close() {
	b.mu.Lock()
	defer b.mu.Unlock()
	for m := range b.open {
		m.mpb.Abort(false)
		m.mpb.Wait()
	}
	clear(b.open)
	b.mpb.Shutdown()
}

// bar is one stage's.
type bar struct {
	bars  *bars
	mpb   *mpb.Bar
	total int
	start time.Time
	took  atomic.Int64
	note  atomic.Pointer[string]
}

// Add counts n steps.
func (m *bar) Add(n int) { m.mpb.IncrBy(n) }

// Note shows the latest news behind the bar.
func (m *bar) Note(text string) { m.note.Store(&text) }

// Done ends the bar: full, or as it is where a stage ends early.
func (m *bar) Done() {
	m.bars.mu.Lock()
	defer m.bars.mu.Unlock()
	if !m.bars.open[m] {
		return
	}
	m.took.Store(int64(time.Since(m.start)))
	if m.total == 0 {
		m.mpb.SetTotal(-1, true)
	} else {
		m.mpb.Abort(false) // which does nothing to a full one
	}
	m.mpb.Wait()
	delete(m.bars.open, m)
}

// news is what stands behind the counters.
func (m *bar) news(s decor.Statistics) string {
	took := time.Duration(m.took.Load())
	rest := ""
	if took == 0 {
		took = time.Since(m.start)
		if rest = left(s.Current, s.Total, took); rest != "" {
			rest += " left"
		}
	} else {
		rest = "in " + short(took)
	}
	parts := []string{pace(s.Current, took), rest}
	if note := m.note.Load(); note != nil {
		parts = append(parts, *note)
	}
	return strings.TrimRight("  "+strings.Join(parts, "  "), " ")
}
