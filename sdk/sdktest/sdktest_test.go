package sdktest

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/fusemoe/fusemoe/sdk"
)

func texts() []sdk.Sample {
	text := func(time float64, s string) sdk.Item {
		return sdk.Item{Time: time, MediaType: "text/plain", Data: []byte(s)}
	}
	return []sdk.Sample{
		{ID: "a", Items: []sdk.Item{text(0.5, "slept well"), text(3, "ate a little, walked to the window and back")}},
		{ID: "b", Items: []sdk.Item{text(1, "short of breath at night, better in the morning")}},
	}
}

func TestAGoodModalityConforms(t *testing.T) {
	Conform(t, Case{New: func() sdk.Modality { return &good{} }, Samples: texts()})
}

func TestAGoodModalityThatFitsConforms(t *testing.T) {
	Conform(t, Case{New: func() sdk.Modality { return &fits{} }, Config: `{"unit": 3}`, Samples: texts()})
}

func TestAGoodProgramConforms(t *testing.T) {
	examine(t, program{argv: zoo(t, "prints")}, Case{Samples: texts()}, "")
}

// zoo is what starts this test's executable as a plugin.
func zoo(t *testing.T, animal string) []string {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return []string{self, "zoo", animal}
}

// examine checks that of all checks exactly those named fail, separated by commas, each
// with a sentence of advice.
func examine(t *testing.T, target target, c Case, want string) {
	t.Helper()
	checks := contract()
	if p, ok := target.(program); ok {
		checks = append(checks, processChecks(p)...)
	} else {
		checks = append(checks, inProcess()...)
	}
	k := newKit(c, target)
	defer k.close()
	k.giveUpSoon(strings.Split(want, ","))
	var got []string
	for _, check := range checks {
		f := k.run(t.Context(), check)
		if f.Status != Failed {
			continue
		}
		got = append(got, f.Check)
		if !strings.HasSuffix(f.Advice, ".") || f.Message == "" {
			t.Errorf("%s fails with the message %q and the advice %q", f.Check, f.Message, f.Advice)
		}
		t.Logf("%s: %s", f.Check, f.Message)
	}
	if diff := cmp.Diff(want, strings.Join(got, ",")); diff != "" {
		t.Errorf("the checks that fail: %s", diff)
	}
}

// giveUpSoon waits less where a check is to fail; where it is not, a machine that does much
// else has all its time.
func (k *kit) giveUpSoon(checks []string) {
	k.patience = patience{leak: time.Minute, cancel: time.Minute, shutdown: time.Minute, lifeline: time.Minute}
	const soon = 400 * time.Millisecond
	for _, check := range checks {
		switch check {
		case "no goroutine left":
			k.patience.leak = soon
		case "cancel":
			k.patience.cancel = soon
		case "shutdown":
			k.patience.shutdown = soon
		case "lifeline":
			k.patience.lifeline = soon
		}
	}
}

func TestEveryCheckFindsItsFault(t *testing.T) {
	const whole = "sequences"
	tests := []struct{ animal, fails string }{
		{"", ""},
		{"has no version", "describe"},
		{"changes its mind", "fingerprint"},
		{"refuses everything", "config"},
		{"ignores its config", "unknown key"},
		{"says where in its own words", "schema,unknown key"},
		{"tells another schema", "schema"},
		{"cannot read", whole},
		{"finds nothing", whole},
		{"is too wide", whole},
		{"invents times", "times"},
		{"rolls dice", "same twice,one by one,any order,two streams,restart,unknown media type,broken items"},
		{"counts", "same twice,any order,two streams,broken items"},
		{"gets stuck", "broken items"},
		{"quotes", "privacy"},
		{"quotes in errors", "sequences,privacy"},
		{"leaves goroutines", "no goroutine left"},
	}
	for _, test := range tests {
		t.Run(test.animal, func(t *testing.T) {
			examine(t, memory{func() sdk.Modality { return &good{animal: test.animal} }}, Case{Samples: texts()}, test.fails)
		})
	}
	for animal, fails := range map[string]string{
		"learns by chance": "fit twice", "learns nothing": "config",
	} {
		t.Run(animal, func(t *testing.T) {
			examine(t, memory{func() sdk.Modality { return &fits{good{animal: animal}} }}, Case{Samples: texts()}, fails)
		})
	}
	for animal, fails := range map[string]string{"": "", "rounds": "one by one", "does not listen": "cancel"} {
		t.Run("batches "+animal, func(t *testing.T) {
			examine(t, memory{func() sdk.Modality { return &batch{good{animal: animal}} }}, Case{Samples: texts()}, fails)
		})
	}
	t.Run("without the SDK", func(t *testing.T) {
		examine(t, sloppy{}, Case{Samples: texts()}, "schema,unknown key,fingerprint,encode before configure,no items,"+
			"encode before fit,state of another config,damaged state,unknown media type")
	})
}

