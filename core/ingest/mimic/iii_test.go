package mimic_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/fusemoe/fusemoe/core/ingest/ingesttest"
	"github.com/fusemoe/fusemoe/core/ingest/mimic"
)

// third is a small MIMIC-III: twelve patients from 1001 on with a stay of 60 hours each,
// every third of whom dies, and a heart rate at 1 hour. Tables are named as they come.
func third() ingesttest.Tables {
	h := ingesttest.Tables{
		"PATIENTS.csv":      "row_id,subject_id,gender,dob,dod\n",
		"ADMISSIONS.csv":    "row_id,subject_id,hadm_id,admittime,dischtime,hospital_expire_flag\n",
		"ICUSTAYS.csv":      "row_id,subject_id,hadm_id,icustay_id,intime,outtime\n",
		"DIAGNOSES_ICD.csv": "row_id,subject_id,hadm_id,seq_num,icd9_code\n",
		"CHARTEVENTS.csv":   "row_id,subject_id,hadm_id,icustay_id,itemid,charttime,storetime,value,valuenum,valueuom,error\n",
		"LABEVENTS.csv":     "row_id,subject_id,hadm_id,itemid,charttime,value,valuenum,valueuom\n",
		"NOTEEVENTS.csv":    "row_id,subject_id,hadm_id,chartdate,charttime,storetime,category,description,cgid,iserror,text\n",
	}
	for i := range 12 {
		p := 1001 + i
		h["PATIENTS.csv"] += fmt.Sprintf("1,%d,M,2100-01-01 00:00:00,\n", p)
		h["ADMISSIONS.csv"] += fmt.Sprintf("1,%d,%d,2150-01-01 11:00:00,2150-01-05 12:00:00,%d\n", p, p+1000, bit(i%3 == 0))
		h["ICUSTAYS.csv"] += fmt.Sprintf("1,%d,%d,%d,2150-01-01 12:00:00,2150-01-04 00:00:00\n", p, p+1000, p+2000)
		h["CHARTEVENTS.csv"] += fmt.Sprintf("1,%d,%d,%d,220045,%s,%s,80,80,bpm,0\n", p, p+1000, p+2000, at(1), at(1))
	}
	return h
}

// optionsOfThird import MIMIC-III for a task.
func optionsOfThird(t testing.TB, h ingesttest.Tables, task string) mimic.Options {
	t.Helper()
	o := options(t, "", task)
	dir := h.Write(t)
	o.Version, o.Hosp, o.ICU, o.Note, o.CXR, o.ECG = mimic.III, dir, dir, "", "", ""
	return o
}

// The notes of MIMIC-III are those charted in the stay, without summaries of the discharge
// and mistakes; those of a day alone have no time.
func TestNotesOfTheThird(t *testing.T) {
	h := third()
	h["NOTEEVENTS.csv"] += "1,1002,2002,2150-01-01," + at(2) + "," + at(3) + ",Nursing,Report,1,,\"Slept \"\"well\"\"\n\"\n" +
		"1,1002,2002,2150-01-01," + at(4) + ",,Physician ,Note,1,0,stable\n" + // stored when charted
		"1,1002,2002,2150-01-01," + at(5) + ",,Discharge summary,Report,,,leak\n" +
		"1,1002,2002,2150-01-01," + at(5) + ",,discharge summary ,Addendum,,,leak\n" +
		"1,1002,2002,2150-01-01," + at(5) + ",,Nursing,Report,1,1,mistake\n" +
		"1,1002,2002,2150-01-02,,,Radiology,Report,,,of a day alone\n" +
		"1,1002,2002,2150-01-01," + at(40) + "," + at(50) + ",Nursing,Report,1,,signed too late\n" +
		"1,1002,2002,2150-01-01," + at(48) + ",,Nursing,Report,1,,after the window\n" +
		"1,1002,2002,2150-01-01,2149-12-31 12:00:00,,Nursing,Report,1,,before the stay\n"
	report, d := run(t, optionsOfThird(t, h, "48-ihm"))
	if diff := cmp.Diff([]string{"2 Slept \"well\"", "4 stable"}, ingesttest.Items(t, d, "notes", "3002")); diff != "" {
		t.Error(diff)
	}
	for _, m := range report.Modalities {
		if m.Name == "notes" && (m.Items != 2 || m.Late != 1 || m.After != 1) {
			t.Errorf("%+v", m)
		}
	}
}

// TestLeaksOfTheThird plants in its tables of numbers what was not known at the end of the
// window of 48 hours.
func TestLeaksOfTheThird(t *testing.T) {
	h := third()
	row := "1,1002,2002,3002,220045,%s,%s,111,111,bpm,%d\n"
	h["CHARTEVENTS.csv"] += fmt.Sprintf(row, at(48), at(48), 0) + fmt.Sprintf(row, at(47), at(49), 0) + fmt.Sprintf(row, at(-1), at(1), 0) +
		fmt.Sprintf(row, at(5), at(5), 1) // marked as a mistake
	h["LABEVENTS.csv"] += fmt.Sprintf("1,1002,,50971,%s,11,11,mEq/L\n1,1002,,50971,%s,4,4,mEq/L\n", at(48), at(6))
	report, d := run(t, optionsOfThird(t, h, "48-ihm"))
	blocked, have := map[string][3]int64{}, map[string][]string{}
	for _, m := range report.Modalities {
		blocked[m.Name] = [3]int64{m.Before, m.After, m.Late}
	}
	for _, s := range d.Sources {
		have[s.Name] = ingesttest.Items(t, d, s.Name, "3002")
	}
	if diff := cmp.Diff(map[string][3]int64{"chart": {1, 1, 1}, "labs": {0, 1, 0}, "notes": {}}, blocked); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(map[string][]string{"chart": {"1 [heart_rate] [80]"}, "labs": {"6 [potassium] [4]"}}, have); diff != "" {
		t.Error(diff)
	}
}

// A row that names no stay belongs to those of the patient in which its time lies.
func TestRowsWithoutStay(t *testing.T) {
	h := third()
	h["CHARTEVENTS.csv"] += fmt.Sprintf("1,1002,2002,,220045,%s,%s,90,90,bpm,0\n1,1002,2002,,220045,%s,%s,99,99,bpm,0\n", at(2), at(2), at(-3), at(-3))
	_, d := run(t, optionsOfThird(t, h, "48-ihm"))
	if diff := cmp.Diff([]string{"1 [heart_rate] [80]", "2 [heart_rate] [90]"}, ingesttest.Items(t, d, "chart", "3002")); diff != "" {
		t.Error(diff)
	}
}
