package cache

import (
	"bytes"
	"encoding/hex"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/testing/protocmp"
	"pgregory.net/rapid"

	"github.com/fusemoe/fusemoe/core/data"
	"github.com/fusemoe/fusemoe/sdk/modalitypb"
)

// labs is a file of three samples: encoded, missing, and one that failed.
func labs() (Header, []*modalitypb.Result) {
	h := Header{
		Name: "labs", Fingerprint: Key([]byte("labs")), Dim: 2, Features: []string{"na", "k"},
		Measurements: true, Count: 3,
	}
	return h, []*modalitypb.Result{
		encoded(data.Sequence{Times: []float64{1, 2}, Values: []float32{140, 0, 139, 4}, Observed: []bool{true, false, true, true}}),
		encoded(data.Sequence{}),
		{Result: &modalitypb.Result_Error{Error: &modalitypb.Diagnostic{
			Severity: modalitypb.Diagnostic_SEVERITY_ERROR, Summary: "the image is broken",
		}}},
	}
}

func encoded(s data.Sequence) *modalitypb.Result {
	return &modalitypb.Result{Result: &modalitypb.Result_Sequence{
		Sequence: modalitypb.PackSequence(s.Times, s.Values, s.Observed),
	}}
}

// written writes a file and returns its path.
func written(t testing.TB, h Header, results []*modalitypb.Result) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "labs.cache")
	w, err := Create(path, h)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Abort()
	for _, r := range results {
		if err := w.Append(r); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Commit(); err != nil {
		t.Fatal(err)
	}
	return path
}

func content(t testing.TB) []byte {
	t.Helper()
	b, err := os.ReadFile(written(labsOf(t)))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func labsOf(t testing.TB) (testing.TB, Header, []*modalitypb.Result) {
	h, results := labs()
	return t, h, results
}

func TestWhatIsWrittenIsRead(t *testing.T) {
	h, results := labs()
	got, err := Read(written(t, h, results))
	if err != nil {
		t.Fatal(err)
	}
	want := &File{
		Header: h,
		Encoded: data.Encoded{
			Name: "labs", Dim: 2, Features: []string{"na", "k"}, Measurements: true,
			Sequences: []data.Sequence{
				{Times: []float64{1, 2}, Values: []float32{140, 0, 139, 4}, Observed: []bool{true, false, true, true}}, {}, {},
			},
		},
		Errors: map[int]*modalitypb.Diagnostic{2: results[2].GetError()},
	}
	if diff := cmp.Diff(want, got, protocmp.Transform()); diff != "" {
		t.Error(diff)
	}
}

func TestAnySequencesAreReadAsWritten(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		h := Header{Name: rapid.String().Draw(r, "name"), Dim: rapid.IntRange(1, 5).Draw(r, "dim"), Count: rapid.IntRange(0, 4).Draw(r, "samples")}
		var want []data.Sequence
		var results []*modalitypb.Result
		for range h.Count {
			var s data.Sequence
			for i := range rapid.IntRange(0, 4).Draw(r, "rows") {
				s.Times = append(s.Times, float64(i))
				s.Values = append(s.Values, rapid.SliceOfN(rapid.Float32Range(-9, 9), h.Dim, h.Dim).Draw(r, "row")...)
			}
			want, results = append(want, s), append(results, encoded(s))
		}
		got, err := Read(written(t, h, results))
		if err != nil {
			r.Fatal(err)
		}
		if diff := cmp.Diff(want, got.Encoded.Sequences); diff != "" && len(want) > 0 {
			r.Fatal(diff)
		}
	})
}

// The bytes of docs/format/cache.md.
func TestFormat(t *testing.T) {
	path := written(t, Header{Name: "n", Fingerprint: "f", Dim: 1, Features: []string{"x"}, Count: 1},
		[]*modalitypb.Result{encoded(data.Sequence{Times: []float64{1}, Values: []float32{2}})})
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	want := strings.Join([]string{
		"667573656d6f6500",                   // magic
		"01000000",                           // version
		"20000000",                           // length of the header
		"01000000" + "6e",                    // name
		"01000000" + "66",                    // fingerprint
		"01000000",                           // dim
		"02",                                 // kind: embeddings
		"0100000000000000",                   // samples
		"01000000" + "01000000" + "78",       // features
		"14000000",                           // length of the record
		"0a12" + "0801",                      // Result.sequence of 18 bytes, length 1
		"1208000000000000f03f",               // times
		"1a0400000040",                       // values
		"3000000000000000",                   // index: the record
		"4800000000000000",                   // where the index is
		hex.EncodeToString(got[len(got)-4:]), // checksum, which Read compares
	}, "")
	if diff := cmp.Diff(want, hex.EncodeToString(got)); diff != "" {
		t.Error(diff)
	}
}

