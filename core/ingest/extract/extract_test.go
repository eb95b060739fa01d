package extract_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/fusemoe/fusemoe/core/data"
	"github.com/fusemoe/fusemoe/core/ingest/cohort"
	"github.com/fusemoe/fusemoe/core/ingest/extract"
	"github.com/fusemoe/fusemoe/core/ingest/ingesttest"
	"github.com/fusemoe/fusemoe/core/ingest/variables"
)

const hour = 3600

// study is a cohort of n stays of 60 hours, every second with a death.
func study(n int) extract.Cohort {
	var stays []cohort.Stay
	for i := range n {
		name := strconv.Itoa(i)
		stays = append(stays, cohort.Stay{ID: "s" + name, Patient: "p" + name, Out: 60 * hour, OutcomeKnown: true, Died: i%2 == 0})
	}
	kept, flow := cohort.Select(stays, cohort.Rules{Window: 48})
	return extract.Cohort{Stays: kept, Flow: flow}
}

// begin starts an extraction with measurements and notes.
func begin(t *testing.T, c extract.Cohort) (x *extract.Extraction, chart, notes *extract.Source, to string) {
	t.Helper()
	m, err := variables.Parse("map", []byte("channels: [{name: 'heart rate, /min', max: 300, items: {chart: [HR]}}, {name: temp, items: {chart: [T]}}]"))
	if err != nil {
		t.Fatal(err)
	}
	chart = &extract.Source{Source: data.Source{Name: "chart", Kind: data.Rows}, Table: m.Table("chart")}
	notes = &extract.Source{Source: data.Source{Name: "notes", Kind: data.Text}}
	task, err := extract.ParseTask("48-ihm")
	if err != nil {
		t.Fatal(err)
	}
	to = filepath.Join(t.TempDir(), "cohort")
	o := extract.Options{To: to, Task: task, Rules: cohort.Rules{Window: 48}}
	x, err = extract.Begin(o, "test", c, []byte("# the map\n"), []*extract.Source{chart, notes})
	if err != nil {
		t.Fatal(err)
	}
	return x, chart, notes, to
}

// Measurements come in any order and go out by stay and time; what the guard blocks is
// counted; stays of which nothing was recorded are left out.
func TestExtraction(t *testing.T) {
	ctx := context.Background()
	x, chart, notes, to := begin(t, study(13))
	for stay := range 12 {
		for _, m := range []struct {
			at, known int64
			code      string
			value     float64
		}{
			{3 * hour, 3 * hour, "HR", 80},
			{hour, 2 * hour, "T", 37},
			{hour, 2 * hour, "HR", 70},
			{hour, 2 * hour, "HR", 999},          // implausible
			{hour, 48 * hour, "HR", 71},          // known too late
			{48 * hour, 48 * hour, "HR", 71},     // after the window
			{-1, hour, "HR", 71},                 // before the stay
			{48*hour - 1, 48*hour - 1, "HR", 72}, // the last second
		} {
			if err := x.Measure(chart, stay, m.at, m.known, chart.Table.Find(m.code), m.value, nil); err != nil {
				t.Fatal(err)
			}
		}
	}
	if !x.Admits(notes, 1, hour, hour) || x.Admits(notes, 1, hour, 48*hour) || x.Admits(notes, 1, -1, hour) {
		t.Error("Admits tells something else than the guard does")
	}
	for _, text := range []string{"fine", ""} {
		if err := x.Write(ctx, notes, 1, hour, hour, text); err != nil {
			t.Fatal(err)
		}
	}
	report, err := x.Finish(ctx)
	if err != nil {
		t.Fatal(err)
	}
	d, err := data.Open(to)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"1 [heart rate, /min temp] [70 37]", "3 [heart rate, /min] [80]", "47.999722222222225 [heart rate, /min] [72]"}
	if diff := cmp.Diff(want, ingesttest.Items(t, d, "chart", "s1")); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"1 fine"}, ingesttest.Items(t, d, "notes", "s1")); diff != "" {
		t.Error(diff)
	}
	m := report.Modalities[0]
	if m.Before != 12 || m.After != 12 || m.Late != 12 || m.Stays != 12 || m.Items != 36 || m.Channels[0].Implausible != 12 {
		t.Errorf("%+v", m)
	}
	if last := report.Flow[len(report.Flow)-1]; last.Excluded.Stays != 1 || last.Reason != "nothing was recorded in the window" {
		t.Errorf("%+v", last)
	}
	config, err := os.ReadFile(filepath.Join(to, extract.ConfigFile))
	if err != nil || !strings.Contains(string(config), `- {name: "heart rate, /min", max: 300}`) {
		t.Errorf("%v: %s", err, config)
	}
	if text, err := os.ReadFile(filepath.Join(to, extract.MapFile)); err != nil || string(text) != "# the map\n" {
		t.Errorf("%v: %s", err, text)
	}
}

