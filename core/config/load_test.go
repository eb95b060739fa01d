package config_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/fusemoe/fusemoe/core/config"
)

// one is the shortest file that makes a valid config.
const one = "modalities:\n- name: vitals\n  plugin: vitals\n"

func load(t *testing.T, text string, more ...func(*config.Sources)) (*config.Config, error) {
	t.Helper()
	src := config.Sources{File: "run.yaml", Text: []byte(text)}
	for _, m := range more {
		m(&src)
	}
	return config.Load(src)
}

func env(vars ...string) func(*config.Sources) {
	return func(s *config.Sources) { s.Environ = vars }
}

func set(pairs ...string) func(*config.Sources) {
	return func(s *config.Sources) {
		for _, p := range pairs {
			a, err := config.ParseSet(p)
			if err != nil {
				panic(err)
			}
			s.Flags = append(s.Flags, a)
		}
	}
}

func must(t *testing.T, text string, more ...func(*config.Sources)) *config.Config {
	t.Helper()
	cfg, err := load(t, text, more...)
	if err != nil {
		t.Fatalf("Load: %v", err)
	}
	return cfg
}

func TestDefaultsFillWhatTheFileLeavesOut(t *testing.T) {
	want := config.Default()
	want.Modalities = []config.Modality{{
		Name: "vitals", Plugin: "vitals", Source: "vitals", Device: "cpu", OnError: config.OnErrorStop, Replicas: 1,
	}}
	got := must(t, one)
	if d := cmp.Diff(want, got, cmpopts.IgnoreUnexported(config.Config{}), cmpopts.EquateEmpty()); d != "" {
		t.Errorf("config of a file with one modality (-want +got):\n%s", d)
	}
}

func TestLaterLayersWin(t *testing.T) {
	for _, c := range []struct {
		name   string
		file   string
		env    []string
		set    []string
		want   int
		origin string
	}{
		{name: "default", want: 8, origin: "default"},
		{name: "preset", file: "preset: small", want: 64, origin: "preset small"},
		{name: "file over preset", file: "preset: small\ntrain:\n  eval_batch: 3", want: 3, origin: "run.yaml:6"},
		{
			name: "environment over file", file: "train:\n  eval_batch: 3",
			env: []string{"FUSEMOE_TRAIN_EVAL_BATCH=4"}, want: 4, origin: "env FUSEMOE_TRAIN_EVAL_BATCH",
		},
		{
			name: "flag over environment", env: []string{"FUSEMOE_TRAIN_EVAL_BATCH=4"},
			set: []string{"train.eval_batch=5"}, want: 5, origin: "--set",
		},
		{name: "last flag", set: []string{"train.eval_batch=5", "train.eval_batch=6"}, want: 6, origin: "--set"},
		{name: "preset from a flag", set: []string{"preset=small"}, want: 64, origin: "preset small"},
	} {
		t.Run(c.name, func(t *testing.T) {
			cfg := must(t, one+c.file, env(c.env...), set(c.set...))
			if cfg.Train.EvalBatch != c.want {
				t.Errorf("train.eval_batch = %d, want %d", cfg.Train.EvalBatch, c.want)
			}
			if got := cfg.Origin("train.eval_batch").String(); got != c.origin {
				t.Errorf("origin = %q, want %q", got, c.origin)
			}
		})
	}
}

func TestEveryKindOfValueCanBeSet(t *testing.T) {
	file := one + "  config: {scale: standard, limits: {low: 1}, channels: [a, b]}\n"
	for _, c := range []struct {
		set  string
		want func(*config.Config) any
		is   any
	}{
		{"out=7", func(c *config.Config) any { return c.Out }, "7"},
		{"model.dropout=0", func(c *config.Config) any { return c.Model.Dropout }, 0.0},
		{"model.dropout=2e-1", func(c *config.Config) any { return c.Model.Dropout }, 0.2},
		{"model.router.gate=softmax", func(c *config.Config) any { return c.Model.Router.Gate }, config.GateSoftmax},
		{"model.router.noise=true", func(c *config.Config) any { return c.Model.Router.Noise }, true},
		{"plugins.encode_timeout=90s", func(c *config.Config) any { return c.Plugins.EncodeTimeout }, 90 * time.Second},
		{"train.seeds=1,2", func(c *config.Config) any { return c.Train.Seeds }, []uint64{1, 2}},
		{"train.seeds=[3]", func(c *config.Config) any { return c.Train.Seeds }, []uint64{3}},
		{"data.tasks=death, stay", func(c *config.Config) any { return c.Data.Tasks }, []string{"death", "stay"}},
		{"data.tasks=", func(c *config.Config) any { return c.Data.Tasks }, []string{}},
		{
			"model.router={gate: softmax, experts: 8}",
			func(c *config.Config) any { return c.Model.Router.Experts }, 8,
		},
		{
			"modalities.0.config.scale=none",
			func(c *config.Config) any { return c.Modalities[0].Config },
			map[string]any{"scale": "none", "limits": map[string]any{"low": 1}, "channels": []any{"a", "b"}},
		},
		{
			"modalities.0.config.limits.high=2.5",
			func(c *config.Config) any { return c.Modalities[0].Config["limits"] },
			map[string]any{"low": 1, "high": 2.5},
		},
		{
			"modalities.0.config.limits={high: 2}",
			func(c *config.Config) any { return c.Modalities[0].Config["limits"] },
			map[string]any{"high": 2},
		},
		{
			"modalities.0.config={}",
			func(c *config.Config) any { return len(c.Modalities[0].Config) }, 0,
		},
		{"modalities.1={name: labs, plugin: vitals}", func(c *config.Config) any { return len(c.Modalities) }, 2},
		{
			"modalities=[{name: labs, plugin: p}]",
			func(c *config.Config) any { return c.Modalities[0].Name + c.Modalities[0].Source }, "labslabs",
		},
	} {
		t.Run(c.set, func(t *testing.T) {
			cfg := must(t, file, set(c.set))
			if d := cmp.Diff(c.is, c.want(cfg)); d != "" {
				t.Errorf("after --set %s (-want +got):\n%s", c.set, d)
			}
		})
	}
}