func TestUnfinishedFilesLeaveNothing(t *testing.T) {
	h, results := labs()
	for name, end := range map[string]func(w *Writer) error{
		"aborted":        func(w *Writer) error { w.Abort(); return errors.New("aborted") },
		"sample missing": func(w *Writer) error { return w.Commit() },
		"nowhere to move": func(w *Writer) error {
			w.path = filepath.Join(w.path, "x")
			_ = w.Append(results[2])
			return w.Commit()
		},
	} {
		dir := t.TempDir()
		w, err := Create(filepath.Join(dir, "labs.cache"), h)
		if err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(w.Append(results[0]), w.Append(results[1])); err != nil {
			t.Fatal(err)
		}
		if end(w) == nil {
			t.Errorf("%s: no error", name)
		}
		if w.Append(results[2]) == nil || w.Commit() == nil {
			t.Errorf("%s: went on after the end", name)
		}
		if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
			t.Errorf("%s: left %v (%v)", name, left, err)
		}
	}
}

// A process that is killed cannot clean up; the next one does, but not while another may
// be writing.
func TestAbandonedFilesAreRemoved(t *testing.T) {
	dir := t.TempDir()
	old, fresh := filepath.Join(dir, ".a.sequences.partial-1"), filepath.Join(dir, ".b.state.partial-2")
	for _, name := range []string{old, fresh} {
		if err := os.WriteFile(name, []byte("half"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	yesterday := time.Now().Add(-25 * time.Hour)
	if err := os.Chtimes(old, yesterday, yesterday); err != nil {
		t.Fatal(err)
	}
	if err := WriteState(filepath.Join(dir, "c.state"), []byte("mean")); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(old); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the old one: %v", err)
	}
	if _, err := os.Stat(fresh); err != nil {
		t.Errorf("the fresh one: %v", err)
	}
}

func TestAppendRefusesInvalidSequences(t *testing.T) {
	h, _ := labs()
	w, err := Create(filepath.Join(t.TempDir(), "labs.cache"), h)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Abort()
	if w.Append(encoded(data.Sequence{Times: []float64{1}, Values: []float32{1, 2, 3}})) == nil {
		t.Error("appended a sequence of another width")
	}
}

func TestMissingFile(t *testing.T) {
	if _, err := Read(filepath.Join(t.TempDir(), "nowhere")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %v", err)
	}
}

func TestDamageIsNoticed(t *testing.T) {
	good := content(t)
	if _, err := read(bytes.NewReader(good), int64(len(good))); err != nil {
		t.Fatal(err)
	}
	for i := range good {
		flipped := bytes.Clone(good)
		flipped[i] ^= 1
		if _, err := read(bytes.NewReader(flipped), int64(len(flipped))); !errors.Is(err, ErrUnusable) {
			t.Errorf("bit of byte %d flipped: %v", i, err)
		}
		if _, err := read(bytes.NewReader(good[:i]), int64(i)); !errors.Is(err, ErrUnusable) {
			t.Errorf("cut after %d bytes: %v", i, err)
		}
	}
	long := append(bytes.Clone(good), 0)
	if _, err := read(bytes.NewReader(long), int64(len(long))); !errors.Is(err, ErrUnusable) {
		t.Errorf("a byte too many: %v", err)
	}
}

func TestKeyTellsPartsApart(t *testing.T) {
	keys := map[string]bool{}
	for _, parts := range [][][]byte{{}, {{}}, {{}, {}}, {[]byte("ab"), []byte("c")}, {[]byte("a"), []byte("bc")}, {[]byte("abc")}} {
		keys[Key(parts...)] = true
	}
	if len(keys) != 6 {
		t.Errorf("%d keys of 6 lists of parts", len(keys))
	}
}

func FuzzRead(f *testing.F) {
	good := content(f)
	f.Add(good)
	f.Add(good[:40])
	f.Add([]byte(magic))
	f.Fuzz(func(t *testing.T, b []byte) {
		file, err := read(bytes.NewReader(b), int64(len(b)))
		if err != nil {
			if !errors.Is(err, ErrUnusable) {
				t.Errorf("got %v", err)
			}
			return
		}
		for i, s := range file.Encoded.Sequences {
			if len(s.Values) != len(s.Times)*file.Dim {
				t.Errorf("sample %d has %d values for %d times", i, len(s.Values), len(s.Times))
			}
		}
	})
}
