package eicu_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/fusemoe/fusemoe/core/data"
	"github.com/fusemoe/fusemoe/core/ingest/cohort"
	"github.com/fusemoe/fusemoe/core/ingest/eicu"
	"github.com/fusemoe/fusemoe/core/ingest/extract"
	"github.com/fusemoe/fusemoe/core/ingest/ingesttest"
	"github.com/fusemoe/fusemoe/core/ingest/table"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// small has twenty patients with a stay of 30 hours each, numbered from 101, every third of
// whom dies; heart rates at 1 and 20 hours.
func small() ingesttest.Tables {
	h := ingesttest.Tables{
		"patient.csv": "patientunitstayid,gender,age,admissionheight,hospitaladmitoffset,hospitaldischargeyear,hospitaldischargestatus," +
			"admissionweight,dischargeweight,unitdischargeoffset,unitdischargestatus,uniquepid\n",
		"vitalperiodic.csv":       "vitalperiodicid,patientunitstayid,observationoffset,temperature,sao2,heartrate\n",
		"vitalaperiodic.csv":      "vitalaperiodicid,patientunitstayid,observationoffset,noninvasivesystolic\n",
		"lab.csv":                 "patientunitstayid,labresultoffset,labname,labresult,labresulttext,labmeasurenamesystem,labresultrevisedoffset\n",
		"nursecharting.csv":       "patientunitstayid,nursingchartoffset,nursingchartentryoffset,nursingchartcelltypevallabel,nursingchartcelltypevalname,nursingchartvalue\n",
		"respiratorycharting.csv": "patientunitstayid,respchartoffset,respchartentryoffset,respchartvaluelabel,respchartvalue\n",
		"intakeoutput.csv":        "patientunitstayid,intakeoutputoffset,intakeoutputentryoffset,celllabel,cellvaluenumeric\n",
		"apacheapsvar.csv":        "patientunitstayid,eyes,ph\n",
		"apachepredvar.csv":       "patientunitstayid,diedinhospital,aids,dischargelocation\n",
		"apachepatientresult.csv": "patientunitstayid,predictedhospitalmortality\n",
		"note.csv":                "patientunitstayid,noteoffset,noteenteredoffset,notepath,notetext\n",
		"physicalexam.csv":        "patientunitstayid,physicalexamoffset,physicalexampath,physicalexamtext\n",
		"pasthistory.csv":         "patientunitstayid,pasthistoryoffset,pasthistoryenteredoffset,pasthistorypath,pasthistoryvaluetext\n",
		"treatment.csv":           "patientunitstayid,treatmentoffset,treatmentstring,activeupondischarge\n",
		"admissiondx.csv":         "patientunitstayid,admitdxenteredoffset,admitdxpath,admitdxtext\n",
		"diagnosis.csv":           "patientunitstayid,diagnosisoffset,icd9code\n",
	}
	for i := range 20 {
		stay, status := 101+i, "Alive"
		if i%3 == 0 {
			status = "Expired"
		}
		h["patient.csv"] += fmt.Sprintf("%d,Female,%d,165,-60,2015,%s,60,70,1800,Alive,002-%d\n", stay, 40+i, status, stay)
		for _, hour := range []int{1, 20} {
			h["vitalperiodic.csv"] += fmt.Sprintf("1,%d,%d,,,80\n", stay, 60*hour)
		}
		h["diagnosis.csv"] += fmt.Sprintf("%d,9000,\"401.9, I10\"\n%d,10,A41.9\n%d,10,\n", stay, stay, stay)
	}
	return h
}

func options(t testing.TB, dir, task string) eicu.Options {
	t.Helper()
	parsed, err := extract.ParseTask(task)
	if err != nil {
		t.Fatal(err)
	}
	return eicu.Options{Tables: dir, Options: extract.Options{
		To: filepath.Join(t.TempDir(), "cohort"), Task: parsed, Rules: cohort.Rules{Window: parsed.Window},
		Table: table.Options{Skipped: &table.Skipped{}},
	}}
}

