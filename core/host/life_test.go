//go:build unix

package host_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"github.com/fusemoe/fusemoe/core/host"
	"github.com/fusemoe/fusemoe/sdk/modalitypb"
)

func TestCancelEndsAStart(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	log := &heard{what: "never ready", then: cancel}
	_, err := host.Start(ctx, zerolog.New(log), []host.Spec{animal(t, "never ready")})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func TestAPluginSeesACleanEnvironment(t *testing.T) {
	t.Setenv("FUSEMOE_TEST_SECRET", "hidden")
	t.Setenv("FUSEMOE_TEST_CACHE", "wanted")
	var log lines
	spec := animal(t, "tells its environment")
	spec.Env = []string{"FUSEMOE_TEST_CACHE"}
	start(t, &log, spec).Stop()
	for _, want := range []string{"FUSEMOE_TEST_CACHE=wanted", "PATH=" + os.Getenv("PATH"), `"CUDA_VISIBLE_DEVICES="`} {
		if !strings.Contains(log.String(), want) {
			t.Errorf("the plugin does not see %s", want)
		}
	}
	if strings.Contains(log.String(), "hidden") {
		t.Error("the plugin sees what nobody listed")
	}
}

func TestStopEndsACall(t *testing.T) {
	t.Parallel()
	fleet := start(t, &lines{}, animal(t, "hangs"))
	err := fleet.Plugin("m").Encode(t.Context(), texts("a", "b", strings.Repeat("x", 2<<20), "now"),
		func(i int, _ *modalitypb.Result) error {
			if i == 2 { // the plugin hangs from here on
				go fleet.Stop()
			}
			return nil
		})
	if err == nil || err.Error() != "plugin m: encode: the plugin was stopped" {
		t.Errorf("got %v", err)
	}
}

func TestStopLeavesNothingBehind(t *testing.T) {
	spec := animal(t, "leaves a child")
	t.Setenv("XDG_RUNTIME_DIR", "")
	t.Setenv("TMPDIR", shortTempDir(t))
	var log lines
	fleet := start(t, &log, spec)
	plugin := pidOf(t, fleet.Plugin("m").Features()[0])
	fleet.Stop()
	var line struct{ Child int }
	if err := json.NewDecoder(strings.NewReader(log.String())).Decode(&line); err != nil || line.Child == 0 {
		t.Fatalf("no child: %v, %s", err, log.String())
	}
	for what, pid := range map[string]int{"plugin": plugin, "child": line.Child} {
		if !gone(pid) {
			t.Errorf("the %s is still there", what)
		}
	}
	if left, err := os.ReadDir(os.TempDir()); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

func TestStopEndsPluginsThatDoNotListen(t *testing.T) {
	t.Parallel()
	frozen, deaf, busy := animal(t, "tame"), animal(t, "ignores shutdown"), animal(t, "hangs")
	frozen.Name, deaf.Name, busy.Name = "frozen", "deaf", "busy"
	var log lines
	fleet := start(t, &log, frozen, deaf, busy, host.Spec{Name: "n", InProcess: &plugin{}})
	freeze(t, fleet.Plugin("frozen").PID())
	called := make(chan error)
	go func() {
		_, err := lengths(fleet.Plugin("busy"), texts("now"))
		called <- err
	}()
	waitUntil(t, func() bool { return strings.Contains(log.String(), `"plugin":"busy","message":"hangs"`) })
	fleet.Stop() // a plugin that it did not end would live longer than gone waits for
	for _, name := range []string{"frozen", "deaf", "busy"} {
		if !gone(fleet.Plugin(name).PID()) {
			t.Errorf("%s: the plugin is still there", name)
		}
		want := `"plugin":"` + name + `","message":"the plugin does not end when it is asked to, and is ended by force"}`
		if !strings.Contains(log.String(), want) && name != "busy" {
			t.Errorf("want %s in\n%s", want, log.String())
		}
	}
	if err := <-called; err == nil || err.Error() != "plugin busy: encode: the plugin was stopped" {
		t.Errorf("the call under way: %v", err)
	}
}

func TestTheUsualWaitsOfAStopAddUpToWhatUsersArePromised(t *testing.T) {
	if d := host.UsualStop(); d > 7*time.Second {
		t.Errorf("they are %v, and users are promised 7 s", d)
	}
}

func TestNoPluginOutlivesItsHost(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"host", "host that panics", "host that exits"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			outlives(t, name)
		})
	}
}

