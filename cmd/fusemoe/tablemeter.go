package main

import (
	"fmt"
	"path/filepath"
	"time"

	"github.com/fusemoe/fusemoe/core"
	"github.com/fusemoe/fusemoe/core/ingest/table"
)

// tableMeter shows how far a table is: a bar of its kilobytes, since the number of its
// rows is known only at its end, with the rows and their rate behind.
type tableMeter struct {
	core.Meter
	bytes, rows int64
	shown, size int
	start, last time.Time
	now         func() time.Time
}

// newTableMeter begins a stage for a table.
func newTableMeter(p core.Progress, file string, bytes int64) table.Meter {
	m := &tableMeter{size: kilobytes(bytes), now: time.Now}
	m.start = m.now()
	m.Meter = p.Stage(filepath.Base(file)+" (KB)", max(m.size, 1))
	return m
}

func kilobytes(bytes int64) int { return int(bytes >> 10) }

// Read counts bytes and rows.
func (m *tableMeter) Read(bytes, rows int64) {
	m.bytes += bytes
	m.rows += rows
	if now := kilobytes(m.bytes); now > m.shown {
		m.Add(now - m.shown)
		m.shown = now
	}
	if now := m.now(); now.Sub(m.last) > 100*time.Millisecond {
		m.last = now
		m.tell()
	}
}

// tell says how many rows were read, and how fast.
func (m *tableMeter) tell() {
	m.Note(thousands(m.rows) + " rows" + rowRate(m.rows, m.now().Sub(m.start)))
}

// Done ends the stage.
func (m *tableMeter) Done() {
	m.tell()
	if rest := max(m.size, 1) - m.shown; m.bytes>>10 >= int64(m.size) && rest > 0 {
		m.Add(rest)
	}
	m.Meter.Done()
}

// rowRate is a rate of rows as people read it.
func rowRate(rows int64, took time.Duration) string {
	if took < 10*time.Millisecond {
		return ""
	}
	return ", " + thousands(int64(float64(rows)/took.Seconds())) + " rows/s"
}

// thousands rounds a count to three digits.
func thousands(n int64) string {
	switch {
	case n >= 1_000_000:
		return fmt.Sprintf("%.3gM", float64(n)/1e6)
	case n >= 10_000:
		return fmt.Sprintf("%.3gk", float64(n)/1e3)
	}
	return fmt.Sprint(n)
}
