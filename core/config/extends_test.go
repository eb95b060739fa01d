package config_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/fusemoe/fusemoe/core/config"
)

// files writes config files into a folder and returns it.
func files(t *testing.T, texts map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range texts {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestAFileSaysOnlyWhatItChanges(t *testing.T) {
	dir := files(t, map[string]string{
		"study.yaml":      "preset: small\nmodel: {dropout: 0.4, layers: 1}\n" + one,
		"rows/gate.yaml":  "extends: ../study.yaml\nmodel: {router: {gate: softmax}}\n",
		"rows/wider.yaml": "extends: gate.yaml\nmodel: {layers: 2}\n",
	})
	top := filepath.Join(dir, "rows/wider.yaml")
	cfg, err := config.Load(config.Sources{File: top})
	if err != nil {
		t.Fatal(err)
	}
	m := cfg.Model
	if cfg.Preset != config.PresetSmall || m.Dropout != 0.4 || m.Router.Gate != config.GateSoftmax || m.Layers != 2 || len(cfg.Modalities) != 1 {
		t.Errorf("loaded %+v", cfg)
	}
	for key, want := range map[string]string{
		"model.layers": top + ":2", "model.router.gate": filepath.Join(dir, "rows/gate.yaml") + ":2",
		"model.dropout": filepath.Join(dir, "study.yaml") + ":2",
	} {
		if got := cfg.Origin(key).String(); got != want {
			t.Errorf("%s comes from %s, want %s", key, got, want)
		}
	}
	if strings.Contains(yamlOf(t, cfg), "extends") {
		t.Error("what is written extends another file")
	}
}

func TestWhatCannotBeExtended(t *testing.T) {
	dir := files(t, map[string]string{
		"nowhere.yaml": "extends: none.yaml\n",
		"itself.yaml":  "extends: ./itself.yaml\n",
		"left.yaml":    "extends: right.yaml\n",
		"right.yaml":   "extends: left.yaml\n",
		"list.yaml":    "extends: [left.yaml]\n" + one,
		"broken.yaml":  "extends: typo.yaml\n",
		"typo.yaml":    "modell: {}\n" + one,
	})
	for name, want := range map[string]string{
		"nowhere.yaml": "nowhere.yaml:1: extends: there is no file " + filepath.Join(dir, "none.yaml"),
		"itself.yaml":  "itself.yaml:1: extends: ./itself.yaml extends this file itself",
		"left.yaml":    "right.yaml:1: extends: left.yaml extends this file itself",
		"list.yaml":    "list.yaml:1: extends: want the path of another config file",
		"broken.yaml":  "typo.yaml:1: modell: unknown key; did you mean model?",
	} {
		if _, err := config.Load(config.Sources{File: filepath.Join(dir, name)}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q in it", name, err, want)
		}
	}
}