// run imports and opens the dataset.
func run(t testing.TB, o eicu.Options) (*extract.Report, *data.Dataset) {
	t.Helper()
	report, err := eicu.Import(context.Background(), o)
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
	h["vitalperiodic.csv"] += "1,102,90,37.5,,400\n" // an implausible heart rate
	h["vitalaperiodic.csv"] += "1,102,30,120\n"
	h["lab.csv"] += "102,60,potassium,4.1,4.1,mmol/L,61\n102,60,unheard of,4.1,,,\n102,70,potassium,,pending,,\n"
	h["nursecharting.csv"] += "102,60,61,Glasgow coma score,GCS Total,14\n102,61,61,Glasgow coma score,Value,14\n102,62,62,Glasgow coma score,GCS Total,Unable to score\n"
	h["respiratorycharting.csv"] += "102,60,60,FiO2,0.4\n102,120,120,FiO2,50%\n"
	h["intakeoutput.csv"] += "102,60,60,Urine,200\n"
	h["apacheapsvar.csv"] += "102,4,-1\n"
	h["apachepredvar.csv"] += "102,1,0,4\n"
	h["note.csv"] += "102,60,65,notes/Plan/View/System,Cardio\n102,60,65,notes/Plan/Rate,80\n102,30,35,notes/Plan/Rate,Rate\n"
	h["physicalexam.csv"] += "102,60,notes/Exam/GCS,scored\n"
	h["pasthistory.csv"] += "102,60,60,notes/Past/Diabetes,Diabetes\n"
	h["treatment.csv"] += "102,60,cardiovascular|shock|vasopressors,True\n"
	h["admissiondx.csv"] += "102,60,admission diagnosis|Sepsis,Sepsis\n"
	report, d := run(t, options(t, h.Write(t), "24-ihm"))
	for source, want := range map[string][]string{
		"vitalperiodic":       {"1 [heart_rate] [80]", "1.5 [temperature] [37.5]", "20 [heart_rate] [80]"},
		"vitalaperiodic":      {"0.5 [sbp_cuff] [120]"},
		"lab":                 {"1 [potassium] [4.1]"},
		"nursecharting":       {"1 [gcs_total] [14]"},
		"respiratorycharting": {"1 [fio2] [40]"},
		"intakeoutput":        {"1 [urine] [200]"},
		"apacheapsvar":        {"23.983333333333334 [worst_eyes] [4]"},
		"apachepredvar":       {"23.983333333333334 [aids] [0]"},
		"patient":             {"0 [age male height admission_weight] [41 0 165 60]"},
		"note":                {"0.5 Plan Rate.\n", "1 View System Cardio.\nPlan Rate 80.\n"},
		"physicalexam":        {"1 Exam GCS scored.\n"},
		"pasthistory":         {"1 Past Diabetes.\n"},
		"treatment":           {"1 shock vasopressors.\n"},
		"admissiondx":         {"1 admission diagnosis Sepsis.\n"},
	} {
		if diff := cmp.Diff(want, ingesttest.Items(t, d, source, "102")); diff != "" {
			t.Errorf("%s: %s", source, diff)
		}
	}
	if len(report.Absent) > 0 || len(d.Sources) != 14 {
		t.Errorf("%d sources, absent: %v", len(d.Sources), report.Absent)
	}
}

func TestExclusions(t *testing.T) {
	h := small()
	h["patient.csv"] += "201,Male,> 89,,-9000,2015,Alive,,,1800,Alive,002-101\n" + // a second stay
		"202,Male,30,,-10,2015,Alive,,,1439,Alive,003-1\n" + // a minute too short
		"203,Male,30,,-10,2015,,,,1800,Alive,003-2\n" + // of unknown end
		"204,Male,17,,-10,2015,Alive,,,1800,Alive,003-3\n" +
		"205,Male,,,-10,2015,Alive,,,1800,Alive,003-4\n"
	h["vitalperiodic.csv"] += "1,201,60,,,80\n"
	o := options(t, h.Write(t), "24-ihm")
	o.Rules.MinAge, o.Rules.FirstOnly = 18, true
	report, _ := run(t, o)
	var got []string
	for _, s := range report.Flow {
		got = append(got, fmt.Sprintf("%d %d %s", s.Excluded.Stays, s.Left.Stays, s.Reason))
	}
	if diff := cmp.Diff([]string{
		"0 25 stays in intensive care", "1 24 the outcome is unknown", "2 22 younger than 18 years, or of unknown age",
		"1 21 not the patient's first stay", "1 20 shorter than 24 hours", "0 20 nothing was recorded in the window",
	}, got); diff != "" {
		t.Error(diff)
	}
}

