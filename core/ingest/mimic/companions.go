package mimic

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"

	"github.com/fusemoe/fusemoe/core/data"
	"github.com/fusemoe/fusemoe/core/ingest/extract"
	"github.com/fusemoe/fusemoe/core/ingest/table"
)

// findCompanions looks for notes, images and ECGs.
func (in *importer) findCompanions() error {
	if in.Version == III {
		notes, err := table.Find(in.ICU, "noteevents")
		if err != nil {
			return err
		}
		in.add(data.Source{Name: "notes", Kind: data.Text}, notes, "no notes: there is no NOTEEVENTS.csv or .csv.gz in "+in.ICU, in.readNoteEvents)
		return nil
	}
	for _, c := range []struct {
		source         data.Source
		dir, flag      string
		below          []string // where in dir the table may lie
		suffix, absent string
		read           func(context.Context, *extract.Source) error
	}{
		{data.Source{Name: "notes", Kind: data.Text}, in.Note, "--note", []string{".", "note"}, "radiology", "no notes", in.readRadiology},
		{data.Source{Name: "cxr", Kind: data.Path, MediaType: "image/jpeg"}, in.CXR, "--cxr", []string{"."}, "-metadata", "no chest X-rays", in.readImages},
		{data.Source{Name: "ecg", Kind: data.Path, MediaType: "application/x-wfdb"}, in.ECG, "--ecg", []string{"."}, "record_list", "no ECGs", in.readECGs},
	} {
		if c.dir == "" {
			in.Absent = append(in.Absent, c.absent+": no "+c.flag+" was given")
			continue
		}
		file, err := findSuffix(c.dir, c.below, c.suffix)
		if err != nil {
			return err
		}
		in.add(c.source, file, c.absent+": there is no *"+c.suffix+".csv or .csv.gz in "+c.dir, c.read)
	}
	return nil
}

// findSuffix finds the table whose name ends so, in one of some folders below dir.
func findSuffix(dir string, below []string, suffix string) (string, error) {
	if _, err := table.Find(dir, ""); err != nil {
		return "", err
	}
	for _, sub := range below {
		entries, err := os.ReadDir(filepath.Join(dir, sub))
		if err != nil {
			continue
		}
		for _, e := range entries {
			name := strings.TrimSuffix(strings.ToLower(e.Name()), ".gz")
			if stem, ok := strings.CutSuffix(name, ".csv"); ok && strings.HasSuffix(stem, suffix) {
				return filepath.Join(dir, sub, e.Name()), nil
			}
		}
	}
	return "", nil
}

// readRadiology reads the radiologists' reports. A report is known when it is stored,
// which may be long after the image was taken.
func (in *importer) readRadiology(ctx context.Context, s *extract.Source) error {
	r, err := table.Open(ctx, s.Origin, in.Table, "subject_id", "charttime", "storetime?", "text")
	if err != nil {
		return err
	}
	return in.readTexts(ctx, s, r, func() bool { return true })
}

// readNoteEvents reads the notes of MIMIC-III. Summaries of the discharge are written when
// the stay is over, whatever time they bear, and notes of a day alone have no hour.
func (in *importer) readNoteEvents(ctx context.Context, s *extract.Source) error {
	r, err := table.Open(ctx, s.Origin, in.Table, "subject_id", "charttime", "storetime?", "text", "category", "iserror?")
	if err != nil {
		return err
	}
	return in.readTexts(ctx, s, r, func() bool {
		return !bytes.EqualFold(bytes.TrimSpace(r.Cell(4)), []byte("Discharge summary")) && string(r.Cell(5)) != "1"
	})
}

// readTexts reads notes whose first cells are patient, time, time of storing, and text.
func (in *importer) readTexts(ctx context.Context, s *extract.Source, r *table.Reader, wanted func() bool) error {
	for r.Next() {
		person, ok := r.Int(0)
		if !ok || in.byPerson[person] == nil || !wanted() {
			continue
		}
		when, ok := r.Time(1)
		later, hasLater := r.Time(2)
		if !ok || r.Rejected() {
			continue
		}
		if !hasLater {
			later = when
		}
		text := strings.ToValidUTF8(strings.TrimSpace(string(r.Cell(3))), "�")
		err := in.within(person, when, func(stay int) error { return in.x.Write(ctx, s, stay, when, later, text) })
		if err != nil {
			_ = r.Close()
			return err
		}
	}
	return r.Close()
}

// readImages reads the list of chest X-rays. Their files lie in a folder of their own
// for each patient and study.
func (in *importer) readImages(ctx context.Context, s *extract.Source) error {
	r, err := table.Open(ctx, s.Origin, in.Table, "subject_id", "study_id", "dicom_id", "StudyDate", "StudyTime")
	if err != nil {
		return err
	}
	for r.Next() {
		person, ok := r.Int(0)
		if !ok || in.byPerson[person] == nil {
			continue
		}
		when, ok := studyTime(r.Cell(3), r.Cell(4))
		if !ok {
			r.Reject(3, "is no time", "StudyDate is YYYYMMDD and StudyTime HHMMSS")
			continue
		}
		patient := "p" + string(r.Cell(0))
		file := filepath.Join(filepath.Dir(s.Origin), "files", patient[:min(3, len(patient))], patient, "s"+string(r.Cell(1)), string(r.Cell(2))+".jpg")
		err := in.within(person, when, func(stay int) error { return in.x.Attach(ctx, s, stay, when, file) })
		if err != nil {
			_ = r.Close()
			return err
		}
	}
	return r.Close()
}

// studyTime reads DICOM's 21500131 and 235959.123, of which leading zeros may be gone.
func studyTime(day, clock []byte) (int64, bool) {
	if len(day) != 8 {
		return 0, false
	}
	whole, _, _ := bytes.Cut(clock, []byte("."))
	if len(whole) == 0 || len(whole) > 6 {
		return 0, false
	}
	c := strings.Repeat("0", 6-len(whole)) + string(whole)
	d := string(day)
	return table.ParseTime([]byte(d[:4] + "-" + d[4:6] + "-" + d[6:] + " " + c[:2] + ":" + c[2:4] + ":" + c[4:]))
}

// readECGs reads the list of ECGs. Each is a header with its signals beside it.
func (in *importer) readECGs(ctx context.Context, s *extract.Source) error {
	r, err := table.Open(ctx, s.Origin, in.Table, "subject_id", "ecg_time", "path")
	if err != nil {
		return err
	}
	for r.Next() {
		person, ok := r.Int(0)
		if !ok || in.byPerson[person] == nil {
			continue
		}
		when, ok := r.Time(1)
		path := filepath.FromSlash(string(r.Cell(2)))
		if ok && !filepath.IsLocal(path) {
			r.Reject(2, "leads out of the folder", "")
			continue
		}
		if !ok {
			continue
		}
		record := filepath.Join(filepath.Dir(s.Origin), path)
		err := in.within(person, when, func(stay int) error {
			return in.x.Attach(ctx, s, stay, when, record+".hea", record+".dat")
		})
		if err != nil {
			_ = r.Close()
			return err
		}
	}
	return r.Close()
}
