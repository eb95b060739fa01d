package checkpoint_test

import (
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/fusemoe/fusemoe/core/checkpoint"
)

func manifest() checkpoint.Manifest {
	return checkpoint.Manifest{
		Model: json.RawMessage(`{"width":128,"note":"a<b"}`),
		Modalities: []checkpoint.Modality{
			{
				Name: "vitals", Plugin: "vitals", Fingerprint: "v1", Kind: "measurements", Dim: 2,
				Features: []string{"heart_rate", "temperature"},
				Config:   json.RawMessage(`{"channels":["heart_rate"]}`), State: []byte{0, 1, 255},
			},
			{Name: "notes", Plugin: "notes", Kind: "embeddings", Dim: 768},
		},
		Tasks: []checkpoint.Task{{
			Name: "death", Kind: "binary", Columns: []string{"death"},
			Thresholds: checkpoint.Thresholds{0.30000000000000004},
		}},
		Epoch: 3, Step: 120, Metric: checkpoint.Metric{Name: "auroc", Value: 0.84}, Seed: math.MaxUint64,
	}
}

func tensors(value float32) []checkpoint.Tensor {
	return []checkpoint.Tensor{
		{Name: "bias", Shape: []int{2}, Data: []float32{value, float32(math.Inf(-1))}},
		{Name: "empty", Shape: []int{0, 4}, Data: []float32{}},
		{Name: "scale", Data: []float32{value}},
		{Name: "weight", Shape: []int{2, 3}, Data: []float32{1, 2, 3, 4, 5, math.SmallestNonzeroFloat32}},
	}
}

func save(t *testing.T, dir string, m checkpoint.Manifest, weights []checkpoint.Tensor) {
	t.Helper()
	if err := checkpoint.Save(dir, m, weights); err != nil {
		t.Fatal(err)
	}
}

func TestLoadGivesBackWhatWasSaved(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "seed-1", "best")
	save(t, dir, manifest(), tensors(7))
	m, weights, err := checkpoint.Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(tensors(7), weights); diff != "" {
		t.Error(diff)
	}
	where := cmpopts.IgnoreFields(checkpoint.Modality{}, "StateFile")
	files := cmpopts.IgnoreFields(checkpoint.Manifest{}, "Files", "Format", "SHA256")
	if diff := cmp.Diff(manifest(), m, where, files); diff != "" {
		t.Error(diff)
	}
}

func TestWhatCouldNotBeComputedComesBackAsNaN(t *testing.T) {
	dir := t.TempDir()
	m := manifest()
	m.Metric.Value = math.NaN()
	m.Tasks[0].Thresholds = checkpoint.Thresholds{0.5, math.NaN()}
	save(t, dir, m, nil)
	got, _, err := checkpoint.Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	th := got.Tasks[0].Thresholds
	if !math.IsNaN(got.Metric.Value) || len(th) != 2 || th[0] != 0.5 || !math.IsNaN(th[1]) {
		t.Errorf("metric %v, thresholds %v", got.Metric.Value, th)
	}
}

func TestEqualCheckpointsAreEqualFiles(t *testing.T) {
	a, b := t.TempDir(), t.TempDir()
	save(t, a, manifest(), tensors(7))
	backwards := tensors(7)
	for i, j := 0, len(backwards)-1; i < j; i, j = i+1, j-1 {
		backwards[i], backwards[j] = backwards[j], backwards[i]
	}
	save(t, b, manifest(), backwards)
	if diff := cmp.Diff(contents(t, a), contents(t, b)); diff != "" {
		t.Error(diff)
	}
}

func TestSaveReplacesTheFormerCheckpoint(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "notes.txt", "mine")
	write(t, dir, ".checkpoint-weights.tmp", "what a killed process left")
	save(t, dir, manifest(), tensors(1))
	m := manifest()
	m.Modalities = m.Modalities[1:]
	save(t, dir, m, tensors(2))

	_, weights, err := checkpoint.Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(tensors(2), weights); diff != "" {
		t.Error(diff)
	}
	files := contents(t, dir)
	if len(files) != 3 || files["notes.txt"] != "mine" {
		t.Errorf("want the manifest, one file of weights and notes.txt, got %d files", len(files))
	}
}

