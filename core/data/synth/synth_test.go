package synth_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"image/jpeg"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"

	"github.com/fusemoe/fusemoe/core/data"
	"github.com/fusemoe/fusemoe/core/data/synth"
)

// cohort is a small one for tests that only read.
func cohort(t *testing.T, samples int, seed uint64) string {
	t.Helper()
	to := filepath.Join(t.TempDir(), "cohort")
	if _, err := synth.Write(t.Context(), synth.Options{Samples: samples, Seed: seed, To: to}); err != nil {
		t.Fatal(err)
	}
	return to
}

// files are the hashes of all files of a folder.
func files(t *testing.T, dir string) map[string][sha256.Size]byte {
	t.Helper()
	all := map[string][sha256.Size]byte{}
	err := fs.WalkDir(os.DirFS(dir), ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := os.ReadFile(filepath.Join(dir, path))
		all[path] = sha256.Sum256(content)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestTheSameSeedGivesTheSameFilesOnAnyNumberOfCores(t *testing.T) {
	first := files(t, cohort(t, 24, 5))
	old := runtime.GOMAXPROCS(1)
	t.Cleanup(func() { runtime.GOMAXPROCS(old) })
	second := files(t, cohort(t, 24, 5))
	for path, hash := range first {
		if second[path] != hash {
			t.Errorf("%s differs", path)
		}
	}
	if len(first) != len(second) || len(first) < 20 {
		t.Errorf("%d files, then %d", len(first), len(second))
	}
	if files(t, cohort(t, 24, 6))["notes.csv"] == first["notes.csv"] {
		t.Error("another seed gives the same notes")
	}
}

// TestItIsADatasetWithoutProblems reads what was written as a run does.
func TestItIsADatasetWithoutProblems(t *testing.T) {
	d, err := data.Open(cohort(t, 60, 1))
	if err != nil {
		t.Fatal(err)
	}
	if len(d.Warnings) > 0 {
		t.Errorf("warnings: %v", d.Warnings)
	}
	for split, want := range map[data.Split]int{data.Train: 36, data.Val: 9, data.Test: 15} {
		if got := len(d.Rows(split)); got != want {
			t.Errorf("%v has %d samples, want %d", split, got, want)
		}
	}
	for _, source := range []string{"measurements", "notes", "ecg", "cxr"} {
		items := 0
		for sample, err := range d.Requests(source, d.Rows(data.Train)) {
			if err != nil {
				t.Fatal(err)
			}
			items += len(sample.Items)
		}
		if items == 0 {
			t.Errorf("%s has no items", source)
		}
	}
}

func TestImagesAreGreyJPEGs(t *testing.T) {
	paths, err := filepath.Glob(filepath.Join(cohort(t, 40, 1), "cxr", "*.jpg"))
	if err != nil || len(paths) == 0 {
		t.Fatal(paths, err)
	}
	for _, path := range paths {
		content, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		img, err := jpeg.Decode(bytes.NewReader(content))
		if err != nil {
			t.Fatal(err)
		}
		if size := img.Bounds().Size(); size.X != 384 || size.Y != 384 || fmt.Sprintf("%T", img) != "*image.Gray" {
			t.Errorf("%s: %T of %v", path, img, size)
		}
	}
}

func TestNotesReadLikeNotes(t *testing.T) {
	content, err := os.ReadFile(filepath.Join(cohort(t, 60, 1), "notes.csv"))
	if err != nil {
		t.Fatal(err)
	}
	text := string(content)
	for _, want := range []string{
		`\[\*\*Known lastname \d+\*\*\]`, `Name: ___`, `HISTORY OF PRESENT ILLNESS:`, `PHYSICAL EXAM:`,
		`Denies`, `No history of`, `Full code`, `DNR`, `Signed: `,
	} {
		if !regexp.MustCompile(want).MatchString(text) {
			t.Errorf("no %s in any note", want)
		}
	}
	for _, unwanted := range []string{"%!", "  with", "with .", ", ,"} {
		if strings.Contains(text, unwanted) {
			t.Errorf("there is %q in a note", unwanted)
		}
	}
}

func TestNothingIsLeftOfAnInterruptedCohort(t *testing.T) {
	parent := t.TempDir()
	ctx, cancel := context.WithCancel(t.Context())
	_, err := synth.Write(ctx, synth.Options{Samples: 200, Seed: 1, To: filepath.Join(parent, "cohort"), Progress: func(done, _ int) {
		if done == 5 {
			cancel()
		}
	}})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
	if left, err := os.ReadDir(parent); err != nil || len(left) > 0 {
		t.Errorf("left: %v (%v)", left, err)
	}
}

func TestWriteRefuses(t *testing.T) {
	full := t.TempDir()
	if err := os.WriteFile(filepath.Join(full, "own.txt"), []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		o    synth.Options
		want string
	}{
		{synth.Options{Samples: 19, To: filepath.Join(full, "new")}, "19 samples are too few"},
		{synth.Options{Samples: 20, To: full}, "exists and is not empty"},
	} {
		if _, err := synth.Write(t.Context(), c.o); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v: %v", c.o, err)
		}
	}
}

func ExampleWrite() {
	parent, err := os.MkdirTemp("", "synth-")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(parent)
	report, err := synth.Write(context.Background(), synth.Options{Samples: 20, Seed: 1, To: filepath.Join(parent, "cohort")})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("train, val, test:", report.Samples)
	for _, c := range report.Having {
		fmt.Println(c.Modality, c.Samples > 0)
	}
	// Output:
	// train, val, test: [12 3 5]
	// measurements true
	// notes true
	// ecg true
	// cxr true
}