func TestVariablesAreNamedLikeKeys(t *testing.T) {
	cfg := must(t, one,
		env("FUSEMOE_MODEL_ROUTER_TOP_K=2", "FUSEMOE_MODEL_TIME_WIDTH=32", "FUSEMOE_TRAIN_SEEDS=1,2,3",
			"FUSEMOE_MODALITIES_0_CONFIG_MAX_NOTES=5", "FUSEMOE_TRAIN_EPOCHS=", "PATH=/bin", "MODEL_WIDTH=7"))
	if got := cfg.Model.Router.TopK; got != 2 {
		t.Errorf("model.router.top_k = %d, want 2", got)
	}
	if got := cfg.Model.TimeWidth; got != 32 {
		t.Errorf("model.time_width = %d, want 32", got)
	}
	if got := len(cfg.Train.Seeds); got != 3 {
		t.Errorf("train.seeds has %d, want 3", got)
	}
	if got := cfg.Modalities[0].Config["max_notes"]; got != 5 {
		t.Errorf("modalities.0.config.max_notes = %v, want 5", got)
	}
}

func TestKeysOfAPluginMayHaveDots(t *testing.T) {
	cfg := must(t, one+"  config: {ranges: {a.b: 1}, a: {b: 2}}\n")
	want := map[string]any{"ranges": map[string]any{"a.b": 1}, "a": map[string]any{"b": 2}}
	if d := cmp.Diff(want, cfg.Modalities[0].Config); d != "" {
		t.Errorf("config (-want +got):\n%s", d)
	}
}

func TestAliasesAndMergesShareSettings(t *testing.T) {
	cfg := must(t, `
modalities:
- &base
  name: a
  plugin: vitals
  config: {scale: none}
- <<: *base
  name: b
`)
	if b := cfg.Modalities[1]; b.Name != "b" || b.Plugin != "vitals" || b.Config["scale"] != "none" {
		t.Errorf("merged modality = %+v", b)
	}
}

func TestDisjointPoolsHaveTheirOwnTopK(t *testing.T) {
	cfg := must(t, one+"model:\n  router:\n    kind: disjoint\n")
	if got := cfg.Model.Router.TopK; got != 2 {
		t.Errorf("default top_k of disjoint routers = %d, want 2", got)
	}
	cfg = must(t, one+"model:\n  router:\n    kind: disjoint\n    top_k: 4\n")
	if got := cfg.Model.Router.TopK; got != 4 {
		t.Errorf("top_k = %d, want the file's 4", got)
	}
}

func TestPaperPresetIsTheirRecipe(t *testing.T) {
	cfg := must(t, "preset: paper\n"+one)
	want := config.Default().Train
	want.Seeds = []uint64{32, 42, 52}
	want.WeightDecay, want.Warmup, want.Clip = 0, 0, 0
	want.Schedule = config.ScheduleConstant
	if d := cmp.Diff(want, cfg.Train); d != "" {
		t.Errorf("train (-want +got):\n%s", d)
	}
}

func TestReadsAFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "run.yaml")
	if err := os.WriteFile(path, []byte(one), 0o600); err != nil {
		t.Fatal(err)
	}
	cfg, err := config.Load(config.Sources{File: path})
	if err != nil {
		t.Fatal(err)
	}
	if o := cfg.Origin("modalities.0.name"); o.Name != path || o.Line != 2 {
		t.Errorf("origin of the name = %v, want line 2 of the file", o)
	}
}

func TestAFileThatCannotBeReadIsNamed(t *testing.T) {
	_, err := config.Load(config.Sources{File: "nowhere.yaml"})
	if !errors.Is(err, os.ErrNotExist) || !strings.HasPrefix(err.Error(), "nowhere.yaml: ") {
		t.Errorf("Load of a missing file = %v", err)
	}
}