func TestOwnSplits(t *testing.T) {
	c := study(12)
	c.Splits = map[string]data.Split{}
	for i := range 12 {
		c.Splits["p"+strconv.Itoa(i)] = []data.Split{data.Test, data.Train, data.Val}[i/2%3]
	}
	x, _, notes, to := begin(t, c)
	for stay := range 12 {
		if err := x.Write(context.Background(), notes, stay, 0, 0, "here"); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := x.Finish(context.Background()); err != nil {
		t.Fatal(err)
	}
	d, err := data.Open(to)
	if err != nil {
		t.Fatal(err)
	}
	for i, patient := range d.Patients {
		if d.Splits[i] != c.Splits[patient] {
			t.Errorf("%s is in %s, not in %s", patient, d.Splits[i], c.Splits[patient])
		}
	}
}

func TestAbandonLeavesNothing(t *testing.T) {
	x, chart, _, to := begin(t, study(4))
	if err := x.Measure(chart, 0, hour, hour, 0, 70, nil); err != nil {
		t.Fatal(err)
	}
	stop := errors.New("stop")
	if err := x.Abandon(stop); !errors.Is(err, stop) {
		t.Errorf("%v", err)
	}
	if left, _ := os.ReadDir(filepath.Dir(to)); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

func TestOptionsThatCannotBe(t *testing.T) {
	taken := t.TempDir()
	if err := os.WriteFile(filepath.Join(taken, "mine"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		o    extract.Options
		want string
	}{
		"no folder":           {extract.Options{}, "--to DIR"},
		"taken folder":        {extract.Options{To: taken}, "exists and is not empty"},
		"gap without window":  {extract.Options{To: "new", Rules: cohort.Rules{Gap: 1}}, "needs a window"},
		"fold":                {extract.Options{To: "new", Plan: cohort.Plan{Fold: 4, Folds: 3}}, "fold 4 of 3"},
		"los of a whole stay": {extract.Options{To: "new", Task: extract.Task{Kind: extract.LengthOfStay}}, "los needs a window"},
	} {
		t.Run(name, func(t *testing.T) {
			if err := c.o.Validate(); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v, want %s", err, c.want)
			}
		})
	}
}

func TestTasks(t *testing.T) {
	for name, window := range map[string]float64{"48-ihm": 48, "24-ihm": 24, "los": 48, "25-phe": 0} {
		if task, err := extract.ParseTask(name); err != nil || task.Window != window || task.Name != name {
			t.Errorf("%s: %+v, %v", name, task, err)
		}
	}
	for _, name := range []string{"", "ihm", "-1-ihm", "0-ihm", "48-IHM", "phe"} {
		if task, err := extract.ParseTask(name); err == nil {
			t.Errorf("%q is taken: %+v", name, task)
		}
	}
}

func TestNobodyIsLeft(t *testing.T) {
	none := extract.Cohort{Flow: cohort.Flow{
		{Reason: "stays in intensive care", Left: cohort.Count{Stays: 7}},
		{Reason: "shorter than 48 hours", Excluded: cohort.Count{Stays: 7}},
	}}
	_, err := extract.Begin(extract.Options{To: filepath.Join(t.TempDir(), "new")}, "test", none, nil, nil)
	if err == nil || !strings.Contains(err.Error(), "no stay is left in the cohort: of 7, the last were left out as: shorter than 48 hours") {
		t.Error(err)
	}
}
