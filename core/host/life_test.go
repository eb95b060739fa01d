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
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	began := time.Now()
	_, err := host.Start(ctx, zerolog.Nop(), []host.Spec{animal(t, "never ready")})
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
	if d := time.Since(began); d > 4*time.Second {
		t.Errorf("it took %v", d)
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
	began := time.Now()
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
	if d := time.Since(began); d > 5*time.Second {
		t.Errorf("it took %v", d)
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
		if !gone(pid, time.Second) {
			t.Errorf("the %s is still there", what)
		}
	}
	if left, err := os.ReadDir(os.TempDir()); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

func TestStopEndsPluginsThatDoNotListen(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"stops", "ignores shutdown"} {
		spec := animal(t, name)
		fleet := start(t, &lines{}, spec, host.Spec{Name: "n", InProcess: &plugin{}})
		pid := fleet.Plugin("m").PID()
		if name == "stops" {
			waitUntil(t, func() bool { return stateOf(pid) == "T" })
		}
		began := time.Now()
		fleet.Stop()
		if d := time.Since(began); d > 3*time.Second { // 0.5 s to end when asked, 0.2 s once its lifeline is cut
			t.Errorf("%s: it took %v", name, d)
		}
		if !gone(pid, time.Second) {
			t.Errorf("%s: the plugin is still there", name)
		}
	}
}

// The usual waits add up to what a user is promised: 7 s.
func TestStopWithTheUsualWaitsTakesAtMostSevenSeconds(t *testing.T) {
	if testing.Short() {
		t.Skip("it waits 6 s for plugins that do not listen")
	}
	t.Parallel()
	var specs []host.Spec
	for _, name := range []string{"stops", "ignores shutdown", "hangs"} {
		spec := host.Usual(animal(t, name))
		spec.Name = strings.ReplaceAll(name, " ", "_")
		specs = append(specs, spec)
	}
	var log lines
	fleet := start(t, &log, specs...)
	pid := fleet.Plugin("stops").PID()
	waitUntil(t, func() bool { return stateOf(pid) == "T" })
	go func() { _, _ = lengths(fleet.Plugin("hangs"), texts("now")) }()
	began := time.Now()
	fleet.Stop()
	if d := time.Since(began); d > 7*time.Second {
		t.Errorf("it took %v", d)
	}
	if !gone(pid, time.Second) {
		t.Error("the plugin is still there")
	}
	const want = `"plugin":"ignores_shutdown","message":"the plugin does not end when it is asked to, and is ended by force"}`
	if !strings.Contains(log.String(), want) {
		t.Errorf("want %s in\n%s", want, log.String())
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
		if gone(pid, 0) {
			t.Fatal("the plugin did not live")
		}
		if err := cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
	}
	_ = cmd.Wait()
	if !gone(pid, 2*time.Second) {
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

// gone tells whether the process ends within the time given.
func gone(pid int, within time.Duration) bool {
	for deadline := time.Now().Add(within); ; time.Sleep(10 * time.Millisecond) {
		// A zombie has ended, though nobody has asked how.
		if s := stateOf(pid); errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) || s == "Z" || s == "X" {
			return true
		}
		if time.Now().After(deadline) {
			return false
		}
	}
}

// stateOf is the letter that ps shows for the process, or empty.
func stateOf(pid int) string {
	out, _ := exec.Command("ps", "-o", "state=", "-p", strconv.Itoa(pid)).Output()
	return strings.TrimSpace(string(out))
}

func waitUntil(t *testing.T, done func() bool) {
	t.Helper()
	for deadline := time.Now().Add(3 * time.Second); !done(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("it does not happen")
		}
	}
}
