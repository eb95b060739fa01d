package table_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"
	"pgregory.net/rapid"

	"github.com/fusemoe/fusemoe/core/ingest/table"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func write(t testing.TB, name string, text []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func zipped(text string) []byte {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, _ = io.WriteString(w, text)
	_ = w.Close()
	return b.Bytes()
}

// rows reads all cells of some columns.
func rows(t testing.TB, path string, o table.Options, columns ...string) (out [][]string, lines []int, err error) {
	t.Helper()
	r, err := table.Open(context.Background(), path, o, columns...)
	if err != nil {
		return nil, nil, err
	}
	for r.Next() {
		var row []string
		for i := range columns {
			row = append(row, string(r.Cell(i)))
		}
		out, lines = append(out, row), append(lines, r.Line())
	}
	return out, lines, r.Close()
}

func ExampleOpen() {
	path := filepath.Join(os.TempDir(), "example-icustays.csv")
	_ = os.WriteFile(path, []byte("subject_id,stay_id,intime\n1,7,2150-01-01 10:00:00\n"), 0o600)
	defer os.Remove(path)

	r, err := table.Open(context.Background(), path, table.Options{}, "stay_id", "intime")
	if err != nil {
		panic(err)
	}
	for r.Next() {
		stay, _ := r.Int(0)
		begin, _ := r.Time(1)
		fmt.Println(stay, time.Unix(begin, 0).UTC())
	}
	fmt.Println(r.Close())
	// Output:
	// 7 2150-01-01 10:00:00 +0000 UTC
	// <nil>
}

// TestSameAsEncodingCSV holds the fast reader to the plain one: same cells, same lines,
// and an error where the plain one has its first.
func TestSameAsEncodingCSV(t *testing.T) {
	alphabet := []string{"a", "bc", ",", ",", "\n", "\n", "\r\n", "\r", `"`, `"`, `""`, " ", "é", "x,y\n", "\"q,\n\"\"\","}
	dir := t.TempDir()
	rapid.Check(t, func(t *rapid.T) {
		text := strings.Join(rapid.SliceOfN(rapid.SampledFrom(alphabet), 0, 60).Draw(t, "text"), "")
		width := rapid.IntRange(1, 4).Draw(t, "columns")
		header := strings.Join([]string{"c0", "c1", "c2", "c3"}[:width], ",") + "\n"
		text = header + text

		want := csv.NewReader(strings.NewReader(text))
		var cells [][]string
		var lines []int
		var wantErr error
		for {
			row, err := want.Read()
			if err != nil {
				if !errors.Is(err, io.EOF) {
					wantErr = err
				}
				break
			}
			line, _ := want.FieldPos(0)
			cells, lines = append(cells, row), append(lines, line)
		}
		path := filepath.Join(dir, "t.csv")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		r, err := table.Open(context.Background(), path, table.Options{}, []string{"c0", "c1", "c2", "c3"}[:width]...)
		if err != nil {
			t.Fatal(err)
		}
		i := 1
		for r.Next() {
			if i >= len(cells) {
				t.Fatalf("a row more than encoding/csv has: line %d", r.Line())
			}
			for c, cell := range cells[i] {
				if string(r.Cell(c)) != cell {
					t.Fatalf("row %d, cell %d: %q, want %q", i, c, r.Cell(c), cell)
				}
			}
			if r.Line() != lines[i] {
				t.Fatalf("row %d is on line %d, want %d", i, r.Line(), lines[i])
			}
			i++
		}
		err = r.Close()
		if i != len(cells) || (err == nil) != (wantErr == nil) {
			t.Fatalf("%d rows and error %v, want %d and %v", i, err, len(cells), wantErr)
		}
		var parse *csv.ParseError
		var got *table.Error
		if errors.As(wantErr, &parse) && (!errors.As(err, &got) || got.Line != parse.StartLine) {
			t.Fatalf("error %v, want on line %d", err, parse.StartLine)
		}
	})
}

// Blocks are cut where rows end, also in a table with quoted line breaks throughout.
func TestBlocksEndWithRows(t *testing.T) {
	var b strings.Builder
	b.WriteString("id,text\n")
	const n = 30_000
	for i := range n {
		switch i % 3 {
		case 0:
			fmt.Fprintf(&b, "%d,plain\n", i)
		case 1:
			fmt.Fprintf(&b, "%d,\"a \"\"quoted\"\",\n line %s\"\n", i, strings.Repeat("x", i%90))
		default:
			fmt.Fprintf(&b, "%d,\r\n", i)
		}
	}
	for name, text := range map[string][]byte{"a.csv": []byte(b.String()), "b.csv.gz": zipped(b.String())} {
		got, _, err := rows(t, write(t, name, text), table.Options{}, "id")
		if err != nil {
			t.Fatal(err)
		}
		if len(got) != n || got[n-1][0] != fmt.Sprint(n-1) {
			t.Errorf("%s: %d rows, want %d", name, len(got), n)
		}
	}
}

func TestColumnsAreFoundByName(t *testing.T) {
	for name, c := range map[string]struct{ text, want string }{
		"moved":      {"valuenum,stay_id,x\n3,1,9\n", "1 3"},
		"upper case": {"X,STAY_ID,VALUENUM\n9,1,3\n", "1 3"},
		"BOM":        {"\ufeffstay_id,valuenum\n1,3\n", "1 3"},
		"quoted":     {"\"stay_id\",\"valuenum\"\n\"1\",\"3\"\n", "1 3"},
		"other name": {"icustay_id,valuenum\n1,3\n", "1 3"},
		"absent":     {"stay_id,x\n1,3\n", "1 "},
		"crlf":       {"stay_id,valuenum\r\n1,3\r\n\r\n", "1 3"},
	} {
		t.Run(name, func(t *testing.T) {
			got, _, err := rows(t, write(t, "t.csv", []byte(c.text)), table.Options{}, "stay_id|icustay_id", "valuenum?")
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff([][]string{strings.Split(c.want, " ")}, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestWhatIsWrongIsNamed(t *testing.T) {
	whole := zipped("stay_id,charttime,valuenum\n" + strings.Repeat("1,2150-01-01 00:00:00,3.5\n", 20_000))
	for name, c := range map[string]struct {
		file string
		text []byte
		want string
	}{
		"empty":            {"t.csv", nil, "t.csv: is empty; copy or download it again"},
		"column missing":   {"t.csv", []byte("stay_id,charttime\n1,2\n"), "t.csv, line 1, valuenum: the column is missing; is this the right table? It has stay_id, charttime"},
		"column twice":     {"t.csv", []byte("stay_id,charttime,valuenum,STAY_ID\n"), "t.csv, line 1, stay_id: the column is there twice; rename or remove one"},
		"too few cells":    {"t.csv", []byte("stay_id,charttime,valuenum\n1,2150-01-01,3\n\n1,2150-01-01\n"), "t.csv, line 4: has too few cells: 2, where the header has 3; write the table again with a CSV writer, or download it again"},
		"too many cells":   {"t.csv", []byte("stay_id,charttime,valuenum\n1,2150-01-01,3,4\n"), "t.csv, line 2: has too many cells: 4, where the header has 3; write the table again with a CSV writer, or download it again"},
		"bad time":         {"t.csv", []byte("stay_id,charttime,valuenum\n1,\"2150-13-01\",3\n"), "t.csv, line 2, charttime: is no time; write it as 2150-01-31 23:59:59"},
		"bad number":       {"t.csv", []byte("stay_id,charttime,valuenum\n1,2150-12-01,3e\n"), "t.csv, line 2, valuenum: is no number"},
		"bad id":           {"t.csv", []byte("stay_id,charttime,valuenum\nx1,2150-12-01,3\n"), "t.csv, line 2, stay_id: is no whole number"},
		"open quote":       {"t.csv", []byte("stay_id,charttime,valuenum\n1,\"2150-12-01,3\n"), "t.csv, line 2: has a quotation mark that is never closed; write the table again with a CSV writer"},
		"cut short":        {"t.csv.gz", whole[:len(whole)/2], "was cut short: the compressed file ends in the middle; copy or download it again, and compare its checksum"},
		"cut in the tail":  {"t.csv.gz", whole[:len(whole)-4], "t.csv.gz, line 20001: was cut short: the compressed file ends in the middle; copy or download it again, and compare its checksum"},
		"not compressed":   {"t.csv.gz", []byte("stay_id,charttime,valuenum\n"), "t.csv.gz: is not compressed with gzip, though its name ends in .gz; rename it, or download it again"},
		"nothing in there": {"t.csv.gz", nil, "t.csv.gz: was cut short: the compressed file ends in the middle; copy or download it again, and compare its checksum"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := numbers(t, write(t, c.file, c.text), table.Options{})
			if err == nil || !strings.HasSuffix(err.Error(), c.want) {
				t.Errorf("%v\nwant %s", err, c.want)
			}
		})
	}
}

// numbers reads stays, times and values of a chart.
func numbers(t testing.TB, path string, o table.Options) (n int, err error) {
	t.Helper()
	r, err := table.Open(context.Background(), path, o, "stay_id", "charttime", "valuenum")
	if err != nil {
		return 0, err
	}
	for r.Next() {
		_, ok1 := r.Int(0)
		_, ok2 := r.Time(1)
		_, ok3 := r.Float(2)
		if ok1 && ok2 && ok3 {
			n++
		}
	}
	return n, r.Close()
}

func TestLenientSkipsAndCounts(t *testing.T) {
	text := "stay_id,charttime,valuenum\n1,2150-01-01,3\n1,2150-01-01\n1,never,3\n1,2150-01-01,\"4\"x\n1,never,5\n1,2150-01-02,6\n"
	o := table.Options{Lenient: true, Skipped: &table.Skipped{}}
	path := write(t, "t.csv", []byte(text))
	n, err := numbers(t, path, o)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, s := range o.Skipped.List() {
		got = append(got, strings.TrimPrefix(s.String(), path))
	}
	want := []string{
		", line 3: has too few cells: 2, where the header has 3; write the table again with a CSV writer, or download it again",
		", line 4, charttime: is no time (2 rows); write it as 2150-01-31 23:59:59",
		", line 5: has text after a closing quotation mark; write the table again with a CSV writer",
	}
	if diff := cmp.Diff(want, got); diff != "" || n != 2 || o.Skipped.Rows() != 4 {
		t.Errorf("%d rows kept, %d skipped: %s", n, o.Skipped.Rows(), diff)
	}
}

// A lenient import keeps what precedes the cut of a file, and says that it was cut.
func TestLenientKeepsWhatPrecedesTheCut(t *testing.T) {
	whole := zipped("stay_id,charttime,valuenum\n" + strings.Repeat("1,2150-01-01 00:00:00,3.5\n", 200_000))
	o := table.Options{Lenient: true, Skipped: &table.Skipped{}}
	n, err := numbers(t, write(t, "t.csv.gz", whole[:len(whole)*3/4]), o)
	if err != nil || n < 50_000 || n > 190_000 {
		t.Errorf("%d rows, %v", n, err)
	}
	if got := fmt.Sprint(o.Skipped.List()); !strings.Contains(got, fmt.Sprintf("t.csv.gz, line %d: was cut short", n+1)) {
		t.Errorf("skipped %s after %d rows", got, n)
	}
}

func TestInterruption(t *testing.T) {
	path := write(t, "t.csv", []byte("stay_id,charttime,valuenum\n"+strings.Repeat("1,2150-01-01 00:00:00,3.5\n", 400_000)))
	cause := errors.New("stop")
	ctx, cancel := context.WithCancelCause(context.Background())
	r, err := table.Open(ctx, path, table.Options{}, "stay_id")
	if err != nil {
		t.Fatal(err)
	}
	if !r.Next() {
		t.Fatal("no row")
	}
	cancel(cause)
	n := 0
	for r.Next() {
		n++
	}
	if err := r.Close(); !errors.Is(err, cause) || n > 300_000 {
		t.Errorf("%v after %d rows, want %v at once", err, n, cause)
	}
}

func TestFind(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"ADMISSIONS.csv", "icustays.csv.gz", "patients.csv", "patients.csv.gz"} {
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for name, want := range map[string]string{"admissions": "ADMISSIONS.csv", "icustays": "icustays.csv.gz", "patients": "patients.csv", "labevents": ""} {
		got, err := table.Find(dir, name)
		if err != nil || want != "" && filepath.Base(got) != want || want == "" && got != "" {
			t.Errorf("%s: %q, %v, want %q", name, got, err, want)
		}
	}
}

func TestParseTimeAsTheStandardLibrary(t *testing.T) {
	layouts := []string{"2006-01-02", "2006-01-02 15:04", "2006-01-02 15:04:05", "2006-01-02T15:04:05", "2006-01-02 15:04:05.000"}
	rapid.Check(t, func(t *rapid.T) {
		layout := rapid.SampledFrom(layouts).Draw(t, "layout")
		year := rapid.IntRange(1, 9999).Draw(t, "year")
		month, day := rapid.IntRange(0, 13).Draw(t, "month"), rapid.IntRange(0, 32).Draw(t, "day")
		hour, minute := rapid.IntRange(0, 25).Draw(t, "hour"), rapid.IntRange(0, 61).Draw(t, "minute")
		text := strings.NewReplacer("2006", fmt.Sprintf("%04d", year), "01", fmt.Sprintf("%02d", month), "02", fmt.Sprintf("%02d", day),
			"15", fmt.Sprintf("%02d", hour), "04", fmt.Sprintf("%02d", minute), "05", fmt.Sprintf("%02d", minute)).Replace(layout)
		want, err := time.Parse(layout, text)
		got, ok := table.ParseTime([]byte(text))
		if ok != (err == nil) || ok && got != want.Unix() {
			t.Fatalf("%s: %d %v, want %d %v", text, got, ok, want.Unix(), err)
		}
	})
}

func FuzzParseFloat(f *testing.F) {
	for _, s := range []string{"1", "-0.5", "36.6", "1e5", "123456789012345678", "", ".", "0x1p3", "inf", "97.200000000000003"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got, ok := table.ParseFloat([]byte(s))
		var want float64
		_, err := fmt.Sscan(s, &want)
		if ok && err == nil && !strings.ContainsAny(s, "_ \t\n") && got != want {
			t.Errorf("%q: %v, want %v", s, got, want)
		}
	})
}

func BenchmarkChart(b *testing.B) {
	row := "10000032,29079034,39553978,18704,2180-07-23 21:01:00,2180-07-23 22:15:00,220179,82,82,mmHg,0\n"
	text := "subject_id,hadm_id,stay_id,caregiver_id,charttime,storetime,itemid,value,valuenum,valueuom,warning\n" + strings.Repeat(row, 1_000_000)
	for name, data := range map[string][]byte{"t.csv": []byte(text), "t.csv.gz": zipped(text)} {
		path := write(b, name, data)
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			for b.Loop() {
				if n, err := numbers(b, path, table.Options{}); n != 1_000_000 || err != nil {
					b.Fatal(n, err)
				}
			}
		})
	}
}
