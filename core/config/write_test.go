package config_test

import (
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/fusemoe/fusemoe/core/config"
)

func yamlOf(t testing.TB, cfg *config.Config) string {
	t.Helper()
	var b strings.Builder
	if err := cfg.WriteYAML(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestWrittenConfigSaysWhereEachValueCameFrom(t *testing.T) {
	text := yamlOf(t, must(t, one+"  config: {limits: {low: 1}, channels: [a, b], ranges: [{hr: 1}, x]}\npreset: paper\n",
		env("FUSEMOE_MODEL_WIDTH=64"), set("model.router.gate=softmax")))
	have := map[string]bool{}
	for line := range strings.Lines(text) {
		have[strings.Join(strings.Fields(line), " ")] = true
	}
	for _, want := range []string{
		"preset: paper # run.yaml:5",
		"low: 1 # run.yaml:4",
		"channels: [a, b] # run.yaml:4",
		"- {hr: 1} # run.yaml:4", "- x",
		"source: vitals # default",
		"encode_timeout: 2m # default",
		"width: 64 # env FUSEMOE_MODEL_WIDTH",
		"gate: softmax # --set",
		"seeds: [32, 42, 52] # preset paper",
		`out: "" # default`,
	} {
		if !have[want] {
			t.Errorf("no line %q in\n%s", want, text)
		}
	}
}

// A config that was written and is read again is the same, whatever was set.
func TestWrittenConfigReadsBackTheSame(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		cfg := config.Default()
		words := rapid.StringOf(rapid.RuneFrom([]rune(`abz 059:#'"\-_[]{},.é~!&*`)))
		setting := rapid.OneOf(words.AsAny(), rapid.Int().AsAny(), rapid.Bool().AsAny(),
			rapid.Float64Range(-1e9, 1e9).Filter(func(f float64) bool { return f != float64(int64(f)) }).AsAny())
		cfg.Modalities = []config.Modality{{
			Name: "a", Plugin: "./" + words.Draw(t, "plugin"), Source: "s", Device: "cpu", OnError: config.OnErrorStop, Replicas: 1,
			Config: rapid.MapOf(words, setting).Draw(t, "config"),
		}}
		cfg.Out = words.Draw(t, "out")
		cfg.Train.Seeds = rapid.SliceOfNDistinct(rapid.Uint64(), 1, 4, rapid.ID).Draw(t, "seeds")
		cfg.Train.LearningRate = rapid.Float64Range(1e-12, 10).Draw(t, "rate")
		cfg.Model.Dropout = rapid.Float64Range(0, 0.99).Draw(t, "dropout")
		var b strings.Builder
		if err := cfg.WriteYAML(&b); err != nil {
			t.Fatal(err)
		}
		again, err := config.Load(config.Sources{File: "again.yaml", Text: []byte(b.String())})
		if err != nil {
			t.Fatalf("%v\n%s", err, b.String())
		}
		if d := cmp.Diff(cfg, again, cmpopts.IgnoreUnexported(config.Config{}), cmpopts.EquateEmpty()); d != "" {
			t.Fatalf("read back (-written +read):\n%s\n%s", d, b.String())
		}
	})
}

// FuzzLoad checks that no text makes loading panic, and that what loads can be
// written and loaded again.
func FuzzLoad(f *testing.F) {
	f.Add(one)
	f.Add("preset: paper\nmodel: {router: {kind: disjoint}}\n" + one)
	f.Add("a: &a {b: *a}")
	f.Add("<<: [x]\nmodalities: [<<: {name: a, plugin: b, config: {? [1] : 2}}]")
	f.Add("modalities: [{name: a, plugin: b, config: {t: 2020-01-01, n: .inf, b: !!binary aGk=, x: !y 1}}]")
	f.Fuzz(func(t *testing.T, text string) {
		cfg, err := config.Load(config.Sources{File: "f.yaml", Text: []byte(text)})
		if err != nil {
			return
		}
		if _, err := config.Load(config.Sources{File: "f.yaml", Text: []byte(yamlOf(t, cfg))}); err != nil {
			t.Errorf("what was written does not load: %v", err)
		}
	})
}

func Example() {
	file := []byte(`
modalities:
- name: vitals
  plugin: vitals
model:
  router: {gate: softmax}
`)
	cfg, err := config.Load(config.Sources{File: "run.yaml", Text: file, Environ: os.Environ()})
	if err != nil {
		panic(err)
	}
	os.Stdout.WriteString(string(cfg.Model.Router.Gate) + " from " + cfg.Origin("model.router.gate").String())
	// Output: softmax from run.yaml:6
}
