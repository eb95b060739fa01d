package config_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/fusemoe/fusemoe/core/config"
)

// TestProblemsSayWhatWhereAndWhatToDo shows each complaint as its user reads it.
func TestProblemsSayWhatWhereAndWhatToDo(t *testing.T) {
	for _, c := range []struct {
		name string
		file string
		env  []string
		set  []string
		want string
	}{
		{
			name: "unknown key", file: "model:\n  widht: 64",
			want: "run.yaml:5: model.widht: unknown key; did you mean model.width?",
		},
		{
			name: "key in the wrong place", file: "model:\n  top_k: 2",
			want: "run.yaml:5: model.top_k: unknown key; did you mean model.router.top_k?",
		},
		{
			name: "key like no other", file: "log:\n  zzzzz: 1",
			want: "run.yaml:5: log.zzzzz: unknown key; known here are level, format",
		},
		{
			name: "unknown key of a modality", file: "  plugn: x",
			want: "run.yaml:4: modalities.0.plugn: unknown key; did you mean modalities.0.plugin?",
		},
		{
			name: "text for a number", file: "model:\n  width: wide",
			want: `run.yaml:5: model.width: want a whole number, not text "wide"`,
		},
		{
			name: "fraction for a whole number", file: "model: {width: 64.5}",
			want: `run.yaml:4: model.width: want a whole number, not 64.5`,
		},
		{
			name: "number for text", file: "out: 2024",
			want: `run.yaml:4: out: want text, not 2024; put it in quotes: "2024"`,
		},
		{
			name: "text for a bool", file: "model: {router: {noise: yes}}",
			want: `run.yaml:4: model.router.noise: want true or false, not text "yes"`,
		},
		{
			name: "number for a duration", file: "plugins: {encode_timeout: 30}",
			want: `run.yaml:4: plugins.encode_timeout: want a duration such as 90s or 2m, not 30`,
		},
		{
			name: "single value for a list", file: "train: {seeds: 42}",
			want: `run.yaml:4: train.seeds: want a list, not 42`,
		},
		{
			name: "wrong element", file: "train: {seeds: [1, -2]}",
			want: `run.yaml:4: train.seeds: element 1 of the list: want a whole number from 0, not -2`,
		},
		{
			name: "section for a value", file: "model: {width: {a: 1}}",
			want: `run.yaml:4: model.width: want a whole number, not keys of its own`,
		},
		{
			name: "value for a section", file: "model: 3",
			want: `run.yaml:4: model: want keys of its own, not 3`,
		},
		{
			name: "not a number", file: "train: {clip: .nan}",
			want: `run.yaml:4: train.clip: want a finite number, not .nan`,
		},
		{
			name: "no value", file: "model:\n  width:",
			want: `run.yaml:5: model.width: has no value; give a whole number or leave the key out`,
		},
		{
			name: "unknown name", file: "model: {router: {gate: laplase}}",
			want: `run.yaml:4: model.router.gate: "laplase" is not one of laplace, softmax, gaussian; did you mean laplace?`,
		},
		{
			name: "unknown preset", file: "preset: papers",
			want: `run.yaml:4: preset: "papers" is not one of default, paper, small; did you mean paper?`,
		},
		{
			name: "twice", file: "out: a\nout: b",
			want: `run.yaml:5: out: given twice, first in line 4; remove one`,
		},
		{
			name: "not YAML", file: "model: [",
			want: "run.yaml: not valid YAML near line 4: did not find expected node content",
		},
		{
			name: "two documents", file: "---\nout: b",
			want: "run.yaml: has more than one YAML document; keep one",
		},
		{
			name: "unknown variable", env: []string{"FUSEMOE_MODEL_ROUTER_TOPK=2"},
			want: "env FUSEMOE_MODEL_ROUTER_TOPK: unknown variable; did you mean FUSEMOE_MODEL_ROUTER_TOP_K?",
		},
		{
			name: "wrong type in a variable", env: []string{"FUSEMOE_TRAIN_EPOCHS=ten"},
			want: `env FUSEMOE_TRAIN_EPOCHS: train.epochs: want a whole number, not text "ten"`,
		},
		{
			name: "unknown key in a flag", set: []string{"train.epoch=3"},
			want: "--set: train.epoch: unknown key; did you mean train.epochs?",
		},
		{
			name: "wrong type in a flag", set: []string{"train.epochs=3.5"},
			want: "--set: train.epochs: want a whole number, not 3.5",
		},
		{
			name: "beneath a value", set: []string{"model.width.x=3"},
			want: "--set: model.width.x: model.width holds a whole number and has no keys of its own",
		},
		{
			name: "list without a position", set: []string{"modalities.vitals.name=x"},
			want: "--set: modalities.vitals: modalities is a list; give a position from 0, such as modalities.0",
		},
		{
			name: "gap in a list", set: []string{"modalities.2.name=x"},
			want: "--set: modalities.2: there are only 1; the next is modalities.1",
		},
		{
			name: "beneath a plugin's list", file: "  config: {channels: [a]}", set: []string{"modalities.0.config.channels.0=b"},
			want: "--set: modalities.0.config.channels: is no section, so nothing can be set beneath it; set it as a whole",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := load(t, one+c.file, env(c.env...), set(c.set...))
			if err == nil {
				t.Fatal("no error")
			}
			if got := err.Error(); got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}

func TestImpossibleCombinationsAreRefused(t *testing.T) {
	for _, c := range []struct{ set, want string }{
		{"modalities=[]", "--set: modalities: there are none; give at least one, such as {name: vitals, plugin: vitals}"},
		{"modalities.1.name=labs", "modalities.1.plugin: has no plugin; give its name or path"},
		{
			"modalities.1={name: vitals, plugin: p}",
			`--set: modalities.1.name: modalities.0 has the name "vitals" too; give each its own`,
		},
		{"modalities.0.name=a/b", `--set: modalities.0.name: "a/b" is no name; use letters, digits, "_" and "-", a letter first`},
		{"modalities.0.env=HOME,HOME", `--set: modalities.0.env: "HOME" is there twice; remove one`},
		{"model.width=100", "--set: model.width: 100 is not a multiple of model.heads, which is 8; try 104"},
		{"model.time_width=60", "--set: model.time_width: 60 is not a multiple of model.time_heads, which is 8; try 64"},
		{"model.layers=0", "--set: model.layers: want at least 1, not 0"},
		{"model.steps=1", "--set: model.steps: want at least 2, not 1"},
		{"model.dropout=1", "--set: model.dropout: want a share from 0 to below 1, not 1"},
		{"model.modality_dropout=0.1", "--set: model.modality_dropout: hides one of several modalities, but there is one; set it to 0"},
		{"model.imputation.kernel=49", "--set: model.imputation.kernel: 49 steps are more than model.steps, which is 48"},
		{"model.router.top_k=17", "--set: model.router.top_k: 17 is more than model.router.experts, which is 16"},
		{"model.router.balance=-1", "--set: model.router.balance: want at least 0, not -1"},
		{"model.router.entropy=1", "--set: model.router.entropy: the entropy loss compares modalities, but there is one; set it to 0"},
		{"train.seeds=", "--set: train.seeds: there are none; give at least one, such as [42]"},
		{"train.seeds=1,2,1", "--set: train.seeds: 1 is there twice; a seed's training would only be repeated"},
		{"train.learning_rate=0", "--set: train.learning_rate: want a number above 0, not 0"},
		{"pretrain.epochs=-1", "--set: pretrain.epochs: want at least 0, not -1"},
		{"pretrain.hide=1", "--set: pretrain.hide: want a share above 0 and below 1, not 1"},
		{"train.warmup=1", "--set: train.warmup: want a share from 0 to below 1, not 1"},
		{"train.average=-0.5", "--set: train.average: want a share from 0 to below 1, not -0.5"},
		{"train.threads=-1", "--set: train.threads: want at least 0, not -1"},
		{"plugins.encode_timeout=0s", "--set: plugins.encode_timeout: want a time above 0, not 0s"},
		{"data.tasks=a,b,a", `--set: data.tasks: "a" is there twice; remove one`},
		{"eval.resamples=-1", "--set: eval.resamples: want at least 0, not -1"},
	} {
		t.Run(c.set, func(t *testing.T) {
			_, err := load(t, one, set(c.set))
			if err == nil {
				t.Fatal("no error")
			}
			if got := err.Error(); got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}

func TestEntropyLossIsOnlyForPerModalityRouters(t *testing.T) {
	two := one + "- {name: labs, plugin: vitals}\n"
	must(t, two, set("model.router.entropy=0.01"))
	for kind, why := range map[string]string{"joint": "undefined for a joint router", "disjoint": "always -log M"} {
		_, err := load(t, two, set("model.router.entropy=0.01", "model.router.kind="+kind))
		if err == nil || !strings.Contains(err.Error(), why) ||
			!strings.HasPrefix(err.Error(), "--set: model.router.entropy: ") {
			t.Errorf("entropy with %s = %v, want an error that says %q", kind, err, why)
		}
	}
}

func TestDisjointPoolsMustHoldTopK(t *testing.T) {
	two := one + "- {name: labs, plugin: vitals}\nmodel: {router: {kind: disjoint, experts: 3, top_k: 2}}\n"
	_, err := load(t, two)
	want := "run.yaml:5: model.router.top_k: 2 is more than the 1 experts of a pool: disjoint routers divide 3 experts " +
		"among 2 modalities; set model.router.experts to 4 or more, or top_k lower"
	if err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
}

func TestAllProblemsComeAtOnce(t *testing.T) {
	_, err := load(t, "modalites: []\nmodel:\n  width: 100\n  heads: x\ntrain: {seeds: [1, 1]}\n", env("FUSEMOE_X=1"))
	var all *config.Error
	if !errors.As(err, &all) {
		t.Fatalf("Load = %v, want an *Error", err)
	}
	var keys []string
	for _, p := range all.Problems {
		keys = append(keys, p.Key)
	}
	// No word of missing modalities: the typo says it.
	if got := strings.Join(keys, " "); got != "modalites model.heads  model.width train.seeds" {
		t.Errorf("problems with %q:\n%v", got, err)
	}
}

func TestConfigBuiltByHandIsCheckedToo(t *testing.T) {
	cfg := config.Default()
	cfg.Model.Router.Gate = "linear"
	err := cfg.Validate()
	for _, want := range []string{
		`model.router.gate: "linear" is not one of laplace, softmax, gaussian`, "modalities: there are none",
	} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Validate = %v, want %q", err, want)
		}
	}
}

func TestAliasesCannotExplode(t *testing.T) {
	bomb := "modalities:\n- name: a\n  plugin: p\n  config:\n    l0: &l0 [x, x, x, x, x, x, x, x, x]\n"
	for _, l := range []string{"1", "2", "3", "4", "5", "6", "7", "8"} {
		ref := "*l" + string(l[0]-1)
		bomb += "    l" + l + ": &l" + l + " [" + strings.Repeat(ref+", ", 8) + ref + "]\n"
	}
	_, err := load(t, bomb)
	if err == nil || !strings.Contains(err.Error(), "aliases make this config larger") {
		t.Errorf("Load = %v, want an error about aliases", err)
	}
}