func TestPhenotypes(t *testing.T) {
	_, d := run(t, options(t, small().Write(t), "25-phe"))
	labels, err := d.Labels("phenotypes")
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for c, name := range d.Tasks[0].Columns {
		if labels[c] == 1 {
			got = append(got, name)
		}
	}
	if diff := cmp.Diff([]string{"septicemia", "hypertension_essential"}, got); diff != "" {
		t.Error(diff)
	}
}

// TestLeaks plants in each table what was not known at the end of the window of 24 hours,
// or was before the stay.
func TestLeaks(t *testing.T) {
	h := small()
	h["vitalperiodic.csv"] += "1,102,1440,,,111\n1,102,-1,,,111\n"
	h["vitalaperiodic.csv"] += "1,102,1440,111\n1,102,-1,111\n"
	h["lab.csv"] += "102,1440,potassium,11,,,\n102,1400,potassium,11,,,1440\n102,-5,potassium,11,,,30\n"
	h["nursecharting.csv"] += "102,1400,1500,Glasgow coma score,GCS Total,3\n102,1440,1440,Glasgow coma score,GCS Total,3\n"
	h["respiratorycharting.csv"] += "102,1400,1500,FiO2,100\n102,1440,1440,FiO2,100\n"
	h["intakeoutput.csv"] += "102,1400,1500,Urine,1\n102,1440,1440,Urine,1\n"
	h["apachepredvar.csv"] += "102,1,0,8\n"
	h["apachepatientresult.csv"] += "102,0.99\n"
	h["note.csv"] += "102,1400,1500,notes/leak,leak\n102,1440,1440,notes/leak,leak\n102,1440,1440,notes/leak,twice\n102,-5,5,notes/leak,leak\n102,5,6,notes/known,known\n"
	h["physicalexam.csv"] += "102,1440,notes/leak,leak\n"
	h["pasthistory.csv"] += "102,1400,1500,notes/leak,leak\n102,1440,1440,notes/leak,leak\n"
	h["treatment.csv"] += "102,1440,leak,True\n"
	h["admissiondx.csv"] += "102,1440,leak,leak\n"
	o := options(t, h.Write(t), "24-ihm")
	report, d := run(t, o)
	blocked, have := map[string][3]int64{}, map[string][]string{}
	for _, m := range report.Modalities {
		blocked[m.Name] = [3]int64{m.Before, m.After, m.Late}
	}
	for _, s := range d.Sources {
		have[s.Name] = ingesttest.Items(t, d, s.Name, "102")
	}
	if diff := cmp.Diff(map[string][3]int64{
		"vitalperiodic": {1, 1, 0}, "vitalaperiodic": {1, 1, 0}, "lab": {1, 1, 1}, "nursecharting": {0, 1, 1},
		"respiratorycharting": {0, 1, 1}, "intakeoutput": {0, 1, 1}, "apacheapsvar": {}, "apachepredvar": {}, "patient": {},
		"note": {1, 1, 1}, "physicalexam": {0, 1, 0}, "pasthistory": {0, 1, 1}, "treatment": {0, 1, 0}, "admissiondx": {0, 1, 0},
	}, blocked); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(map[string][]string{
		"vitalperiodic": {"1 [heart_rate] [80]", "20 [heart_rate] [80]"},
		"apachepredvar": {"23.983333333333334 [aids] [0]"},
		"patient":       {"0 [age male height admission_weight] [41 0 165 60]"},
		"note":          {"0.08333333333333333 notes known.\n"},
	}, have); diff != "" {
		t.Error(diff)
	}
	ingesttest.NoNames(t, o.To, "dischargeweight", "dischargestatus", "diedinhospital", "dischargelocation", "predicted")
}

