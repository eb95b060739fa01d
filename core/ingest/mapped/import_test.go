package mapped_test

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
	"github.com/fusemoe/fusemoe/core/ingest/extract"
	"github.com/fusemoe/fusemoe/core/ingest/ingesttest"
	"github.com/fusemoe/fusemoe/core/ingest/mapped"
	"github.com/fusemoe/fusemoe/core/ingest/table"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// mapping is what docs/import.md shows.
func mapping(t testing.TB) string {
	t.Helper()
	page, err := os.ReadFile("../../../docs/import.md")
	if err != nil {
		t.Fatal(err)
	}
	_, block, _ := strings.Cut(string(page), "## Your own tables")
	_, block, _ = strings.Cut(block, "```yaml\n")
	block, _, _ = strings.Cut(block, "```")
	return block
}

// small has twelve stays of two days, every third with the outcome.
func small(t testing.TB) ingesttest.Tables {
	h := ingesttest.Tables{
		"mapping.yaml": mapping(t),
		"stays.csv":    "stay,person,admitted,discharged,age,readmitted\n",
		"values.csv":   "stay,taken,reported,test,result,unit\n",
		"monitor.csv":  "stay,at,hr,rr\n",
		"letters.csv":  "stay,written,body\n",
		"scans.csv":    "stay,taken,file\n",
	}
	for i := range 12 {
		h["stays.csv"] += fmt.Sprintf("s%d,p%d,2024-05-01 08:00,2024-05-03 08:00,%d,%d\n", i, i, 20+i, map[bool]int{true: 1}[i%3 == 0])
		h["monitor.csv"] += fmt.Sprintf("s%d,2024-05-01 09:00,80,\n", i)
	}
	return h
}

func options(t testing.TB, dir string) mapped.Options {
	t.Helper()
	return mapped.Options{Mapping: filepath.Join(dir, "mapping.yaml"), Options: extract.Options{
		To: filepath.Join(t.TempDir(), "cohort"), Table: table.Options{Skipped: &table.Skipped{}},
	}}
}

func run(t testing.TB, o mapped.Options) (*extract.Report, *data.Dataset) {
	t.Helper()
	report, err := mapped.Import(context.Background(), o)
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
	h := small(t)
	h["monitor.csv"] += "s1,2024-05-01 10:00,90,20\nunknown,2024-05-01 10:00,90,20\n"
	h["values.csv"] += "s1,2024-05-01 10:00,2024-05-01 11:00,CRP,20,mg/L\ns1,2024-05-01 12:00,,CRP,2,mg/dL\ns1,2024-05-01 12:00,,other,2,\n"
	h["letters.csv"] += "s1,2024-05-01 14:00,\"He said \"\"fine\"\"\"\n"
	h["scans.csv"] += "s1,2024-05-01 20:00,a/b.png\n"
	h["a/b.png"] = "png"
	report, d := run(t, options(t, h.Write(t)))
	for source, want := range map[string][]string{
		"monitor": {"1 [heart_rate] [80]", "2 [heart_rate resp_rate] [90 20]"},
		"values":  {"2 [crp] [20]", "4 [crp] [20]"},
		"letters": {`6 He said "fine"`},
		"scans":   {"12 b.png"},
	} {
		if diff := cmp.Diff(want, ingesttest.Items(t, d, source, "s1")); diff != "" {
			t.Errorf("%s: %s", source, diff)
		}
	}
	if d.Tasks[0].Name != "readmitted" || d.Window != 24 || d.Name != "ward" {
		t.Errorf("%s: task %s, window %g", d.Name, d.Tasks[0].Name, d.Window)
	}
	var b strings.Builder
	if err := report.WriteTable(&b); err != nil || !strings.Contains(b.String(), "patients  readmitted  cohort\n") {
		t.Errorf("%v: %s", err, b.String())
	}
}

// Times may be numbers from the begin of the stay.
func TestTimesThatAreNumbers(t *testing.T) {
	h := ingesttest.Tables{
		"mapping.yaml": "time_unit: minutes\nwindow: 1\nstays: {table: stays.csv, id: id, end: end, outcome: bad}\n" +
			"modalities: [{name: m, table: m.csv, stay: id, time: t}]\nchannels: [{name: hr, items: {m: [hr]}}]\n",
		"stays.csv": "id,end,bad\n",
		"m.csv":     "id,t,hr\n",
	}
	for i := range 12 {
		h["stays.csv"] += fmt.Sprintf("%d,90,%d\n", i, i%2)
		h["m.csv"] += fmt.Sprintf("%d,30,70\n%d,60,99\n%d,-1,99\n", i, i, i)
	}
	_, d := run(t, options(t, h.Write(t)))
	if diff := cmp.Diff([]string{"0.5 [hr] [70]"}, ingesttest.Items(t, d, "m", "3")); diff != "" {
		t.Error(diff)
	}
}

