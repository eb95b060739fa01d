package main

import (
	"context"
	"path/filepath"
	"testing"

	"github.com/fusemoe/fusemoe/core/ingest/cohort"
	"github.com/fusemoe/fusemoe/core/ingest/extract"
	"github.com/fusemoe/fusemoe/core/ingest/mimic"
)

// What is written imports: every row is read, and a quarter of those in the window kept.
func TestImports(t *testing.T) {
	dir := t.TempDir()
	if err := write(dir, 100_000, 1); err != nil {
		t.Fatal(err)
	}
	task, err := extract.ParseTask("48-ihm")
	if err != nil {
		t.Fatal(err)
	}
	report, err := mimic.Import(context.Background(), mimic.Options{
		Version: mimic.IV, Hosp: filepath.Join(dir, "hosp"), ICU: filepath.Join(dir, "icu"),
		Options: extract.Options{To: filepath.Join(t.TempDir(), "cohort"), Task: task, Rules: cohort.Rules{Window: 48}},
	})
	if err != nil {
		t.Fatal(err)
	}
	chart := report.Modalities[0]
	var kept int64
	for _, c := range chart.Channels {
		kept += c.Kept
	}
	read := kept + chart.Before + chart.After + chart.Late
	stays := report.Flow[0].Left.Stays
	inCohort := float64(report.Flow[len(report.Flow)-1].Left.Stays) / float64(stays)
	if want := 100_000 * inCohort / 4; float64(read) < 0.9*want || float64(read) > 1.1*want {
		t.Errorf("%d values of the cohort, want some %.0f", read, want)
	}
	if kept == 0 || chart.After == 0 || chart.Late == 0 {
		t.Errorf("%+v", chart)
	}
}
