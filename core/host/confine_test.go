//go:build linux

package host_test

import (
	"encoding/json"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rs/zerolog"

	"github.com/fusemoe/fusemoe/core/host"
	"github.com/fusemoe/fusemoe/core/host/sandbox"
	"github.com/fusemoe/fusemoe/sdk/modalitypb"
)

// needSandbox skips the test where the kernel has none.
func needSandbox(t *testing.T) {
	t.Helper()
	if err := sandbox.Supported(); err != nil {
		t.Skip(err)
	}
}

// confined is the spec, in a sandbox.
func confined(t *testing.T, s host.Spec, read ...string) host.Spec {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	s.Sandbox = &host.Sandbox{Wrapper: []string{self, "zoo", "confine"}, Read: append(read, filepath.Dir(s.Command[len(s.Command)-1]))}
	if s.Command[0] == self {
		s.Sandbox.Read = read // the program itself may be read anyway
	}
	return s
}

// temptations are what a fugitive tries to get at: a patient's file, a socket of each
// kind, and a model that it may read.
func temptations(t *testing.T) (patient, model string, env []string) {
	t.Helper()
	dir := shortTempDir(t)
	patient, model = filepath.Join(dir, "patient"), filepath.Join(shortTempDir(t), "model")
	for _, path := range []string{patient, model} {
		if err := os.WriteFile(path, []byte("secret"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	tcp, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	unix, err := net.Listen("unix", filepath.Join(dir, "s"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _ = tcp.Close(), unix.Close() })
	t.Setenv("FUSEMOE_TEST_PATIENT", patient)
	t.Setenv("FUSEMOE_TEST_MODEL", model)
	t.Setenv("FUSEMOE_TEST_TCP", tcp.Addr().String())
	t.Setenv("FUSEMOE_TEST_UNIX", filepath.Join(dir, "s"))
	return patient, model, []string{"FUSEMOE_TEST_PATIENT", "FUSEMOE_TEST_MODEL", "FUSEMOE_TEST_TCP", "FUSEMOE_TEST_UNIX"}
}

// permitted are the attempts that succeed in a sandbox.
var permitted = map[string]bool{
	"read its model": true, "write to its directory": true, "make a temporary file": true,
}

func TestAPluginInASandboxReadsNoOtherFilesAndTalksToNobody(t *testing.T) {
	needSandbox(t)
	patient, model, env := temptations(t)
	goPlugin := animal(t, "tries to escape")
	for name, spec := range map[string]host.Spec{"Go": goPlugin, "Python": pythonPlugin(t, "testdata/python-fugitive", "")} {
		t.Run(name, func(t *testing.T) {
			spec.Env, spec.Dir = append(spec.Env, env...), filepath.Join(shortTempDir(t), "work")
			free := attempts(t, spec, patient)
			if name == "Python" {
				spec.Env = append(spec.Env, "PYTHONPATH")
				model = strings.Join([]string{model, os.Getenv("PYTHONPATH")}, "\n")
			}
			held := attempts(t, confined(t, spec, strings.Split(model, "\n")...), patient)
			if len(free) < 10 || len(held) != len(free) {
				t.Fatalf("%d attempts, %d in a sandbox", len(free), len(held))
			}
			for what, said := range free {
				if said != "done" {
					t.Errorf("without a sandbox the plugin cannot %s, so this test is worth nothing: %s", what, said)
				}
			}
			for what, said := range held {
				if (said == "done") != permitted[what] {
					t.Errorf("in a sandbox the plugin tried to %s: %s", what, said)
				}
			}
		})
	}
}

// attempts is what a fugitive came to, in encoding the patient's own file.
func attempts(t *testing.T, spec host.Spec, patient string) map[string]string {
	t.Helper()
	if err := os.WriteFile(patient, []byte("secret"), 0o600); err != nil {
		t.Fatal(err)
	}
	var log lines
	p := start(t, &log, spec).Plugin("m")
	sample := &modalitypb.Sample{Items: []*modalitypb.Item{
		{MediaType: "text/plain", Payload: &modalitypb.Item_Data{Data: []byte("four")}},
	}}
	err := p.Encode(t.Context(), func(yield func(*modalitypb.Sample, error) bool) { yield(sample, nil) },
		func(_ int, r *modalitypb.Result) error {
			if r.GetError() != nil {
				t.Error(r.GetError().GetSummary())
			}
			return nil
		})
	if err != nil {
		t.Fatal(err)
	}
	said := map[string]string{}
	waitUntil(t, func() bool { return strings.Contains(log.String(), `"given up"`) })
	for line := range strings.Lines(log.String()) {
		var one struct{ What, Said, Message string }
		if err := json.Unmarshal([]byte(line), &one); err == nil && one.Message == "attempt" {
			said[one.What] = one.Said
		}
	}
	return said
}

func TestAPluginInASandboxGetsFilesAsData(t *testing.T) {
	needSandbox(t)
	t.Parallel()
	file := filepath.Join(t.TempDir(), "mrs-smith.txt")
	if err := os.WriteFile(file, []byte("slept well"), 0o600); err != nil {
		t.Fatal(err)
	}
	of := func(path string) host.Samples {
		return func(yield func(*modalitypb.Sample, error) bool) {
			yield(&modalitypb.Sample{Items: []*modalitypb.Item{
				{MediaType: "text/plain", Payload: &modalitypb.Item_Path{Path: path}},
			}}, nil)
		}
	}
	p := start(t, &lines{}, confined(t, animal(t, "tame"))).Plugin("m")
	if got, err := lengths(p, of(file)); err != nil || got[0] != len("slept well") {
		t.Errorf("got %v, %v", got, err)
	}
	_, err := lengths(p, of(filepath.Join(filepath.Dir(file), "mrs-jones.txt")))
	want := "plugin m: encode: its file 0, which a plugin in a sandbox gets as data, cannot be read: no such file or directory at sample 0"
	if err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

func TestNoPluginInASandboxOutlivesAKilledHost(t *testing.T) {
	needSandbox(t)
	t.Parallel()
	outlives(t, "host of a sandbox")
}

func TestWhatASandboxNeedsIsTold(t *testing.T) {
	t.Parallel()
	spec := animal(t, "tame")
	spec.Sandbox = &host.Sandbox{}
	for want, s := range map[string]host.Spec{
		"modality m: sandbox: this program has no command that puts plugins into one": spec,
		"host: modality m: only a command can run in a sandbox":                       {Name: "m", InProcess: &plugin{}, Sandbox: spec.Sandbox},
	} {
		if _, err := host.Start(t.Context(), zerolog.Nop(), []host.Spec{s}); err == nil || err.Error() != want {
			t.Errorf("got %v, want %s", err, want)
		}
	}
	needSandbox(t)
	_, err := host.Start(t.Context(), zerolog.Nop(), []host.Spec{confined(t, animal(t, "crashes at start"))})
	if err == nil || !strings.Contains(err.Error(), "it runs in a sandbox: what else it needs to read, such as a model, stands under read") {
		t.Errorf("got %v", err)
	}
}
