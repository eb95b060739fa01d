//go:build unix

package host_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rs/zerolog"

	"github.com/fusemoe/fusemoe/core/host"
	"github.com/fusemoe/fusemoe/sdk/modalitypb"
)

// python is the spec of the troublesome plugin in testdata, with the Python that has what it
// needs, and whose SDK is that of this repository.
func python(tb testing.TB, config string) host.Spec {
	tb.Helper()
	return pythonPlugin(tb, "testdata/python", config)
}

// pythonPlugin is the spec of a plugin in a folder.
func pythonPlugin(tb testing.TB, folder, config string) host.Spec {
	tb.Helper()
	sdk, err := filepath.Abs("../../sdk/python")
	if err != nil {
		tb.Fatal(err)
	}
	script, err := filepath.Abs(filepath.Join(folder, "main.py"))
	if err != nil {
		tb.Fatal(err)
	}
	for _, name := range []string{"python3", "/usr/bin/python3"} {
		program, err := exec.LookPath(name)
		if err != nil || exec.Command(program, "-c", "import google.protobuf, grpc, numpy").Run() != nil {
			continue
		}
		// What Python reads go test does not see: only so a change is no result from its cache.
		for _, dir := range []string{sdk, folder} {
			if err := filepath.WalkDir(dir, func(_ string, _ fs.DirEntry, err error) error { return err }); err != nil {
				tb.Fatal(err)
			}
		}
		tb.Setenv("PYTHONPATH", sdk)
		tb.Setenv("PYTHONDONTWRITEBYTECODE", "1")
		return host.Spec{
			Name: "m", Command: []string{program, script}, Config: json.RawMessage(config),
			Env: []string{"PYTHONPATH", "PYTHONDONTWRITEBYTECODE"},
		}
	}
	tb.Skip("no Python with grpcio, protobuf and numpy: apt-get install python3-grpcio python3-protobuf python3-numpy")
	return host.Spec{}
}

func TestAPythonPluginFitsAndEncodes(t *testing.T) {
	p := start(t, &lines{}, python(t, `{"width": 3}`)).Plugin("m")
	if d := p.Describe(); d.GetName() != "texts" || !d.GetFits() || !strings.Contains(d.GetConfigSchema(), `"width"`) {
		t.Errorf("described as %v", d)
	}
	state, err := p.Fit(t.Context(), texts("a", "b", "c"), nil)
	if err != nil {
		t.Fatal(err)
	}
	before := p.Fingerprint()
	if err := p.Configure(t.Context(), state); err != nil {
		t.Fatal(err)
	}
	if p.Fingerprint() == before {
		t.Error("the state does not change the fingerprint")
	}
	// Samples of 0.7 MB: several batches.
	contents := []string{"one", strings.Repeat("x", 700_000), "fails", strings.Repeat("x", 700_000), "last"}
	err = p.Encode(t.Context(), texts(contents...), func(i int, r *modalitypb.Result) error {
		if contents[i] == "fails" {
			if s := r.GetError().GetSummary(); !strings.HasPrefix(s, "the plugin raised ValueError at main.py:") {
				t.Errorf("the sample that fails is told as %q", s)
			}
			return nil
		}
		times, values, _, err := r.GetSequence().Unpack(3)
		if err == nil && (times[0] != float64(i) || values[0] != float32(len(contents[i])) || values[2] != 3) {
			t.Errorf("sample %d became %v at %v", i, values, times)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

func TestAPythonPluginsMistakesInTheConfigAreTold(t *testing.T) {
	_, err := host.Start(t.Context(), zerolog.Nop(), []host.Spec{python(t, `{"with": 3}`)})
	if want := "modality m: configure: with: unknown key, did you mean width?; valid: width"; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

func TestWhatAPythonPluginWritesIsOnlyLogged(t *testing.T) {
	var log lines
	fleet := start(t, &log, python(t, ""))
	state, err := fleet.Plugin("m").Fit(t.Context(), texts("a"), nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := fleet.Plugin("m").Configure(t.Context(), state); err != nil {
		t.Fatal(err)
	}
	got, err := lengths(fleet.Plugin("m"), texts("four", "fails"))
	if err != nil || got[0] != 4 || got[1] != -1 {
		t.Errorf("got %v, %v", got, err)
	}
	fleet.Stop()
	for _, want := range []string{
		`{"level":"info","plugin":"m","message":"loading 100 %..."}`,
		`{"level":"info","plugin":"m","message":"{\"@message\": 5, \"@level\": \"info\"}"}`,
		`{"level":"error","plugin":"m","message":"only words"}`,
		`{"level":"warn","plugin":"m","width":1,"message":"configured"}`,
		"UserWarning: it is old",
		`{"level":"info","plugin":"m","message":"ready"}`,
		`{"level":"info","plugin":"m","message":"a child says so"}`,
		`{"level":"error","plugin":"m","exception":"ValueError","stack":"`,
	} {
		if !strings.Contains(log.String(), want) {
			t.Errorf("no line %s in\n%s", want, log.String())
		}
	}
	if strings.Contains(log.String(), "Smith") {
		t.Error("the words of an exception, which may quote a patient, are in the log")
	}
}

func TestStopEndsAPythonPluginAndItsChildren(t *testing.T) {
	var log lines
	fleet := start(t, &log, host.Patiently(python(t, `{"width": 2}`)))
	pids := fleet.Plugin("m").Features()
	fleet.Stop()
	for _, pid := range pids {
		if !gone(pidOf(t, pid)) {
			t.Errorf("process %s of %v is still there", pid, pids)
		}
	}
	if strings.Contains(log.String(), "ended by force") {
		t.Error("it does not end when it is asked to")
	}
}

func TestNoPythonPluginOutlivesAKilledHost(t *testing.T) {
	spec, tmp := python(t, `{"width": 2}`), shortTempDir(t)
	cmd := exec.Command(animal(t, "").Command[0], "zoo", "host of Python")
	cmd.Env = append(os.Environ(), "TMPDIR="+tmp, "XDG_RUNTIME_DIR=", pythonEnv+"="+spec.Command[0])
	cmd.Stderr = os.Stderr
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	text, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait()
	if !gone(pidOf(t, strings.TrimSpace(text))) {
		t.Error("the plugin lives on")
	}
	if left, err := os.ReadDir(tmp); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

// pythonEnv tells the host that gets killed which Python to use.
const pythonEnv = "FUSEMOE_TEST_PYTHON"

// runPythonHost is runHost with the Python plugin.
func runPythonHost() {
	script, err := filepath.Abs("testdata/python/main.py")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	runHost(host.Spec{
		Name: "m", Command: []string{os.Getenv(pythonEnv), script}, Config: json.RawMessage(`{"width": 2}`),
		Env: []string{"PYTHONPATH", "PYTHONDONTWRITEBYTECODE"},
	})
}
