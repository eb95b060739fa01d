package cxr_test

import (
	"bytes"
	"fmt"
	"image"
	"image/png"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sbinet/npyio/npz"

	"github.com/fusemoe/fusemoe/core"
	"github.com/fusemoe/fusemoe/core/config"
	"github.com/fusemoe/fusemoe/core/data"
	"github.com/fusemoe/fusemoe/plugins/cxr"
)

// pneumonia is PneumoniaMNIST: chest X-rays of children, 28 x 28, and which have
// pneumonia.
const pneumonia = "../../../shared/data/pneumoniamnist/pneumoniamnist.npz"

// radiographs are the images of a split, as PNG files, and their labels. Of most, 0 is
// all, others are chosen at random.
func radiographs(t testing.TB, split string, most int) (files [][]byte, labels []uint8) {
	t.Helper()
	if _, err := os.Stat(pneumonia); err != nil {
		t.Skip("PneumoniaMNIST is not here: ", pneumonia)
	}
	f, err := npz.Open(pneumonia)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var pixels, all []uint8
	if err := f.Read(split+"_images.npy", &pixels); err != nil {
		t.Fatal(err)
	}
	if err := f.Read(split+"_labels.npy", &all); err != nil {
		t.Fatal(err)
	}
	order := rand.New(rand.NewPCG(1, 2)).Perm(len(all))
	if most > 0 {
		order = order[:min(most, len(order))]
	}
	const side = 28
	for _, i := range order {
		m := image.NewGray(image.Rect(0, 0, side, side))
		copy(m.Pix, pixels[i*side*side:(i+1)*side*side])
		var file bytes.Buffer
		if err := png.Encode(&file, m); err != nil {
			t.Fatal(err)
		}
		files, labels = append(files, file.Bytes()), append(labels, all[i])
	}
	return files, labels
}

// cohort writes a dataset folder with at most that many images of each split.
func cohort(t *testing.T, most map[string]int) string {
	t.Helper()
	dir := t.TempDir()
	var samples, images strings.Builder
	samples.WriteString("id,patient,split,pneumonia\n")
	images.WriteString("sample,time,path\n")
	for _, split := range []string{"train", "val", "test"} {
		files, labels := radiographs(t, split, most[split])
		for i, file := range files {
			id := fmt.Sprintf("%s-%d", split, i)
			fmt.Fprintf(&samples, "%s,%s,%s,%d\n", id, id, split, labels[i])
			fmt.Fprintf(&images, "%s,0,%s.png\n", id, id)
			if err := os.WriteFile(filepath.Join(dir, id+".png"), file, 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	for name, text := range map[string]string{
		"samples.csv": samples.String(), "images.csv": images.String(),
		"dataset.yaml": "name: pneumonia\ntime_unit: hours\nwindow: 1\ntasks: [{name: pneumonia, kind: binary}]\n" +
			"modalities: [{name: cxr, kind: path, file: images.csv, media_type: image/png}]\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// auroc prepares, trains and returns the AUROC of the test split.
func auroc(t *testing.T, dir string) float64 {
	t.Helper()
	cfg := config.Default()
	cfg.Data.Path = dir
	cfg.Modalities = []config.Modality{{Name: "cxr", Plugin: "cxr"}}
	cfg.Model.Steps, cfg.Model.Width, cfg.Model.Heads, cfg.Model.Layers, cfg.Model.Hidden = 2, 64, 4, 1, 64
	cfg.Model.TimeWidth, cfg.Model.TimeHeads = 8, 2
	cfg.Model.Router.Experts, cfg.Model.Router.TopK, cfg.Model.Router.Hidden = 4, 2, 64
	cfg.Train.Epochs, cfg.Train.Batch, cfg.Train.Accumulate, cfg.Train.LearningRate = 10, 32, 1, 1e-3
	rt, err := core.Open(t.Context(), cfg, core.WithModality("cxr", cxr.New()), core.WithCacheDir(t.TempDir()))
	if err != nil {
		t.Fatal(err)
	}
	defer rt.Close()
	if err := rt.Prepare(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := rt.Train(t.Context()); err != nil {
		t.Fatal(err)
	}
	test, err := rt.Evaluate(t.Context(), data.Test)
	if err != nil {
		t.Fatal(err)
	}
	return test.Metrics[0].Value("auroc")
}

// TestPneumoniaIsFoundOnRealRadiographs takes a part of PneumoniaMNIST. With
// CXR_PNEUMONIA=all it takes all 5,856 images.
func TestPneumoniaIsFoundOnRealRadiographs(t *testing.T) {
	if testing.Short() {
		t.Skip("trains a model")
	}
	most := map[string]int{"train": 900, "val": 150, "test": 300}
	if os.Getenv("CXR_PNEUMONIA") == "all" {
		most = nil
	}
	if got := auroc(t, cohort(t, most)); got < 0.93 {
		t.Errorf("AUROC %.4f on the test split, want 0.93", got)
	} else {
		t.Logf("AUROC %.4f on the test split", got)
	}
}
