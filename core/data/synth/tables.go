package synth

import (
	"encoding/csv"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
)

// outcome is the one task.
const outcome = "in_hospital_death"

const manifest = `# A synthetic cohort: drawn by a program, of nobody. See core/data/synth.
name: synthetic
time_unit: hours
window: 48
tasks:
  - {name: in_hospital_death, kind: binary}
modalities:
  - {name: measurements, kind: rows, file: measurements.csv}
  - {name: notes, kind: text, file: notes.csv}
  - {name: ecg, kind: path, file: ecg.csv, media_type: application/x-wfdb}
  - {name: cxr, kind: path, file: cxr.csv, media_type: image/jpeg}
`

// writeTables writes what is not a file of its own.
func (c *cohort) writeTables(dir string) error {
	err := c.writeTable(dir, "samples", []string{"id", "patient", "split", outcome, "age", "sex", "risk"}, (*cohort).sampleRows)
	for m, table := range [modalities]struct {
		columns []string
		rows    func(*cohort, int) [][]string
	}{
		measurements: {measurementColumns(), (*cohort).measurementRows},
		notes:        {[]string{"text"}, (*cohort).noteRows},
		ecg:          {[]string{"path"}, (*cohort).ecgRows},
		cxr:          {[]string{"path"}, (*cohort).imageRows},
	} {
		err = errors.Join(err, c.writeTable(dir, modalityNames[m], append([]string{"sample", "time"}, table.columns...), table.rows))
	}
	return errors.Join(err, os.WriteFile(filepath.Join(dir, "dataset.yaml"), []byte(manifest), 0o666))
}

// writeTable writes the rows of every patient.
func (c *cohort) writeTable(dir, name string, header []string, rows func(*cohort, int) [][]string) (err error) {
	f, err := os.Create(filepath.Join(dir, name+".csv"))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	w := csv.NewWriter(f)
	if err := w.Write(header); err != nil {
		return fmt.Errorf("%s: %w", f.Name(), err)
	}
	for i := range c.patients {
		if err := w.WriteAll(rows(c, i)); err != nil {
			return fmt.Errorf("%s: %w", f.Name(), err)
		}
	}
	w.Flush()
	return w.Error()
}

func (c *cohort) sampleRows(i int) [][]string {
	p := c.patients[i]
	sex := "F"
	if p.male {
		sex = "M"
	}
	return [][]string{{
		p.id(), p.id(), p.split.String(), strconv.Itoa(p.label()), strconv.Itoa(p.age), sex, decimal(p.risk, 6),
	}}
}

func (c *cohort) measurementRows(i int) [][]string {
	channels := slices.Concat(signs, labs)
	var rows [][]string
	for _, m := range c.tables[i].measurements {
		row := []string{c.patients[i].id(), decimal(m.hours, 3)}
		empty := true
		for k, v := range m.values {
			cell := ""
			if !math.IsNaN(v) {
				cell, empty = decimal(v, channels[k].digits), false
			}
			row = append(row, cell)
		}
		if !empty {
			rows = append(rows, row)
		}
	}
	return rows
}

func (c *cohort) noteRows(i int) [][]string {
	var rows [][]string
	for _, n := range c.tables[i].notes {
		rows = append(rows, []string{c.patients[i].id(), decimal(n.hours, 3), n.text})
	}
	return rows
}

func (c *cohort) ecgRows(i int) [][]string { return c.fileRows(i, c.tables[i].ecgs) }

func (c *cohort) imageRows(i int) [][]string { return c.fileRows(i, c.tables[i].images) }

func (c *cohort) fileRows(i int, files []file) [][]string {
	var rows [][]string
	for _, f := range files {
		rows = append(rows, []string{c.patients[i].id(), decimal(f.hours, 3), f.path})
	}
	return rows
}

func decimal(v float64, digits int) string { return strconv.FormatFloat(v, 'f', digits, 64) }