// outlives kills a host of the zoo, unless it ends by itself, and fails if its plugin, or a
// file, is left.
func outlives(t *testing.T, host string) {
	t.Helper()
	tmp := shortTempDir(t)
	cmd := exec.Command(animal(t, "").Command[0], "zoo", host)
	cmd.Env = append(os.Environ(), "TMPDIR="+tmp, "XDG_RUNTIME_DIR=")
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
	pid := pidOf(t, strings.TrimSpace(text))
	if !strings.HasPrefix(host, "host that") {
		if ended(pid) {
			t.Fatal("the plugin did not live")
		}
		if err := cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
	}
	_ = cmd.Wait()
	if !gone(pid) {
		t.Error("the plugin lives on")
	}
	if left, err := os.ReadDir(tmp); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

// Where host and plugin are killed together, nobody is left to remove the socket.
func TestAStartRemovesSocketsThatNobodyUsesAnyMore(t *testing.T) {
	spec, tmp := animal(t, ""), shortTempDir(t)
	t.Setenv("XDG_RUNTIME_DIR", "")
	t.Setenv("TMPDIR", tmp)
	fleet := start(t, &lines{}, spec)
	inUse, err := filepath.Glob(filepath.Join(tmp, "fusemoe-*"))
	if err != nil || len(inUse) != 1 {
		t.Fatalf("got %v, %v", inUse, err)
	}
	old := time.Now().Add(-2 * time.Hour)
	for name, made := range map[string]time.Time{
		"fusemoe-1/plugin-dir2/plugin3": old, "fusemoe-4": time.Now(), "fusemoe-data": old, "other-5": old,
	} {
		dir, _, _ := strings.Cut(name, "/")
		if err := os.MkdirAll(filepath.Join(tmp, name), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(filepath.Join(tmp, dir), made, made); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Chtimes(inUse[0], old, old); err != nil {
		t.Fatal(err)
	}
	start(t, &lines{}, host.Spec{Name: "m", InProcess: &plugin{}}).Stop()
	left, err := os.ReadDir(tmp)
	var names []string
	for _, e := range left {
		names = append(names, e.Name())
	}
	want := []string{"fusemoe-4", filepath.Base(inUse[0]), "fusemoe-data", "other-5"}
	slices.Sort(want)
	if err != nil || !slices.Equal(names, want) {
		t.Errorf("left are %q, %v, want %q", names, err, want)
	}
	fleet.Stop()
}

// shortTempDir is a directory with a path that is short enough for sockets.
func shortTempDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "h")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

func pidOf(t *testing.T, text string) int {
	t.Helper()
	pid, err := strconv.Atoi(text)
	if err != nil {
		t.Fatal(err)
	}
	return pid
}

// gone tells whether the process ends.
func gone(pid int) bool {
	for deadline := time.Now().Add(host.Hang); !ended(pid); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			return false
		}
	}
	return true
}

// ended tells whether the process has ended. So has a zombie, though nobody has asked how.
func ended(pid int) bool {
	s := stateOf(pid)
	return errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) || s == "Z" || s == "X"
}

// stateOf is the letter that ps shows for the process, or empty.
func stateOf(pid int) string {
	out, _ := exec.Command("ps", "-o", "state=", "-p", strconv.Itoa(pid)).Output()
	return strings.TrimSpace(string(out))
}

// freeze stops a process, as Ctrl-Z does, so that it answers nothing.
func freeze(t *testing.T, pid int) {
	t.Helper()
	if err := syscall.Kill(pid, syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	waitUntil(t, func() bool { return stateOf(pid) == "T" })
}

func waitUntil(t *testing.T, done func() bool) {
	t.Helper()
	for deadline := time.Now().Add(host.Hang); !done(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("it does not happen")
		}
	}
}
