package core

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/fusemoe/fusemoe/core/report"
	"github.com/fusemoe/fusemoe/core/report/page"
)

// The files of a report.
const (
	reportData   = "report.json"
	reportPage   = "report.html"
	figureFolder = "figures"
)

// report writes the report of a run, of the evaluations of its ensemble, or of its
// first seed.
func (rt *Runtime) report(ctx context.Context, folder *runFolder, results []report.Result, one []*Evaluation, subject string) error {
	stage := rt.progress.Stage("write the report", 0)
	r, err := rt.document(folder, results, one, subject)
	if err == nil {
		err = ctx.Err()
	}
	if err == nil {
		err = writeFile(filepath.Join(folder.dir, reportData), func(w io.Writer) error {
			e := json.NewEncoder(w)
			e.SetIndent("", " ")
			return e.Encode(r)
		})
	}
	if err == nil {
		err = setPage(ctx, folder.dir, r)
	}
	if err != nil {
		return err
	}
	stage.Done()
	return nil
}

// setPage writes the page of a run and its figures.
func setPage(ctx context.Context, dir string, r page.Run) error {
	if err := os.MkdirAll(filepath.Join(dir, figureFolder), 0o755); err != nil {
		return fmt.Errorf("make the folder of the figures: %w", err)
	}
	for _, f := range r.Figures() {
		if err := ctx.Err(); err != nil {
			return err
		}
		path := filepath.Join(dir, figureFolder, f.Name)
		if err := errors.Join(writeFile(path+".svg", f.WriteSVG), writeFile(path+".png", f.WritePNG)); err != nil {
			return err
		}
	}
	return writeFile(filepath.Join(dir, reportPage), func(w io.Writer) error { return page.Write(w, r) })
}

// Report sets the report of a finished run again, from what the run has kept, and
// returns where it is.
func Report(ctx context.Context, dir string) (path string, err error) {
	defer recovered("report", &err)
	r, err := readReport(dir)
	if err != nil {
		return "", err
	}
	return filepath.Join(dir, reportPage), setPage(ctx, dir, r)
}

func readReport(dir string) (r page.Run, err error) {
	path := filepath.Join(dir, reportData)
	text, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		return r, fmt.Errorf("%s holds no report.json: give the folder of a run that has ended", dir)
	}
	if err == nil {
		err = json.Unmarshal(text, &r)
	}
	if err != nil {
		return r, fmt.Errorf("read %s: %w", path, err)
	}
	r.Name = filepath.Base(filepath.Clean(dir))
	return r, nil
}

// ReportTogether sets a page of several runs side by side into the file out: their
// figures, the paired differences of each from the first, and the settings in which
// they differ.
func ReportTogether(ctx context.Context, dirs []string, out string, resamples int, with ...Option) (err error) {
	defer recovered("report", &err)
	var t page.Together
	seen := map[string]bool{}
	for _, dir := range dirs {
		r, err := readReport(dir)
		if err != nil {
			return err
		}
		if seen[r.Name] {
			r.Name = dir
		}
		seen[r.Name] = true
		t.Runs = append(t.Runs, r)
	}
	if t.Comparisons, err = Compare(ctx, dirs, resamples, with...); ctx.Err() != nil {
		return err
	} else if err != nil {
		t.Why = fmt.Sprintf("The runs are not compared pairwise: %v.", err)
	}
	return writeFile(out, func(w io.Writer) error { return page.WriteTogether(w, t) })
}