// A map of variables cannot make a channel of what is known at the end.
func TestMapThatTellsTheOutcome(t *testing.T) {
	for _, c := range []struct{ table, column string }{
		{"patient", "dischargeweight"}, {"patient", "unitdischargeoffset"}, {"apachepredvar", "diedinhospital"}, {"apachepredvar", "DischargeLocation"},
	} {
		o := options(t, small().Write(t), "24-ihm")
		o.Variables = filepath.Join(t.TempDir(), "map.yaml")
		text := fmt.Sprintf("channels:\n- {name: hint, items: {%s: [%s]}}\n", c.table, c.column)
		if err := os.WriteFile(o.Variables, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := eicu.Import(context.Background(), o); err == nil || !strings.Contains(err.Error(), c.column+" as a channel, which is known only at the end") {
			t.Errorf("%s of %s: %v", c.column, c.table, err)
		}
	}
}

func TestBadTables(t *testing.T) {
	for name, c := range map[string]struct {
		file, old, new string
		want           string // of the error, after the folder
		lenient        bool   // it can be skipped
	}{
		"stay ends before it begins": {"patient.csv", "1800", "-1", "patient.csv, line 2, unitdischargeoffset: the stay ends before it begins; correct unitdischargeoffset", true},
		"status":                     {"patient.csv", "Expired", "Deceased", "patient.csv, line 2, hospitaldischargestatus: is neither Alive nor Expired; leave it empty where it is unknown", true},
		"stay twice":                 {"patient.csv", "\n102,", "\n101,", "patient.csv, line 3, patientunitstayid: is of a stay that came before", true},
		"time":                       {"vitalperiodic.csv", "101,60,", "101,1 h,", "vitalperiodic.csv, line 2, observationoffset: is no whole number", true},
		"time of entry":              {"note.csv", "notetext\n", "notetext\n102,5,later,notes/known,known\n", "note.csv, line 2, noteenteredoffset: is no whole number", true},
		"too few cells":              {"vitalperiodic.csv", "101,60,,,80", "101,60,,80", "vitalperiodic.csv, line 2: has too few cells: 5, where the header has 6; write the table again with a CSV writer, or download it again", true},
		"column missing": {
			"vitalperiodic.csv", "observationoffset", "offset",
			"vitalperiodic.csv, line 1, observationoffset: the column is missing; is this the right table? It has vitalperiodicid, patientunitstayid, offset, temperature, sao2, heartrate", false,
		},
	} {
		t.Run(name, func(t *testing.T) {
			h := small()
			h[c.file] = strings.Replace(h[c.file], c.old, c.new, 1)
			dir := h.Write(t)
			o := options(t, dir, "24-ihm")
			_, err := eicu.Import(context.Background(), o)
			want := filepath.Join(dir, c.want)
			if err == nil || !strings.HasSuffix(err.Error(), want) {
				t.Errorf("%v\nwant %s", err, want)
			}
			if left, _ := os.ReadDir(filepath.Dir(o.To)); len(left) > 0 {
				t.Errorf("left behind: %v", left)
			}
			o.Table.Lenient = true
			report, err := eicu.Import(context.Background(), o)
			switch {
			case (err == nil) != c.lenient:
				t.Errorf("lenient: %v", err)
			case err == nil && (len(report.Skipped) != 1 || report.Skipped[0].String() != want):
				t.Errorf("skipped %v", report.Skipped)
			case err == nil && strings.HasPrefix(name, "time of entry") && report.Modalities[9].Items > 0:
				t.Error("what was known nobody knows when got in")
			}
		})
	}
}

// The demo's counts are those of its README.
func TestDemo(t *testing.T) {
	report, d := run(t, options(t, ingesttest.Shared(t, "eicu-demo"), "24-ihm"))
	last := report.Flow[len(report.Flow)-1].Left
	if want := (cohort.Count{Stays: 1607, Patients: 1317, Deaths: 141}); last != want || len(d.IDs) != want.Stays {
		t.Errorf("%+v in the flow and %d samples, want %+v", last, len(d.IDs), want)
	}
}