// A folder in the place of the manifest makes the very last step of Save fail.
func TestFailedSaveLeavesNothingNew(t *testing.T) {
	dir := t.TempDir()
	if err := os.MkdirAll(filepath.Join(dir, "manifest.json", "in the way"), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := checkpoint.Save(dir, manifest(), tensors(1)); err == nil {
		t.Fatal("no error")
	}
	if entries, _ := os.ReadDir(dir); len(entries) != 1 {
		t.Errorf("left behind: %v", entries)
	}
}

func TestFailedSaveKeepsTheFormerCheckpoint(t *testing.T) {
	bad := manifest()
	bad.Model = json.RawMessage(`{`)
	twice := append(tensors(3), tensors(4)...)
	for name, again := range map[string]func(dir string) error{
		"other weights":        func(dir string) error { return checkpoint.Save(dir, bad, tensors(2)) },
		"the same weights":     func(dir string) error { return checkpoint.Save(dir, bad, tensors(1)) },
		"two of one name":      func(dir string) error { return checkpoint.Save(dir, manifest(), twice) },
		"a shape that lies":    func(dir string) error { return checkpoint.Save(dir, manifest(), shaped(5)) },
		"a negative dimension": func(dir string) error { return checkpoint.Save(dir, manifest(), shaped(-1)) },
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			save(t, dir, manifest(), tensors(1))
			before := contents(t, dir)
			if err := again(dir); err == nil {
				t.Fatal("no error")
			}
			if diff := cmp.Diff(before, contents(t, dir)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func shaped(n int) []checkpoint.Tensor {
	return []checkpoint.Tensor{{Name: "w", Shape: []int{n}, Data: make([]float32, 4)}}
}

func TestDamageIsNamed(t *testing.T) {
	for name, c := range map[string]struct {
		glob   string
		damage func(text string) string
		want   string
	}{
		"no manifest":        {"manifest.json", nil, "no such file; name a folder that holds a checkpoint"},
		"cut manifest":       {"manifest.json", half, "not a manifest"},
		"newer format":       {"manifest.json", newer, "format 2, this program reads format 1; use the version"},
		"manifest of none":   {"manifest.json", func(string) string { return `{"format":1}` }, "names no file of weights"},
		"changed manifest":   {"manifest.json", func(text string) string { return strings.Replace(text, "120", "121", 1) }, "changed since it was written"},
		"path out of folder": {"manifest.json", outside, `names "../weights-`},
		"no weights":         {"weights-*", nil, "there is no such file; copy the whole checkpoint folder again"},
		"cut weights":        {"weights-*", half, "bytes long, the manifest says"},
		"changed weights":    {"weights-*", changed, "changed since it was written"},
		"no state":           {"state-*", nil, "there is no such file"},
		"changed state":      {"state-*", changed, "changed since it was written"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			save(t, dir, manifest(), tensors(1))
			paths, _ := filepath.Glob(filepath.Join(dir, c.glob))
			if len(paths) != 1 {
				t.Fatalf("files %v", paths)
			}
			if c.damage == nil {
				if err := os.Remove(paths[0]); err != nil {
					t.Fatal(err)
				}
			} else {
				text, _ := os.ReadFile(paths[0])
				write(t, dir, filepath.Base(paths[0]), c.damage(string(text)))
			}
			_, _, err := checkpoint.Load(dir)
			var e *checkpoint.Error
			if !errors.As(err, &e) || !strings.Contains(err.Error(), c.want) {
				t.Fatalf("error %v, want %q", err, c.want)
			}
			if base := filepath.Base(e.File); name != "path out of folder" && base != filepath.Base(paths[0]) {
				t.Errorf("the error names %s", base)
			}
			if c.damage == nil && !errors.Is(err, fs.ErrNotExist) {
				t.Error("the cause is not told")
			}
		})
	}
}

func half(text string) string    { return text[:len(text)/2] }
func newer(text string) string   { return resealed(text, `"format": 1`, `"format": 2`) }
func outside(text string) string { return resealed(text, `"weights-`, `"../weights-`) }
func changed(text string) string { return text[:len(text)-1] + string([]byte{text[len(text)-1] ^ 1}) }

// resealed replaces something in the text of a manifest, and its checksum, as
// docs/format/checkpoint.md says it is made.
func resealed(text, old, now string) string {
	text = strings.Replace(text, old, now, 1)
	at := strings.LastIndex(text, `"sha256": "`) + len(`"sha256": "`)
	blank := text[:at] + strings.Repeat("0", 64) + text[at+64:]
	return fmt.Sprintf("%s%x%s", text[:at], sha256.Sum256([]byte(blank)), text[at+64:])
}

// Later versions add tensor files and keys: this one reads past them.
func TestFurtherFilesAndKeysAreIgnored(t *testing.T) {
	dir := t.TempDir()
	save(t, dir, manifest(), tensors(1))
	text := contents(t, dir)["manifest.json"]
	more := `"files": {"optimizer": {"name": "optimizer-0123456789abcdef.safetensors", "bytes": 1, "sha256": ""},`
	write(t, dir, "manifest.json", resealed(text, `"files": {`, `"later": true, `+more))
	m, weights, err := checkpoint.Load(dir)
	if err != nil || len(weights) != len(tensors(1)) || len(m.Files) != 2 {
		t.Errorf("%d tensors, files %v, error %v", len(weights), m.Files, err)
	}
}

func TestFindNamesWhatDoesNotFit(t *testing.T) {
	data, err := checkpoint.Find(tensors(1), "weight", 2, 3)
	if err != nil || len(data) != 6 {
		t.Errorf("%v, error %v", data, err)
	}
	if _, err := checkpoint.Find(tensors(1), "scale"); err != nil {
		t.Errorf("a single number: %v", err)
	}
	_, err = checkpoint.Find(tensors(1), "weight", 3, 2)
	if err == nil || !strings.Contains(err.Error(), `"weight" of the checkpoint has shape [2 3], the model wants [3 2]`) {
		t.Errorf("error %v", err)
	}
	_, err = checkpoint.Find(tensors(1), "gate", 2)
	if err == nil || !strings.Contains(err.Error(), `no tensor "gate"`) {
		t.Errorf("error %v", err)
	}
}

func TestAnyBitsSurvive(t *testing.T) {
	dir := t.TempDir()
	rapid.Check(t, func(t *rapid.T) {
		rows, columns := rapid.IntRange(0, 5).Draw(t, "rows"), rapid.IntRange(0, 5).Draw(t, "columns")
		one := checkpoint.Tensor{Name: rapid.StringN(1, 20, -1).Draw(t, "name"), Shape: []int{rows, columns}}
		for range rows * columns {
			one.Data = append(one.Data, math.Float32frombits(rapid.Uint32().Draw(t, "bits")))
		}
		if err := checkpoint.Save(dir, checkpoint.Manifest{}, []checkpoint.Tensor{one}); err != nil {
			t.Fatal(err)
		}
		_, got, err := checkpoint.Load(dir)
		if err != nil || len(got) != 1 || got[0].Name != one.Name {
			t.Fatalf("%v, error %v", got, err)
		}
		for i, v := range got[0].Data {
			if math.Float32bits(v) != math.Float32bits(one.Data[i]) {
				t.Errorf("element %d: %x, saved %x", i, math.Float32bits(v), math.Float32bits(one.Data[i]))
			}
		}
	})
}

func contents(t *testing.T, dir string) map[string]string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]string{}
	for _, e := range entries {
		text, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		files[e.Name()] = string(text)
	}
	return files
}

func write(t *testing.T, dir, name, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
}
