package ingesttest_test

import (
	"bytes"
	"cmp"
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/fusemoe/fusemoe/core/ingest/cohort"
	"github.com/fusemoe/fusemoe/core/ingest/eicu"
	"github.com/fusemoe/fusemoe/core/ingest/extract"
	"github.com/fusemoe/fusemoe/core/ingest/ingesttest"
	"github.com/fusemoe/fusemoe/core/ingest/mimic"
	"github.com/fusemoe/fusemoe/core/ingest/phenotype"
	"github.com/fusemoe/fusemoe/core/ingest/variables"
)

// TestDemos holds the imports of the open demos to counts by plain SQL (SQLite, which
// Python has built in) of the same tables: stays, exclusions, labels, stays with each
// modality, values of each channel.
func TestDemos(t *testing.T) {
	if testing.Short() {
		t.Skip("reads all tables of three demos twice")
	}
	for _, c := range []struct {
		demo   string
		window float64 // hours
		tasks  []string
	}{
		{"mimic-iii", 48, []string{"48-ihm", "los"}},
		{"mimic-iii", 0, []string{"25-phe"}},
		{"mimic-iv", 48, []string{"48-ihm", "los"}},
		{"mimic-iv", 0, []string{"25-phe"}},
		{"eicu", 24, []string{"24-ihm"}},
		{"eicu", 0, []string{"25-phe"}},
	} {
		dir := ingesttest.Shared(t, c.demo+"-demo")
		counts := countBySQL(t, c.demo, dir, c.window)
		for _, task := range c.tasks {
			t.Run(c.demo+" "+task, func(t *testing.T) {
				got := countReport(importDemo(t, c.demo, task, dir))
				want := map[string]int64{}
				for name := range got {
					want[name] = counts[name] // what the query counts of other tasks is of no interest
				}
				for _, row := range mapRows(t, c.demo)[1:] {
					if name := row[0] + " " + row[2]; counts[name] > 0 {
						want[name] = counts[name]
					}
				}
				if diff := gocmp.Diff(want, got); diff != "" {
					t.Errorf("SQL (-) and the import (+) differ: %s", diff)
				}
			})
		}
	}
}

func importDemo(t *testing.T, demo, task, dir string) *extract.Report {
	t.Helper()
	parsed, err := extract.ParseTask(task)
	if err != nil {
		t.Fatal(err)
	}
	o := extract.Options{To: filepath.Join(t.TempDir(), "cohort"), Task: parsed, Rules: cohort.Rules{Window: parsed.Window}}
	var report *extract.Report
	switch demo {
	case "mimic-iii":
		report, err = mimic.Import(context.Background(), mimic.Options{Options: o, Version: mimic.III, Hosp: dir, ICU: dir})
	case "mimic-iv":
		report, err = mimic.Import(context.Background(), mimic.Options{
			Options: o, Version: mimic.IV, Hosp: filepath.Join(dir, "hosp"), ICU: filepath.Join(dir, "icu"),
		})
	default:
		report, err = eicu.Import(context.Background(), eicu.Options{Options: o, Tables: dir})
	}
	if err != nil {
		t.Fatal(err)
	}
	return report
}

// countReport are the import's own counts by the names that the queries give them.
func countReport(r *extract.Report) map[string]int64 {
	last := r.Flow[len(r.Flow)-1].Left
	got := map[string]int64{"stays": int64(r.Flow[0].Left.Stays), "cohort": int64(last.Stays), "patients": int64(last.Patients)}
	for _, s := range r.Flow[1:] {
		switch {
		case s.Reason == "the outcome is unknown":
			got["unknown"] = int64(s.Excluded.Stays)
		case strings.HasPrefix(s.Reason, "shorter"):
			got["short"] = int64(s.Excluded.Stays)
		}
	}
	for i, label := range r.Task.Columns {
		for _, split := range r.Splits {
			got[label] += int64(split.Positive[i])
		}
	}
	for _, m := range r.Modalities {
		got[m.Name] = int64(m.Stays)
		if m.Channels == nil {
			got[m.Name+" texts"] = m.Items
		}
		for _, c := range m.Channels {
			if c.Kept > 0 {
				got[m.Name+" "+c.Name] = c.Kept
			}
		}
	}
	return got
}

// loaded is a table for testdata/count.py.
type loaded struct {
	Name    string   `json:"name"`
	Path    string   `json:"path"`
	Columns []string `json:"columns"`
	Wide    []string `json:"wide,omitempty"`
}

// countBySQL counts in the tables of a demo.
func countBySQL(t *testing.T, demo, dir string, window float64) map[string]int64 {
	t.Helper()
	python, err := exec.LookPath("python3")
	if err != nil {
		t.Skip("no python3, whose SQLite counts")
	}
	query, unit := "eicu", 60.0
	if demo != "eicu" {
		query, unit = "mimic", 3600
	}
	sql, err := os.ReadFile(filepath.Join("testdata", query+".sql"))
	if err != nil {
		t.Fatal(err)
	}
	settings, err := json.Marshal(append(tablesOf(t, demo, dir), definitions(t, demo)...))
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(python, filepath.Join("testdata", "count.py"), string(settings))
	cmd.Stdin = bytes.NewReader(bytes.ReplaceAll(sql, []byte(":window"), fmt.Append(nil, int(window*unit))))
	var problem bytes.Buffer
	cmd.Stderr = &problem
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v: %s", err, problem.String())
	}
	var counts map[string]int64
	if err := json.Unmarshal(out, &counts); err != nil {
		t.Fatal(err)
	}
	return counts
}