func TestEveryProcessCheckFindsItsFault(t *testing.T) {
	tests := []struct{ animal, fails string }{
		{"crashes", "describe"},
		{"leaves a child", "no child left"},
		{"logs in its own way", ""}, // go-plugin keeps what is printed to os.Stderr
		{"shouts", "log levels"},
		{"outlives its host", "lifeline"},
	}
	for _, test := range tests {
		t.Run(test.animal, func(t *testing.T) {
			t.Parallel()
			examine(t, program{argv: zoo(t, test.animal)}, Case{Samples: texts()}, test.fails)
		})
	}
	t.Run("inside a script", func(t *testing.T) {
		t.Parallel()
		argv := append([]string{"/bin/sh", "-c", `"$@"; sleep 100`, "sh"}, zoo(t, "")...)
		examine(t, program{argv: argv}, Case{Samples: texts()}, "shutdown,no child left,lifeline")
	})
}

// What does not start breaks no other promise, and is told how to start.
func TestAPluginThatDoesNotStartHasOneFinding(t *testing.T) {
	t.Parallel()
	var got []Finding
	Examine(t.Context(), zoo(t, "crashes"), Case{Samples: texts()}, func(f Finding) { got = append(got, f) })
	want := Finding{
		Check: "describe", Status: Failed, Message: "it ended before it listened; it wrote: no licence", Advice: startAdvice,
	}
	if len(got) != 1 || got[0] != want {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestWithoutSamplesHalfIsSkipped(t *testing.T) {
	k := newKit(Case{}, memory{func() sdk.Modality { return &good{} }})
	defer k.close()
	statuses := map[Status]int{}
	for _, check := range contract() {
		statuses[k.run(t.Context(), check).Status]++
	}
	if statuses[Failed] > 0 || statuses[Passed] < 5 || statuses[Skipped] < 5 {
		t.Errorf("got %v", statuses)
	}
}

func TestReadSamples(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "samples.json")
	write := func(text string) {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(`[{"id": "a", "items": [
		{"time": 2, "media_type": "image/png", "path": "scan.png", "attributes": {"view": "AP"}},
		{"time": 0.5, "row": {"hr": 72, "bp": 120}},
		{"time": 1, "text": ""}
	]}]`)
	got, err := ReadSamples(file)
	if err != nil {
		t.Fatal(err)
	}
	want := []sdk.Sample{{ID: "a", Items: []sdk.Item{
		{Time: 0.5, MediaType: sdk.RowType, Row: sdk.NewRow([]string{"bp", "hr"}, []float32{120, 72})},
		{Time: 1, MediaType: "text/plain", Data: []byte{}},
		{Time: 2, MediaType: "image/png", Path: filepath.Join(dir, "scan.png"), Attributes: map[string]string{"view": "AP"}},
	}}}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(sdk.Row{})); diff != "" {
		t.Error(diff)
	}
	for text, want := range map[string]string{
		"[\n{\n":                     "samples.json:3: no JSON: unexpected end of JSON input",
		"[\n{\"id\": 'a'}]":          "samples.json:2: no JSON: invalid character",
		`[{"idd": "a"}]`:             "[0].idd: unknown key, did you mean id?",
		`[{"items": [{"time": 1}]}]`: "[0].items[0]: want one of row, text and path, not 0 of them",
		`[{"items": [{"text": "", "path": "a"}]}]`: "[0].items[0]: want one of row, text and path, not 2 of them",
		`[{"items": [{"path": "a.png"}]}]`:         "[0].items[0]: a path needs a media_type",
	} {
		write(text)
		if _, err := ReadSamples(file); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %s", text, err, want)
		}
	}
}
