package extract

import (
	"encoding/csv"
	"fmt"
	"io"
	"strconv"
	"strings"
	"text/tabwriter"

	"github.com/fusemoe/fusemoe/core/data"
	"github.com/fusemoe/fusemoe/core/ingest/cohort"
	"github.com/fusemoe/fusemoe/core/ingest/table"
	"github.com/fusemoe/fusemoe/core/ingest/variables"
)

// Report counts what was imported, and what was not.
type Report struct {
	To         string
	Task       data.Task
	Flow       cohort.Flow
	Splits     [3]SplitCount // by data.Split
	Modalities []Modality
	Absent     []string // modalities of which there is nothing, each as a sentence
	Skipped    []table.Skip
	Warnings   []string

	own bool // the task is the user's
}

// SplitCount is of a split.
type SplitCount struct {
	Stays, Patients int
	Positive        []int // stays with each label
}

// Modality counts what there is of one source.
type Modality struct {
	Name, Origin        string
	Stays               int   // that have any of it
	Items               int64 // rows, notes or files
	Before, After, Late int64 // what cohort.Guard blocked
	NoFile              int64 // files that are listed but not there
	Channels            []variables.Counted
}

// report counts.
func (x *Extraction) report(samples []data.Sample) *Report {
	r := &Report{To: x.options.To, Task: x.options.Task.task(), Flow: x.Flow, Absent: x.Absent, own: x.options.Task.Kind == Outcome}
	patients := map[string]bool{}
	for _, s := range samples {
		c := &r.Splits[s.Split]
		c.Stays++
		if !patients[s.Patient] {
			patients[s.Patient] = true
			c.Patients++
		}
		labels := s.Labels[r.Task.Name]
		if c.Positive == nil {
			c.Positive = make([]int, len(labels))
		}
		for i, v := range labels {
			c.Positive[i] += int(v)
		}
	}
	for _, s := range x.sources {
		m := Modality{
			Name: s.Name, Origin: s.Origin, Items: s.items, NoFile: s.failed,
			Before: s.guard.Before, After: s.guard.After, Late: s.guard.Late,
		}
		for _, seen := range s.seen {
			if seen {
				m.Stays++
			}
		}
		if s.Table != nil {
			m.Channels = s.Table.Channels
		}
		r.Modalities = append(r.Modalities, m)
	}
	if x.options.Table.Skipped != nil {
		r.Skipped = x.options.Table.Skipped.List()
	}
	return r
}

// WriteTable prints the report for people.
func (r *Report) WriteTable(w io.Writer) error {
	if err := r.Flow.WriteTable(w, r.outcome()); err != nil {
		return err
	}
	t := tabwriter.NewWriter(w, 0, 8, 2, ' ', tabwriter.AlignRight)
	var b strings.Builder
	b.WriteString("\n")
	fmt.Fprintf(&b, "split\tstays\tpatients\t%s\t\n", r.positiveHeader())
	for split, c := range r.Splits {
		fmt.Fprintf(&b, "%s\t%d\t%d\t%s\t\n", data.Split(split), c.Stays, c.Patients, positives(c))
	}
	b.WriteString("\n")
	b.WriteString("modality\tstays\titems\tbefore the stay\tafter the window\tknown too late\timplausible\t\n")
	for _, m := range r.Modalities {
		fmt.Fprintf(&b, "%s\t%d\t%d\t%d\t%d\t%d\t%s\t\n", m.Name, m.Stays, m.Items, m.Before, m.After, m.Late, m.implausible())
	}
	if _, err := io.WriteString(t, b.String()); err != nil {
		return err
	}
	if err := t.Flush(); err != nil {
		return err
	}
	return r.writeRemarks(w)
}

// writeRemarks prints what people should know beside the counts.
func (r *Report) writeRemarks(w io.Writer) error {
	var lines []string
	lines = append(lines, r.Absent...)
	for _, m := range r.Modalities {
		if m.NoFile > 0 {
			lines = append(lines, fmt.Sprintf("%s: %d files are listed but not there", m.Name, m.NoFile))
		}
		other := int64(0)
		for _, c := range m.Channels {
			other += c.OtherUnit
		}
		if other > 0 {
			lines = append(lines, fmt.Sprintf("%s: %d values are in a unit that the map of variables does not know; channels.csv says of which channels", m.Name, other))
		}
	}
	for _, s := range r.Skipped {
		lines = append(lines, "skipped: "+s.String())
	}
	for _, warning := range r.Warnings {
		lines = append(lines, "warning: "+warning)
	}
	for i, line := range lines {
		if i == 0 {
			line = "\n" + line
		}
		if _, err := fmt.Fprintln(w, line); err != nil {
			return err
		}
	}
	return nil
}

// outcome is what the flow counts beside stays: of a user's own task not deaths.
func (r *Report) outcome() string {
	if r.own {
		return r.Task.Name
	}
	return "deaths"
}

func (r *Report) positiveHeader() string {
	if len(r.Task.Columns) == 1 {
		return r.Task.Name
	}
	return "labels a stay"
}

func positives(c SplitCount) string {
	n := 0
	for _, p := range c.Positive {
		n += p
	}
	if len(c.Positive) > 1 {
		return fmt.Sprintf("%.1f", float64(n)/float64(max(c.Stays, 1)))
	}
	return strconv.Itoa(n)
}

func (m *Modality) implausible() string {
	if m.Channels == nil {
		return ""
	}
	n := int64(0)
	for _, c := range m.Channels {
		n += c.Implausible
	}
	return strconv.FormatInt(n, 10)
}

// writeChannels writes what there is of each channel.
func (r *Report) writeChannels(w io.Writer) error {
	out := csv.NewWriter(w)
	rows := [][]string{{"modality", "channel", "unit", "values", "implausible", "other_unit"}}
	for _, m := range r.Modalities {
		for _, c := range m.Channels {
			rows = append(rows, []string{
				m.Name, c.Name, c.Unit,
				strconv.FormatInt(c.Kept, 10), strconv.FormatInt(c.Implausible, 10), strconv.FormatInt(c.OtherUnit, 10),
			})
		}
	}
	return out.WriteAll(rows)
}
