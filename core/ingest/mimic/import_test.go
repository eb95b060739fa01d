package mimic_test

import (
	"context"
	"encoding/csv"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/fusemoe/fusemoe/core/data"
	"github.com/fusemoe/fusemoe/core/ingest/cohort"
	"github.com/fusemoe/fusemoe/core/ingest/extract"
	"github.com/fusemoe/fusemoe/core/ingest/ingesttest"
	"github.com/fusemoe/fusemoe/core/ingest/mimic"
	"github.com/fusemoe/fusemoe/core/ingest/table"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// hospital is a small MIMIC-IV: table by path, each a header and rows.
type hospital struct{ ingesttest.Tables }

// small has twenty patients with a stay of 60 hours each, every third of whom dies; heart
// rates at 1, 2 and 30 hours, and a potassium at 5. All stays begin on 1 January 2150 at
// 12:00.
func small() hospital {
	h := hospital{ingesttest.Tables{
		"hosp/patients.csv":        "subject_id,gender,anchor_age,anchor_year,anchor_year_group,dod\n",
		"hosp/admissions.csv":      "subject_id,hadm_id,admittime,dischtime,deathtime,discharge_location,hospital_expire_flag\n",
		"hosp/diagnoses_icd.csv":   "subject_id,hadm_id,seq_num,icd_code,icd_version\n",
		"hosp/labevents.csv":       "labevent_id,subject_id,hadm_id,itemid,charttime,storetime,value,valuenum,valueuom\n",
		"icu/icustays.csv":         "subject_id,hadm_id,stay_id,first_careunit,intime,outtime,los\n",
		"icu/chartevents.csv":      "subject_id,hadm_id,stay_id,charttime,storetime,itemid,value,valuenum,valueuom\n",
		"note/radiology.csv":       "note_id,subject_id,hadm_id,note_type,note_seq,charttime,storetime,text\n",
		"cxr/mimic-metadata.csv":   "dicom_id,subject_id,study_id,ViewPosition,StudyDate,StudyTime\n",
		"ecg/record_list.csv":      "subject_id,study_id,file_name,ecg_time,path\n",
		"cxr/files/p10/.keep":      "",
		"hosp/d_labitems.csv":      "itemid,label\n",
		"hosp/unrelated_table.csv": "",
	}}
	for i := range 20 {
		p := 1000 + i
		h.Tables["hosp/patients.csv"] += fmt.Sprintf("%d,F,%d,2149,2011 - 2013,\n", p, 15+5*i)
		h.Tables["hosp/admissions.csv"] += fmt.Sprintf("%d,%d,2150-01-01 11:00:00,2150-01-05 12:00:00,,HOME,%d\n", p, p+1000, bit(i%3 == 0))
		h.Tables["hosp/diagnoses_icd.csv"] += fmt.Sprintf("%d,%d,1,4019,9\n%d,%d,2,A419,10\n", p, p+1000, p, p+1000)
		h.Tables["icu/icustays.csv"] += fmt.Sprintf("%d,%d,%d,MICU,2150-01-01 12:00:00,2150-01-04 00:00:00,2.5\n", p, p+1000, p+2000)
		for _, hour := range []int{1, 2, 30} {
			h.chart(p, hour, 220045, 80)
		}
		h.lab(p, at(5), at(6), 50971, 4)
	}
	return h
}

func bit(b bool) int {
	if b {
		return 1
	}
	return 0
}

// at is a time in hours of the stay.
func at(hours int) string {
	const noon = 12
	day, hour := (noon+hours)/24, (noon+hours)%24
	if hours < -noon {
		return fmt.Sprintf("2149-12-%02d %02d:00:00", 32+(noon+hours-23)/24-1, (240+noon+hours)%24)
	}
	return fmt.Sprintf("2150-01-%02d %02d:00:00", 1+day, hour)
}

func (h hospital) chart(patient, hour, item int, value float64) {
	h.Tables["icu/chartevents.csv"] += fmt.Sprintf("%d,%d,%d,%s,%s,%d,%v,%v,\n", patient, patient+1000, patient+2000, at(hour), at(hour), item, value, value)
}

func (h hospital) lab(patient int, charted, stored string, item int, value float64) {
	h.Tables["hosp/labevents.csv"] += fmt.Sprintf("1,%d,,%d,%s,%s,%v,%v,mEq/L\n", patient, item, charted, stored, value, value)
}

// options import everything for a task.
func options(t testing.TB, dir, task string) mimic.Options {
	t.Helper()
	parsed, err := extract.ParseTask(task)
	if err != nil {
		t.Fatal(err)
	}
	return mimic.Options{
		Version: mimic.IV, Hosp: filepath.Join(dir, "hosp"), ICU: filepath.Join(dir, "icu"),
		Note: filepath.Join(dir, "note"), CXR: filepath.Join(dir, "cxr"), ECG: filepath.Join(dir, "ecg"),
		Options: extract.Options{
			To: filepath.Join(t.TempDir(), "cohort"), Task: parsed, Rules: cohort.Rules{Window: parsed.Window},
			Table: table.Options{Skipped: &table.Skipped{}},
		},
	}
}

// run imports and opens the dataset.
func run(t testing.TB, o mimic.Options) (*extract.Report, *data.Dataset) {
	t.Helper()
	report, err := mimic.Import(context.Background(), o)
	if err != nil {
		t.Fatal(err)
	}
	d, err := data.Open(o.To)
	if err != nil {
		t.Fatal(err)
	}
	return report, d
}

func TestOneStay(t *testing.T) {
	h := small()
	h.chart(1001, 2, 220179, 120)  // in the row of the heart rate at that time
	h.chart(1001, 2, 220045, 90)   // a second one then: a row of its own
	h.chart(1001, 3, 223761, 98.6) // °F
	h.chart(1001, 3, 220045, 900)  // implausible
	h.Tables["note/radiology.csv"] += "n,1001,,RR,1," + at(4) + "," + at(5) + ",\"Chest:\n \"\"clear\"\", no effusion\"\n"
	h.Tables["cxr/mimic-metadata.csv"] += "img,1001,77,AP,21500101,143000.5\n" + "gone,1001,78,AP,21500101,153000\n"
	h.Tables["cxr/files/p10/p1001/s77/img.jpg"] = "jpeg"
	h.Tables["ecg/record_list.csv"] += "1001,55,55," + at(7) + ",files/p1001/55\n"
	h.Tables["ecg/files/p1001/55.hea"], h.Tables["ecg/files/p1001/55.dat"] = "header", "signal"
	report, d := run(t, options(t, h.Write(t), "48-ihm"))
	want := map[string][]string{
		"chart": {"1 [heart_rate] [80]", "2 [heart_rate sbp] [80 120]", "2 [heart_rate] [90]", "3 [temperature] [37]", "30 [heart_rate] [80]"},
		"labs":  {"5 [potassium] [4]"},
		"notes": {"4 Chest:\n \"clear\", no effusion"},
		"cxr":   {"2.5 img.jpg"},
		"ecg":   {"7 55.hea"},
	}
	for source, w := range want {
		if diff := cmp.Diff(w, ingesttest.Items(t, d, source, "3001")); diff != "" {
			t.Errorf("%s: %s", source, diff)
		}
	}
	for _, m := range report.Modalities {
		if m.Name == "cxr" && (m.NoFile != 1 || m.Stays != 1 || m.Items != 1) {
			t.Errorf("X-rays: %+v", m)
		}
	}
	if len(report.Absent) > 0 {
		t.Errorf("absent: %v", report.Absent)
	}
}

func TestLabels(t *testing.T) {
	h := small()
	// The stay of 1001 ends after 96 hours: no early discharge. 1003 dies.
	h.Tables["icu/icustays.csv"] = strings.Replace(h.Tables["icu/icustays.csv"], "1001,2001,3001,MICU,2150-01-01 12:00:00,2150-01-04 00:00:00", "1001,2001,3001,MICU,2150-01-01 12:00:00,2150-01-05 12:00:00", 1)
	h.Tables["hosp/diagnoses_icd.csv"] += "1002,2002,3,R6521,10\n1002,2002,4,\"250.00\",9\n"
	dir := h.Write(t)
	for task, want := range map[string]map[string]string{
		"48-ihm": {"3001": "0", "3002": "0", "3003": "1"},
		"los":    {"3001": "0", "3002": "1", "3003": "0"},
		"25-phe": {"3001": "septicemia hypertension_essential", "3002": "septicemia diabetes_uncomplicated hypertension_essential shock"},
	} {
		_, d := run(t, options(t, dir, task))
		labels, err := d.Labels(d.Tasks[0].Name)
		if err != nil {
			t.Fatal(err)
		}
		columns := d.Tasks[0].Columns
		for id, w := range want {
			row := labels[slices.Index(d.IDs, id)*len(columns):][:len(columns)]
			var got []string
			for c, v := range row {
				switch {
				case len(columns) == 1:
					got = append(got, fmt.Sprint(v))
				case v == 1:
					got = append(got, columns[c])
				}
			}
			if strings.Join(got, " ") != w {
				t.Errorf("%s of %s: %v, want %s", task, id, got, w)
			}
		}
	}
}

func TestExclusions(t *testing.T) {
	h := small()
	h.Tables["icu/icustays.csv"] += "1001,2001,4001,MICU,2150-02-01 12:00:00,2150-02-04 12:00:00,3\n" + // a second stay
		"1002,2002,4002,MICU,2150-02-01 12:00:00,2150-02-02 12:00:00,1\n" + // too short
		"1003,9999,4003,MICU,2150-02-01 12:00:00,2150-02-04 12:00:00,3\n" // of no known admission
	o := options(t, h.Write(t), "48-ihm")
	o.Rules.MinAge, o.Rules.MaxAge, o.Rules.FirstOnly, o.Rules.Gap = 18, 100, true, 6
	report, _ := run(t, o)
	var got []string
	for _, s := range report.Flow {
		got = append(got, fmt.Sprintf("%d %d %s", s.Excluded.Stays, s.Left.Stays, s.Reason))
	}
	want := []string{
		"0 23 stays in intensive care", "1 22 the outcome is unknown",
		"1 21 younger than 18 years, or of unknown age", "3 18 older than 100 years, or of unknown age",
		"2 16 not the patient's first stay", "0 16 shorter than 54 hours", "0 16 nothing was recorded in the window",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	for _, name := range []string{extract.FlowFile, extract.ChannelsFile} {
		f, err := os.Open(filepath.Join(o.To, name))
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		rows, err := csv.NewReader(f).ReadAll()
		if err != nil || len(rows) < 8 {
			t.Errorf("%s: %d rows, %v", name, len(rows), err)
		}
	}
}

// Splits on which nothing can be measured are refused or, where there is nobody, warned of.
func TestSmallCohorts(t *testing.T) {
	h := small()
	o := options(t, h.Write(t), "48-ihm")
	o.Rules.MaxAge = 31 // the first four
	report, _ := run(t, o)
	if n := len(report.Warnings); n == 0 || report.Warnings[n-1] != "split test is empty: the cohort is too small to be split in three; widen it" {
		t.Errorf("warnings: %q", report.Warnings)
	}
	h.Tables["hosp/admissions.csv"] = strings.ReplaceAll(h.Tables["hosp/admissions.csv"], "HOME,1", "HOME,0")
	_, err := mimic.Import(context.Background(), options(t, h.Write(t), "48-ihm"))
	if err == nil || !strings.Contains(err.Error(), "in_hospital_death: split train has one class only") {
		t.Error(err)
	}
}

// TestLeaks plants in each table what was not known at the end of the window of 48 hours.
func TestLeaks(t *testing.T) {
	h := small()
	h.chart(1001, 48, 220045, 111)
	h.chart(1001, 59, 220045, 111)
	h.chart(1001, -1, 220045, 111)
	h.Tables["icu/chartevents.csv"] += "1001,2001,3001," + at(47) + "," + at(49) + ",220045,111,111,\n"
	h.lab(1001, at(47), at(49), 50971, 11)
	h.lab(1001, at(48), at(48), 50971, 11)
	h.lab(1001, at(-2), at(1), 50971, 11)
	h.Tables["note/radiology.csv"] += "n,1001,,RR,1," + at(40) + "," + at(50) + ",leak\nn,1001,,RR,2," + at(49) + "," + at(50) + ",leak\nn,1001,,RR,3," + at(3) + ",,known\n"
	h.Tables["hosp/discharge.csv"] = "note_id,subject_id,charttime,text\nn,1001," + at(3) + ",leak\n"
	h.Tables["note/discharge.csv"] = h.Tables["hosp/discharge.csv"]
	h.Tables["cxr/mimic-metadata.csv"] += "leak,1001,77,AP,21500103,120000\n" // at 48 hours
	h.Tables["cxr/files/p10/p1001/s77/leak.jpg"] = "jpeg"
	h.Tables["ecg/record_list.csv"] += "1001,55,55," + at(48) + ",files/leak\n"
	h.Tables["ecg/files/leak.hea"], h.Tables["ecg/files/leak.dat"] = "header", "signal"
	o := options(t, h.Write(t), "48-ihm")
	report, d := run(t, o)
	want := map[string][]string{
		"chart": {"1 [heart_rate] [80]", "2 [heart_rate] [80]", "30 [heart_rate] [80]"},
		"labs":  {"5 [potassium] [4]"},
		"notes": {"3 known"},
	}
	if got := slices.Sorted(maps.Keys(want)); len(d.Sources) != len(got) {
		t.Errorf("the dataset has %d sources, want %v", len(d.Sources), got)
	}
	for source, w := range want {
		if diff := cmp.Diff(w, ingesttest.Items(t, d, source, "3001")); diff != "" {
			t.Errorf("%s: %s", source, diff)
		}
	}
	blocked := map[string][3]int64{}
	for _, m := range report.Modalities {
		blocked[m.Name] = [3]int64{m.Before, m.After, m.Late}
	}
	if diff := cmp.Diff(map[string][3]int64{"chart": {1, 2, 1}, "labs": {0, 1, 1}, "notes": {0, 1, 1}, "cxr": {0, 1, 0}, "ecg": {0, 1, 0}}, blocked); diff != "" {
		t.Error(diff)
	}
	ingesttest.NoNames(t, o.To, "discharge", "dischtime", "deathtime", "dod", "expire")
}

func TestCompanionsThatAreNotThere(t *testing.T) {
	h := small()
	delete(h.Tables, "icu/chartevents.csv")
	o := options(t, h.Write(t), "48-ihm")
	o.Note, o.ECG, o.CXR = "", t.TempDir(), ""
	report, d := run(t, o)
	want := []string{
		"no vital signs: there is no chartevents.csv or .csv.gz in " + o.ICU,
		"no notes: no --note was given",
		"no chest X-rays: no --cxr was given",
		"no ECGs: there is no *record_list.csv or .csv.gz in " + o.ECG,
	}
	if diff := cmp.Diff(want, report.Absent); diff != "" || len(d.Sources) != 1 {
		t.Errorf("%d sources, %s", len(d.Sources), diff)
	}
}

func TestBadTables(t *testing.T) {
	for name, c := range map[string]struct {
		file, old, new string
		want           string // of the error; {} is the folder
		lenient        string // what is skipped then; empty: it is an error even so
	}{
		"stay ends before it begins": {
			"icu/icustays.csv", "2150-01-04 00:00:00", "2150-01-01 11:00:00",
			"{}/icu/icustays.csv, line 2, outtime: the stay ends before it begins; correct intime or outtime",
			"{}/icu/icustays.csv, line 2, outtime: the stay ends before it begins; correct intime or outtime",
		},
		"time": {
			"icu/chartevents.csv", "2150-01-01 13:00:00", "2150-01-01 1pm",
			"{}/icu/chartevents.csv, line 2, charttime: is no time; write it as 2150-01-31 23:59:59",
			"{}/icu/chartevents.csv, line 2, charttime: is no time; write it as 2150-01-31 23:59:59",
		},
		"time of storing": {
			"hosp/labevents.csv", "2150-01-01 18:00:00", "later",
			"{}/hosp/labevents.csv, line 2, storetime: is no time; write it as 2150-01-31 23:59:59",
			"{}/hosp/labevents.csv, line 2, storetime: is no time; write it as 2150-01-31 23:59:59",
		},
		"too few cells": {
			"hosp/labevents.csv", ",mEq/L", "",
			"{}/hosp/labevents.csv, line 2: has too few cells: 8, where the header has 9; write the table again with a CSV writer, or download it again",
			"{}/hosp/labevents.csv, line 2: has too few cells: 8, where the header has 9; write the table again with a CSV writer, or download it again",
		},
		"column missing": {
			"icu/chartevents.csv", "valuenum", "number",
			"{}/icu/chartevents.csv, line 1, valuenum: the column is missing; is this the right table? It has subject_id, hadm_id, stay_id, charttime, storetime, itemid, value, number, valueuom", "",
		},
		"flag": {
			"hosp/admissions.csv", "HOME,1\n", "HOME,2\n",
			"{}/hosp/admissions.csv, line 2, hospital_expire_flag: is neither 0 nor 1",
			"{}/hosp/admissions.csv, line 2, hospital_expire_flag: is neither 0 nor 1",
		},
	} {
		t.Run(name, func(t *testing.T) {
			h := small()
			h.Tables[c.file] = strings.Replace(h.Tables[c.file], c.old, c.new, 1)
			dir := h.Write(t)
			o := options(t, dir, "48-ihm")
			_, err := mimic.Import(context.Background(), o)
			if want := strings.ReplaceAll(c.want, "{}", dir); err == nil || !strings.HasSuffix(err.Error(), want) {
				t.Errorf("%v\nwant %s", err, want)
			}
			left, _ := os.ReadDir(filepath.Dir(o.To))
			if len(left) > 0 {
				t.Errorf("left behind: %v", left)
			}
			o.Table.Lenient = true
			report, err := mimic.Import(context.Background(), o)
			if c.lenient == "" {
				if err == nil {
					t.Error("a lenient import did not mind")
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if want := strings.ReplaceAll(c.lenient, "{}", dir); len(report.Skipped) != 1 || report.Skipped[0].String() != want {
				t.Errorf("skipped %v, want %s", report.Skipped, want)
			}
			if name == "time of storing" && report.Modalities[1].Items != 19 {
				t.Errorf("%d laboratory values, want those of the 19 other stays", report.Modalities[1].Items)
			}
		})
	}
}

// A column that moved is found by its name.
func TestColumnThatMoved(t *testing.T) {
	h := small()
	plain := h.Write(t)
	var moved strings.Builder
	r := csv.NewReader(strings.NewReader(h.Tables["icu/chartevents.csv"]))
	rows, err := r.ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range rows {
		slices.Reverse(row)
		moved.WriteString(strings.Join(row, ",") + "\n")
	}
	h.Tables["icu/chartevents.csv"] = moved.String()
	_, want := run(t, options(t, plain, "48-ihm"))
	_, got := run(t, options(t, h.Write(t), "48-ihm"))
	if diff := cmp.Diff(ingesttest.Items(t, want, "chart", "3001"), ingesttest.Items(t, got, "chart", "3001")); diff != "" {
		t.Error(diff)
	}
}

func TestInterruptionLeavesNothing(t *testing.T) {
	o := options(t, small().Write(t), "48-ihm")
	ctx, cancel := context.WithCancel(context.Background())
	o.Table.Begin = func(file string, _ int64) table.Meter {
		if strings.Contains(file, "chartevents") {
			cancel()
		}
		return silent{}
	}
	if _, err := mimic.Import(ctx, o); err == nil {
		t.Error("no error")
	}
	if left, _ := os.ReadDir(filepath.Dir(o.To)); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

type silent struct{}

func (silent) Read(int64, int64) {}
func (silent) Done()             {}
