package notes_test

import (
	"cmp"
	"compress/gzip"
	"encoding/csv"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/fusemoe/fusemoe/sdk"
)

// eicuTables are the tables with text, and their columns: when, where in the form, what.
var eicuTables = []struct{ name, offset, path, value string }{
	{"note", "noteoffset", "notepath", "notetext"},
	{"physicalexam", "physicalexamoffset", "physicalexampath", "physicalexamtext"},
	{"pasthistory", "pasthistoryoffset", "pasthistorypath", "pasthistoryvaluetext"},
}

// day is 24 hours in the unit of eICU, minutes.
const day = 24 * 60

// readEICU reads the stays of at least a day whose outcome is known. A note is what one
// of the tables has of the first day, one line per row. Nothing later is read, and none
// of the columns of the discharge but the outcome.
func readEICU(t testing.TB) []eicuStay {
	dir := filepath.Join("..", "..", "..", "shared", "data", "eicu-demo")
	if _, err := os.Stat(dir); errors.Is(err, os.ErrNotExist) {
		t.Skip("no ../shared/data/eicu-demo beside the repository: the eICU demo is needed")
	}
	stays := make(map[string]*eicuStay)
	for r := range readTable(t, dir, "patient") {
		if minutes(t, r["unitdischargeoffset"]) < day || r["hospitaldischargestatus"] == "" {
			continue
		}
		s := &eicuStay{patient: r["uniquepid"]}
		if r["hospitaldischargestatus"] == "Expired" {
			s.died = 1
		}
		stays[r["patientunitstayid"]] = s
	}
	for _, table := range eicuTables {
		texts, last := make(map[string]string), make(map[string]int)
		for r := range readTable(t, dir, table.name) {
			id, at := r["patientunitstayid"], minutes(t, r[table.offset])
			if stays[id] == nil || at > day {
				continue
			}
			texts[id] += line(r[table.path], r[table.value])
			last[id] = max(last[id], at)
		}
		for id, text := range texts {
			stays[id].sample.Items = append(stays[id].sample.Items, written(float64(last[id]), text))
		}
	}
	var out []eicuStay
	for _, id := range slices.Sorted(maps.Keys(stays)) {
		slices.SortStableFunc(stays[id].sample.Items, func(a, b sdk.Item) int { return cmp.Compare(a.Time, b.Time) })
		out = append(out, *stays[id])
	}
	return out
}

// assignFolds deals the patients to the folds in random order: first those of whom a stay
// ended in death, so that every fold has as many of them.
func assignFolds(stays []eicuStay, shuffle int) {
	died, hash := make(map[string]int), make(map[string]uint32)
	for _, s := range stays {
		died[s.patient] = max(died[s.patient], s.died)
		h := fnv.New32a()
		fmt.Fprint(h, shuffle, s.patient)
		hash[s.patient] = h.Sum32()
	}
	order := slices.SortedFunc(maps.Keys(died), func(a, b string) int {
		return cmp.Or(died[b]-died[a], cmp.Compare(hash[a], hash[b]), cmp.Compare(a, b))
	})
	fold := make(map[string]int)
	for i, patient := range order {
		fold[patient] = i % folds
	}
	for i := range stays {
		stays[i].fold = fold[stays[i].patient]
	}
}

// line is a row of a form as a sentence: the last parts of its path, and what was entered.
func line(path, value string) string {
	parts := strings.Split(path, "/")
	parts = parts[max(0, len(parts)-2):]
	if parts[len(parts)-1] != value {
		parts = append(parts, value)
	}
	return strings.Join(parts, " ") + ".\n"
}

func minutes(t testing.TB, s string) int {
	n, err := strconv.Atoi(s)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// readTable ranges over the rows of a table, by column.
func readTable(t testing.TB, dir, name string) func(yield func(map[string]string) bool) {
	return func(yield func(map[string]string) bool) {
		file, err := os.Open(filepath.Join(dir, name+".csv.gz"))
		if err != nil {
			t.Fatal(err)
		}
		defer file.Close()
		unzipped, err := gzip.NewReader(file)
		if err != nil {
			t.Fatal(err)
		}
		rows := csv.NewReader(unzipped)
		header, err := rows.Read()
		if err != nil {
			t.Fatal(err)
		}
		for {
			fields, err := rows.Read()
			if errors.Is(err, io.EOF) {
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			row := make(map[string]string)
			for i, column := range header {
				row[column] = fields[i]
			}
			if !yield(row) {
				return
			}
		}
	}
}
