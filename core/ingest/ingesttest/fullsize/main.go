// Command fullsize writes the tables of a MIMIC-IV of any size, in which nobody ever was, to
// measure imports with:
//
//	go run ./core/ingest/ingesttest/fullsize --rows 330000000 --to whole
//	fusemoe import mimic-iv --hosp whole/hosp --icu whole/icu --to cohort
//
// Of the real chartevents it has the number and the length of rows, the stays in order and
// the share of items that the map of variables knows.
package main

import (
	"bufio"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/klauspost/compress/gzip"
)

func main() {
	rows := flag.Int64("rows", 1_000_000, "rows of chartevents; MIMIC-IV has some 330 million")
	to := flag.String("to", "", "folder to write, which must not exist")
	seed := flag.Uint64("seed", 1, "decides everything")
	flag.Parse()
	if *to == "" {
		fmt.Fprintln(os.Stderr, "fullsize: give the folder to write with --to DIR")
		os.Exit(2)
	}
	if err := write(*to, *rows, *seed); err != nil {
		fmt.Fprintln(os.Stderr, "fullsize:", err)
		os.Exit(1)
	}
}

// rowsAStay is what the 73,181 stays of MIMIC-IV 2.2 have in the mean of its 313 million
// rows.
const rowsAStay = 4300

// stay is one stay in intensive care.
type stay struct {
	subject, visit, id int64
	in                 time.Time
	hours              float64
	died               bool
}

// write writes all tables.
func write(to string, rows int64, seed uint64) error {
	for _, dir := range []string{"hosp", "icu"} {
		if err := os.MkdirAll(filepath.Join(to, dir), 0o755); err != nil {
			return err
		}
	}
	random := rand.New(rand.NewPCG(seed, 0))
	stays := draw(random, max(rows/rowsAStay, 200))
	for _, t := range []struct {
		file, header string
		row          func(b []byte, s *stay) []byte
	}{
		{"hosp/patients", "subject_id,gender,anchor_age,anchor_year,anchor_year_group,dod\n", func(b []byte, s *stay) []byte {
			return fmt.Appendf(b, "%d,F,%d,%d,2011 - 2013,\n", s.subject, 18+s.subject%70, s.in.Year())
		}},
		{"hosp/admissions", "subject_id,hadm_id,admittime,dischtime,hospital_expire_flag\n", func(b []byte, s *stay) []byte {
			flag := 0
			if s.died {
				flag = 1
			}
			return fmt.Appendf(b, "%d,%d,%s,%s,%d\n", s.subject, s.visit, s.in.Format(time.DateTime), s.end().Format(time.DateTime), flag)
		}},
		{"icu/icustays", "subject_id,hadm_id,stay_id,first_careunit,intime,outtime,los\n", func(b []byte, s *stay) []byte {
			return fmt.Appendf(b, "%d,%d,%d,MICU,%s,%s,%.4f\n", s.subject, s.visit, s.id, s.in.Format(time.DateTime), s.end().Format(time.DateTime), s.hours/24)
		}},
	} {
		err := writeTable(filepath.Join(to, t.file+".csv.gz"), t.header, func(w io.Writer) error {
			var b []byte
			for i := range stays {
				b = t.row(b[:0], &stays[i])
				if _, err := w.Write(b); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return writeTable(filepath.Join(to, "icu/chartevents.csv.gz"), chartHeader, func(w io.Writer) error {
		return writeChart(w, random, stays, rows)
	})
}

func (s *stay) end() time.Time { return s.in.Add(time.Duration(s.hours * float64(time.Hour))) }

// draw draws stays of two and a half days in the mean. An eighth of them end with a death.
func draw(random *rand.Rand, n int64) []stay {
	stays := make([]stay, n)
	first := time.Date(2110, 1, 1, 0, 0, 0, 0, time.UTC)
	for i := range stays {
		k := int64(i)
		stays[i] = stay{
			subject: 10_000_000 + 137*k, visit: 20_000_000 + 131*k, id: 30_000_000 + 127*k,
			in:    first.Add(time.Duration(random.Int64N(80*365*24*3600)) * time.Second),
			hours: 8 + 52*random.ExpFloat64(), died: random.IntN(8) == 0,
		}
	}
	return stays
}

// writeTable writes a gzipped table.
func writeTable(path, header string, rows func(io.Writer) error) (err error) {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	z, err := gzip.NewWriterLevel(f, gzip.BestSpeed)
	if err != nil {
		return err
	}
	b := bufio.NewWriterSize(z, 1<<20)
	if _, err = b.WriteString(header); err == nil {
		err = rows(b)
	}
	for _, end := range []func() error{b.Flush, z.Close, f.Close} {
		if e := end(); err == nil {
			err = e
		}
	}
	return err
}

const chartHeader = "subject_id,hadm_id,stay_id,caregiver_id,charttime,storetime,itemid,value,valuenum,valueuom,warning\n"

// charted are items with what their values look like. One row in four is of an item that
// the map knows.
var charted = []struct {
	item, low, span int64
	unit            string
}{
	{220045, 50, 80, "bpm"},
	{220179, 80, 80, "mmHg"},
	{220210, 8, 24, "insp/min"},
	{220277, 88, 12, "%"},
	{227969, 0, 0, ""},
	{224086, 0, 0, ""},
	{224093, 0, 0, ""},
	{224650, 0, 0, ""},
	{224015, 0, 0, ""},
	{220048, 0, 0, ""},
	{227240, 0, 0, ""},
	{224641, 90, 50, "bpm"},
	{223751, 150, 40, "mmHg"},
	{224640, 0, 0, ""},
	{226253, 80, 10, "%"},
	{223792, 0, 0, ""},
}

// writeChart writes the rows of all stays, those of a stay in order of time.
func writeChart(w io.Writer, random *rand.Rand, stays []stay, rows int64) error {
	const text = "This is only text in the chart"
	var b []byte
	for i := range stays {
		s := &stays[i]
		n := rows*int64(i+1)/int64(len(stays)) - rows*int64(i)/int64(len(stays))
		head := fmt.Appendf(nil, "%d,%d,%d,%d,", s.subject, s.visit, s.id, 10_000+i%90_000)
		b = b[:0]
		var minute int64 = -1
		var times []byte
		for k := range n {
			if m := k * int64(60*s.hours) / n; m != minute {
				minute = m
				at := s.in.Add(time.Duration(m) * time.Minute)
				times = at.AppendFormat(times[:0], time.DateTime)
				times = append(at.Add(23*time.Minute).AppendFormat(append(times, ','), time.DateTime), ',')
			}
			c := &charted[random.IntN(len(charted))]
			b = strconv.AppendInt(append(append(b, head...), times...), c.item, 10)
			if c.span == 0 {
				b = append(append(append(b, ','), text[:8+k%int64(len(text)-8)]...), ",,,0\n"...)
			} else {
				v := c.low + random.Int64N(c.span)
				b = append(strconv.AppendInt(append(b, ','), v, 10), ',')
				b = append(append(append(strconv.AppendInt(b, v, 10), ','), c.unit...), ",0\n"...)
			}
			if _, err := w.Write(b); err != nil {
				return err
			}
			b = b[:0]
		}
	}
	return nil
}
