package physionet2012

import (
	"archive/tar"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/klauspost/compress/gzip"
)

// walk calls each with every .txt file of a folder or .tar.gz archive. The text is
// valid during the call.
func walk(source string, each func(file string, text []byte) error) error {
	info, err := os.Stat(source)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("%s: there is no such folder or archive", source)
	case err != nil:
		return err
	case info.IsDir():
		return walkFolder(source, each)
	case strings.HasSuffix(source, ".tar.gz") || strings.HasSuffix(source, ".tgz"):
		return walkArchive(source, each)
	}
	return fmt.Errorf("%s: it is neither a folder nor a .tar.gz archive", source)
}

func walkFolder(source string, each func(file string, text []byte) error) error {
	entries, err := os.ReadDir(source)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if e.IsDir() || !isText(e.Name()) {
			continue
		}
		file := filepath.Join(source, e.Name())
		text, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		if err := each(file, text); err != nil {
			return err
		}
	}
	return nil
}

// maxFile bounds what is read of one file in an archive: the challenge's largest has
// about 40 KB.
const maxFile = 16 << 20

func walkArchive(source string, each func(file string, text []byte) error) error {
	f, err := os.Open(source)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	damaged := func(err error) error {
		return fmt.Errorf("%s: it is no readable .tar.gz archive, perhaps it was cut short: %w", source, err)
	}
	unzipped, err := gzip.NewReader(f)
	if err != nil {
		return damaged(err)
	}
	archive := tar.NewReader(unzipped)
	for {
		entry, err := archive.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return damaged(err)
		}
		if entry.Typeflag != tar.TypeReg || !isText(path.Base(entry.Name)) {
			continue
		}
		text, err := io.ReadAll(io.LimitReader(archive, maxFile))
		if err != nil {
			return damaged(err)
		}
		if err := each(source+"/"+entry.Name, text); err != nil {
			return err
		}
	}
}

// isText tells files of the challenge from what file managers leave behind.
func isText(name string) bool {
	return strings.HasSuffix(name, ".txt") && !strings.HasPrefix(name, ".")
}

func isOutcomes(file string) bool {
	return strings.HasPrefix(path.Base(filepath.ToSlash(file)), "Outcomes")
}

// outcomesBeside lists the files of outcomes in the folder that holds a source.
func outcomesBeside(source string) []string {
	entries, _ := os.ReadDir(filepath.Dir(filepath.Clean(source))) // what is not there is not found
	var files []string
	for _, e := range entries {
		if !e.IsDir() && isText(e.Name()) && isOutcomes(e.Name()) {
			files = append(files, filepath.Join(filepath.Dir(filepath.Clean(source)), e.Name()))
		}
	}
	return files
}

// outcome is what became of a patient.
type outcome struct {
	death float64 // 1: in hospital
	days  float64 // of stay in hospital; NaN: unknown
}

func (in *importer) readOutcomesFile(file string) error {
	f, err := os.Open(file)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	return in.readOutcomes(file, f)
}

// readOutcomes reads a CSV file with the columns RecordID, In-hospital_death and
// Length_of_stay, among others.
func (in *importer) readOutcomes(file string, from io.Reader) error {
	r := csv.NewReader(from)
	r.ReuseRecord = true
	var column [3]int
	for first := true; ; first = false {
		cells, err := r.Read()
		switch {
		case errors.Is(err, io.EOF) && !first:
			return nil
		case err != nil:
			return fmt.Errorf("%s: it is no readable file of outcomes: %w", file, err)
		case first:
			if column, err = outcomeColumns(cells); err != nil {
				return fmt.Errorf("%s, line 1: %w", file, err)
			}
			continue
		}
		line, _ := r.FieldPos(0)
		out, err := parseOutcome(cells[column[1]], cells[column[2]])
		if err != nil {
			return fmt.Errorf("%s, line %d: %w", file, line, err)
		}
		record := strings.Clone(cells[column[0]])
		if before, twice := in.outcomes[record]; twice && !before.equal(out) {
			return fmt.Errorf("%s, line %d: it contradicts an earlier outcome of the same stay", file, line)
		}
		in.outcomes[record] = out
	}
}

func outcomeColumns(header []string) (column [3]int, err error) {
	for i, name := range []string{"RecordID", "In-hospital_death", "Length_of_stay"} {
		column[i] = -1
		for j, have := range header {
			if strings.TrimSpace(have) == name {
				column[i] = j
			}
		}
		if column[i] < 0 {
			return column, fmt.Errorf("the column %s is missing: is this the challenge's file of outcomes?", name)
		}
	}
	return column, nil
}

func parseOutcome(death, days string) (outcome, error) {
	if death != "0" && death != "1" {
		return outcome{}, errors.New("the cell In-hospital_death is neither 0 nor 1")
	}
	stay, err := strconv.ParseFloat(days, 32)
	switch {
	case err != nil || stay < 0 && stay != missing:
		return outcome{}, errors.New("the cell Length_of_stay is neither a number of days nor -1")
	case stay == missing:
		stay = math.NaN()
	}
	return outcome{death: float64(death[0] - '0'), days: stay}, nil
}

func (o outcome) equal(other outcome) bool {
	return o.death == other.death && (o.days == other.days || math.IsNaN(o.days) && math.IsNaN(other.days))
}
