package main

import (
	"bufio"
	"context"
	"iter"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/fusemoe/fusemoe/sdk"
)

// edit FILE OLD NEW replaces text that is in the file once.
func edit(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) != 3 {
		ts.Fatalf("usage: edit FILE OLD NEW")
	}
	text := ts.ReadFile(args[0])
	if n := strings.Count(text, args[1]); n != 1 {
		ts.Fatalf("%s has %q %d times", args[0], args[1], n)
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(strings.Replace(text, args[1], args[2], 1)), 0o600))
}

// cut FILE BYTES keeps the first bytes of a file.
func cut(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) != 2 {
		ts.Fatalf("usage: cut FILE BYTES")
	}
	n, err := strconv.ParseInt(args[1], 10, 64)
	ts.Check(err)
	ts.Check(os.Truncate(ts.MkAbs(args[0]), n))
}

// grow FILE adds a byte to a file.
func grow(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) != 1 {
		ts.Fatalf("usage: grow FILE")
	}
	info, err := os.Stat(ts.MkAbs(args[0]))
	ts.Check(err)
	ts.Check(os.Truncate(ts.MkAbs(args[0]), info.Size()+1))
}

// signalled is the command
//
//	signal [-alone] INT|KILL REGEXP ARGS...
//
// It runs fusemoe with the arguments, sends the signal when a line on standard error
// matches, and waits for the end. An interrupted fusemoe must exit with code 1. No plugin
// whose line told its pid may be left afterwards, or, with -alone, when the signal is
// sent. Standard error goes to the file stderr.txt.
func signalled(ts *testscript.TestScript, _ bool, args []string) {
	alone := args[0] == "-alone"
	if alone {
		args = args[1:]
	}
	sig := map[string]syscall.Signal{"INT": syscall.SIGINT, "KILL": syscall.SIGKILL}[args[0]]
	when := regexp.MustCompile(args[1])
	cmd := exec.Command("fusemoe", args[2:]...)
	cmd.Dir, cmd.Env = ts.Getenv("WORK"), []string{
		"PATH=" + ts.Getenv("PATH"), "TMPDIR=" + ts.Getenv("TMPDIR"), "XDG_CACHE_HOME=" + ts.Getenv("XDG_CACHE_HOME"),
		"SLOW_STAGE=" + ts.Getenv("SLOW_STAGE"),
	}
	stderr, err := cmd.StderrPipe()
	ts.Check(err)
	ts.Check(cmd.Start())
	var said strings.Builder
	sent := false
	lines := bufio.NewScanner(stderr)
	for lines.Scan() {
		said.WriteString(lines.Text() + "\n")
		if !sent && when.MatchString(lines.Text()) {
			if alone {
				noneLeft(ts, said.String())
			}
			sent = true
			ts.Check(cmd.Process.Signal(sig))
		}
	}
	err = cmd.Wait()
	ts.Check(os.WriteFile(ts.MkAbs("stderr.txt"), []byte(said.String()), 0o600))
	if !sent {
		ts.Fatalf("no line matches %s:\n%s", when, said.String())
	}
	if code := cmd.ProcessState.ExitCode(); sig == syscall.SIGINT && code != exitUser {
		ts.Fatalf("exit code %d (%v), want %d:\n%s", code, err, exitUser, said.String())
	}
	noneLeft(ts, said.String())
}

// pid is in the lines of the plugin slow.
var pid = regexp.MustCompile(`pid=(\d+)`)

// noneLeft waits a moment for the end of every plugin that has told its pid.
func noneLeft(ts *testscript.TestScript, said string) {
	for _, m := range pid.FindAllStringSubmatch(said, -1) {
		n, err := strconv.Atoi(m[1])
		ts.Check(err)
		for deadline := time.Now().Add(5 * time.Second); lives(n); time.Sleep(10 * time.Millisecond) {
			if time.Now().After(deadline) {
				ts.Fatalf("plugin %d is still there:\n%s", n, said)
			}
		}
	}
}

// lives tells whether a process has not ended. A zombie has, though nobody asked how.
func lives(pid int) bool {
	state, _ := exec.Command("ps", "-o", "state=", "-p", strconv.Itoa(pid)).Output() // fails if there is none
	text := strings.TrimSpace(string(state))
	return text != "" && text != "Z" && text != "X"
}

// slow is a plugin that says what it does and, in the stage that SLOW_STAGE names, takes
// its time.
type slow struct{}

func (*slow) Info() sdk.Info {
	return sdk.Info{Name: "slow", Version: "1.0.0", Kind: sdk.Measurements, Accepts: []string{sdk.RowType}}
}

func (s *slow) Configure(ctx context.Context, c sdk.Config) (int, error) {
	if err := c.Decode(&struct{}{}); err != nil {
		return 0, err
	}
	sdk.Log(ctx).Info().Int("pid", os.Getpid()).Msg("slow plugin")
	return 1, s.dwell(ctx, "configure")
}

func (s *slow) Fit(ctx context.Context, samples iter.Seq2[sdk.Sample, error]) ([]byte, error) {
	for _, err := range samples {
		if err != nil {
			return nil, err
		}
	}
	return []byte("fitted"), s.dwell(ctx, "fit")
}

func (s *slow) Encode(ctx context.Context, sample sdk.Sample) (q sdk.Sequence, err error) {
	for _, item := range sample.Items {
		for _, value := range item.Row.All() {
			q.Times = append(q.Times, item.Time)
			q.Values = append(q.Values, []float32{value})
		}
	}
	return q, s.dwell(ctx, "encode")
}

// dwell stays for a minute where SLOW_STAGE says so, or until it is told to stop.
func (*slow) dwell(ctx context.Context, stage string) error {
	if os.Getenv("SLOW_STAGE") != stage {
		return nil
	}
	sdk.Log(ctx).Info().Msg("slow " + stage)
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(time.Minute):
		return nil
	}
}
