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
	unit        int64  // of the bar, in bytes
	counted     string // rows
	bytes, rows int64
	shown, size int
	start, last time.Time
	now         func() time.Time
}

// newTableMeter begins a stage for a table.
func newTableMeter(p core.Progress, file string, bytes int64) table.Meter {
	return newSizedMeter(p, filepath.Base(file)+" (KB)", bytes, 1024, "rows")
}

// newValuesMeter begins one for the sorting and writing of what was measured.
func newValuesMeter(p core.Progress, modality string, values int64) table.Meter {
	return newSizedMeter(p, "write "+modality+" (thousand values)", values, 1000, "values")
}

func newSizedMeter(p core.Progress, name string, size, unit int64, counted string) *tableMeter {
	m := &tableMeter{size: int(size / unit), unit: unit, counted: counted, now: time.Now}
	m.start = m.now()
	m.Meter = p.Stage(name, max(m.size, 1))
	return m
}

// Read counts bytes and rows.
func (m *tableMeter) Read(bytes, rows int64) {
	m.bytes += bytes
	m.rows += rows
	if now := int(m.bytes / m.unit); now > m.shown {
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
	m.Note(thousands(m.rows) + " " + m.counted + m.rate())
}

// Done ends the stage.
func (m *tableMeter) Done() {
	m.tell()
	if rest := max(m.size, 1) - m.shown; m.bytes/m.unit >= int64(m.size) && rest > 0 {
		m.Add(rest)
	}
	m.Meter.Done()
}

// rate is that of rows as people read it.
func (m *tableMeter) rate() string {
	took := m.now().Sub(m.start)
	if took < 10*time.Millisecond {
		return ""
	}
	return ", " + thousands(int64(float64(m.rows)/took.Seconds())) + " " + m.counted + "/s"
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
