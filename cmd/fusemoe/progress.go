package main

import (
	"fmt"
	"io"
	"slices"
	"sync"
	"time"

	"github.com/fusemoe/fusemoe/core"
)

// progress passes what the library tells of its work on to a display, and remembers
// the stage for the line that an interruption leaves. It is a core.Progress. Before
// there is a display it passes on text alone.
type progress struct {
	err io.Writer

	mu      sync.Mutex
	display display
	open    []*meter
	// short is the stage that has ended last, if it ended before its end.
	short *meter
}

// display shows stages and takes log lines.
type display interface {
	core.Progress
	io.Writer
	close()
}

func (p *progress) show(d display) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.display = d
}

func (p *progress) shown() display {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.display
}

// Stage begins a stage.
func (p *progress) Stage(name string, total int) core.Meter {
	m := &meter{Meter: p.shown().Stage(name, total), progress: p, name: name, total: total}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.open, p.short = append(p.open, m), nil
	return m
}

// Write shows text, whole lines, above what the display draws.
func (p *progress) Write(b []byte) (int, error) {
	if d := p.shown(); d != nil {
		return d.Write(b)
	}
	return p.err.Write(b)
}

// state says where the stage is that began last and has not come to its end, or
// nothing.
func (p *progress) state() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	m := p.short
	if len(p.open) > 0 {
		m = p.open[len(p.open)-1]
	}
	switch {
	case m == nil:
		return ""
	case m.total == 0:
		return m.name
	}
	return fmt.Sprintf("%s (%d of %d)", m.name, m.done, m.total)
}

// close leaves the terminal as it was.
func (p *progress) close() {
	if d := p.shown(); d != nil {
		d.close()
	}
}

// meter counts what it passes on.
type meter struct {
	core.Meter
	progress    *progress
	name        string
	done, total int
}

// Add counts n steps.
func (m *meter) Add(n int) {
	m.progress.mu.Lock()
	m.done += n
	m.progress.mu.Unlock()
	m.Meter.Add(n)
}

// Done ends the stage.
func (m *meter) Done() {
	m.progress.mu.Lock()
	if m.done < max(m.total, 1) {
		m.progress.short = m
	}
	m.progress.open = slices.DeleteFunc(m.progress.open, func(o *meter) bool { return o == m })
	m.progress.mu.Unlock()
	m.Meter.Done()
}

// pace is a rate as people read it.
func pace(done int64, took time.Duration) string {
	if done == 0 || took <= 0 {
		return ""
	}
	rate := float64(done) / took.Seconds()
	switch {
	case rate >= 100:
		return fmt.Sprintf("%.0f/s", rate)
	case rate >= 1:
		return fmt.Sprintf("%.1f/s", rate)
	}
	return fmt.Sprintf("%.1f s each", 1/rate)
}

// left is the time that the rest takes at the pace so far.
func left(done, total int64, took time.Duration) string {
	if done == 0 || total <= done {
		return ""
	}
	return short(time.Duration(float64(took) / float64(done) * float64(total-done)))
}

// short is a duration to the second, or finer below ten.
func short(d time.Duration) string {
	if d < 10*time.Second {
		return d.Round(100 * time.Millisecond).String()
	}
	return d.Round(time.Second).String()
}