// TestLeaks plants in each table what was not known at the end of the window of 24 hours.
func TestLeaks(t *testing.T) {
	h := small(t)
	h["monitor.csv"] += "s1,2024-05-02 08:00,99,\ns1,2024-05-01 07:59,99,\n"
	h["values.csv"] += "s1,2024-05-02 07:00,2024-05-02 09:00,CRP,99,\ns1,2024-05-02 08:00,,CRP,99,\n"
	h["letters.csv"] += "s1,2024-05-02 09:00,leak\n"
	h["scans.csv"] += "s1,2024-05-02 08:00,leak.png\n"
	h["leak.png"] = "png"
	report, d := run(t, options(t, h.Write(t)))
	blocked := map[string][3]int64{}
	for _, m := range report.Modalities {
		blocked[m.Name] = [3]int64{m.Before, m.After, m.Late}
	}
	if diff := cmp.Diff(map[string][3]int64{"monitor": {1, 1, 0}, "values": {0, 1, 1}, "letters": {0, 1, 0}, "scans": {0, 1, 0}}, blocked); diff != "" {
		t.Error(diff)
	}
	if len(d.Sources) != 1 || len(ingesttest.Items(t, d, "monitor", "s1")) != 1 {
		t.Errorf("sources %v", d.Sources)
	}
}

func TestBadMappings(t *testing.T) {
	for name, c := range map[string]struct{ old, new, want string }{
		"mistyped key":       {"outcome:", "outcom:", "field outcom not found"},
		"missing key":        {"  id: stay\n", "", "mapping.yaml, stays.id: is missing"},
		"unit":               {"window: 24", "window: 24\ntime_unit: days", "time_unit: days is neither hours nor minutes"},
		"no items":           {"monitor: [hr]", "other: [hr]", "nothing was recorded in the window"},
		"value without code": {"  code: test\n", "", "modalities.1.code and value go together"},
		"no such column":     {"time: at", "time: when", "monitor.csv, line 1, when: the column is missing"},
		"outcome":            {"monitor: [rr]", "monitor: [readmitted]", "the outcome cannot be a channel"},
	} {
		t.Run(name, func(t *testing.T) {
			h := small(t)
			if h["mapping.yaml"] = strings.Replace(h["mapping.yaml"], c.old, c.new, 1); h["mapping.yaml"] == mapping(t) {
				t.Fatal("nothing was changed")
			}
			o := options(t, h.Write(t))
			_, err := mapped.Import(context.Background(), o)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v, want %q", err, c.want)
			}
			if left, _ := os.ReadDir(filepath.Dir(o.To)); err != nil && len(left) > 0 {
				t.Errorf("left behind: %v", left)
			}
		})
	}
}

func TestBadTables(t *testing.T) {
	for name, c := range map[string]struct{ file, old, new, want string }{
		"stay ends before it begins": {"stays.csv", "2024-05-03", "2024-04-03", "stays.csv, line 2, discharged: the stay ends before it begins"},
		"outcome":                    {"stays.csv", ",20,1", ",20,yes", "stays.csv, line 2, readmitted: is no number"},
		"time":                       {"monitor.csv", "2024-05-01 09:00", "yesterday", "monitor.csv, line 2, at: is no time; write it as 2150-01-31 23:59:59"},
		"too few cells":              {"monitor.csv", ",80,", ",80", "monitor.csv, line 2: has too few cells: 3, where the header has 4; write the table again with a CSV writer, or download it again"},
	} {
		t.Run(name, func(t *testing.T) {
			h := small(t)
			h[c.file] = strings.Replace(h[c.file], c.old, c.new, 1)
			dir := h.Write(t)
			o := options(t, dir)
			_, err := mapped.Import(context.Background(), o)
			want := filepath.Join(dir, c.want)
			if err == nil || !strings.HasSuffix(err.Error(), want) {
				t.Errorf("%v\nwant %s", err, want)
			}
			o.Table.Lenient = true
			report, err := mapped.Import(context.Background(), o)
			if err != nil || len(report.Skipped) != 1 || report.Skipped[0].String() != want {
				t.Errorf("lenient: %v %+v", err, report)
			}
		})
	}
}