// tablesOf are the demo's own tables with the columns that the queries use.
func tablesOf(t *testing.T, demo, dir string) []loaded {
	t.Helper()
	columns := map[string]string{
		"icustays":      "icustay_id subject_id hadm_id intime outtime",
		"admissions":    "hadm_id hospital_expire_flag",
		"diagnoses_icd": "hadm_id icd9_code icd_version",
		"chartevents":   "icustay_id subject_id itemid charttime storetime valuenum valueuom error",
		"labevents":     "subject_id itemid charttime storetime valuenum valueuom",
	}
	if demo == "eicu" {
		columns = map[string]string{
			"patient":             "patientunitstayid uniquepid hospitaldischargestatus unitdischargeoffset",
			"described":           "patientunitstayid",
			"vitalaperiodic":      "patientunitstayid observationoffset",
			"respiratorycharting": "patientunitstayid respchartoffset respchartentryoffset respchartvaluelabel respchartvalue",
			"intakeoutput":        "patientunitstayid intakeoutputoffset intakeoutputentryoffset celllabel cellvaluenumeric",
			"apacheapsvar":        "patientunitstayid",
			"apachepredvar":       "patientunitstayid",
			"note":                "patientunitstayid noteoffset noteenteredoffset",
			"physicalexam":        "patientunitstayid physicalexamoffset",
			"pasthistory":         "patientunitstayid pasthistoryoffset pasthistoryenteredoffset",
			"treatment":           "patientunitstayid treatmentoffset",
			"admissiondx":         "patientunitstayid admitdxenteredoffset",
			"diagnosis":           "patientunitstayid icd9code",
		}
	}
	wide := map[string][]string{}
	for _, row := range mapRows(t, demo)[1:] {
		source := cmp.Or(map[string]string{"patient": "described"}[row[0]], row[0])
		switch source {
		case "described", "vitalaperiodic", "apacheapsvar", "apachepredvar":
			wide[source] = append(wide[source], row[1])
		}
	}
	var tables []loaded
	for name, text := range columns {
		file := cmp.Or(map[string]string{"described": "patient"}[name], name)
		path := ""
		for _, folder := range []string{".", "hosp", "icu"} {
			if try := filepath.Join(dir, folder, file+".csv.gz"); exists(try) {
				path = try
			}
		}
		if demo == "mimic-iv" {
			text = strings.NewReplacer("icustay_id", "icustay_id=stay_id", "icd9_code", "icd9_code=icd_code").Replace(text)
		}
		tables = append(tables, loaded{name, path, strings.Fields(text), wide[name]})
	}
	return tables
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// definitions are the map of measurements and the groups of diagnoses as tables.
func definitions(t *testing.T, demo string) []loaded {
	t.Helper()
	rows := map[string][][]string{"map": mapRows(t, demo), "units": {{"channel", "unit", "factor", "offset"}}, "groups": {{"label", "icd9"}}}
	for _, c := range shipped(t, demo).Channels {
		for _, u := range c.Units {
			rows["units"] = append(rows["units"], []string{c.Name, u.Unit, text(cmp.Or(u.Factor, 1)), text(u.Offset)})
		}
	}
	for _, g := range phenotype.Groups() {
		for _, code := range g.ICD9 {
			rows["groups"] = append(rows["groups"], []string{g.Label, code})
		}
	}
	gem, err := filepath.Abs(filepath.Join("..", "phenotype", "gem.csv"))
	if err != nil {
		t.Fatal(err)
	}
	tables := []loaded{{Name: "gem", Path: gem, Columns: []string{"icd10", "icd9"}}}
	dir := t.TempDir()
	for name, list := range rows {
		path := filepath.Join(dir, name+".csv")
		f, err := os.Create(path)
		if err != nil {
			t.Fatal(err)
		}
		if err := csv.NewWriter(f).WriteAll(list); err != nil {
			t.Fatal(err)
		}
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
		tables = append(tables, loaded{Name: name, Path: path, Columns: list[0]})
	}
	return tables
}

func shipped(t *testing.T, demo string) *variables.Map {
	t.Helper()
	m, err := variables.Parse(demo, variables.Default(demo))
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// mapRows is the map of measurements as a table, a row for each code.
func mapRows(t *testing.T, demo string) [][]string {
	t.Helper()
	rows := [][]string{{"source", "code", "channel", "channel_unit", "unit", "low", "high", "factor", "offset", "fraction"}}
	limit := func(v *float64) string {
		if v == nil {
			return ""
		}
		return text(*v)
	}
	for _, c := range shipped(t, demo).Channels {
		for source, items := range c.Items {
			for _, item := range items {
				rows = append(rows, []string{
					source, item.Code, c.Name, c.Unit, item.Unit, limit(c.Min), limit(c.Max),
					text(cmp.Or(item.Factor, 1)), text(item.Offset), map[bool]string{true: "1"}[item.Fraction],
				})
			}
		}
	}
	return rows
}

func text(v float64) string { return strconv.FormatFloat(v, 'g', -1, 64) }
