package examples_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/fusemoe/fusemoe/core/data"
	"github.com/fusemoe/fusemoe/examples"
)

func TestPhysioNet2012IsAValidDataset(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "example")
	if err := examples.PhysioNet2012(dir); err != nil {
		t.Fatal(err)
	}
	d, err := data.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	for split, want := range map[data.Split]int{data.Train: 640, data.Val: 160, data.Test: 200} {
		if got := len(d.Rows(split)); got != want {
			t.Errorf("%s has %d stays, want %d", split, got, want)
		}
	}
	labels, err := d.Labels("in_hospital_death")
	if err != nil {
		t.Fatal(err)
	}
	for split := data.Train; split <= data.Test; split++ {
		rows, deaths := d.Rows(split), 0
		for _, i := range rows {
			deaths += int(labels[i])
		}
		// 13.85 % of all stays of set a.
		if share := float64(deaths) / float64(len(rows)); share < 0.13 || share > 0.15 {
			t.Errorf("%s: %d of %d died", split, deaths, len(rows))
		}
	}
	if _, err := os.Stat(filepath.Join(dir, "ATTRIBUTION.md")); err != nil {
		t.Error(err)
	}
}

func TestPhysioNet2012KeepsWhatIsThere(t *testing.T) {
	dir := t.TempDir()
	own := filepath.Join(dir, "own.txt")
	if err := os.WriteFile(own, []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := examples.PhysioNet2012(dir); err == nil {
		t.Error("unpacked into a folder with files")
	}
	if text, err := os.ReadFile(own); err != nil || string(text) != "mine" {
		t.Errorf("the file has %q (%v)", text, err)
	}
}
