package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// hang is longer than anything takes that does not hang, on any machine.
const hang = 2 * time.Minute

// signalled is the command
//
//	signal [-alone] INT|KILL REGEXP ARGS...
//
// It runs fusemoe with the arguments, which gets the signal the moment a line on standard
// error matches, and waits for the end. An interrupted fusemoe must exit with code 1. No
// plugin whose line told its pid may be left afterwards, or, with -alone, when the signal is
// sent. Standard error goes to the file stderr.txt.
func signalled(ts *testscript.TestScript, _ bool, args []string) {
	alone := args[0] == "-alone"
	if alone {
		args = args[1:]
	}
	cmd := exec.Command("fusemoe", args[2:]...)
	cmd.Dir, cmd.Env = ts.Getenv("WORK"), []string{
		"PATH=" + ts.Getenv("PATH"), "TMPDIR=" + ts.Getenv("TMPDIR"), "XDG_CACHE_HOME=" + ts.Getenv("XDG_CACHE_HOME"),
		"SLOW_STAGE=" + ts.Getenv("SLOW_STAGE"),
		"SIGNAL=" + args[0], "SIGNAL_WHEN=" + args[1], "SIGNAL_ALONE=" + strconv.FormatBool(alone),
	}
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	err := cmd.Run()
	said, code := stderr.String(), cmd.ProcessState.ExitCode()
	ts.Check(os.WriteFile(ts.MkAbs("stderr.txt"), []byte(said), 0o600))
	switch want := map[string]int{"INT": exitUser, "KILL": -1}[args[0]]; {
	case args[0] == "INT" && !strings.Contains(said, stopping):
		ts.Fatalf("no line matches %s:\n%s", args[1], said)
	case code != want:
		ts.Fatalf("exit code %d (%v), want %d:\n%s", code, err, want, said)
	}
	ts.Check(noneLeft(said))
}

// stopping is in the line that tells that a signal has arrived.
const stopping = "fusemoe: stopping;"

// mainWithSignal is main, which gets the signal that its environment names.
func mainWithSignal() {
	name := os.Getenv("SIGNAL")
	if name == "" {
		main()
	}
	os.Exit(program(&signaller{
		signal: map[string]syscall.Signal{"INT": syscall.SIGINT, "KILL": syscall.SIGKILL}[name],
		when:   regexp.MustCompile(os.Getenv("SIGNAL_WHEN")),
		alone:  os.Getenv("SIGNAL_ALONE") == "true",
		known:  make(chan struct{}),
	}, false))
}

// signaller is standard error. Whoever writes the first line that matches goes on once the
// signal has arrived: so it arrives in the same place on a slow machine and on a fast one.
type signaller struct {
	signal syscall.Signal
	when   *regexp.Regexp
	alone  bool
	known  chan struct{} // closed once the signal has arrived

	mutex sync.Mutex
	said  strings.Builder
	sent  bool
}

func (s *signaller) Write(line []byte) (int, error) {
	n, err := os.Stderr.Write(line)
	if bytes.Contains(line, []byte(stopping)) {
		close(s.known)
	}
	s.mutex.Lock()
	s.said.Write(line)
	said, now := s.said.String(), !s.sent && s.when.Match(line)
	s.sent = s.sent || now
	s.mutex.Unlock()
	if now {
		s.send(said)
	}
	return n, err
}

func (s *signaller) send(said string) {
	var err error
	if s.alone {
		err = noneLeft(said)
	}
	if err == nil {
		var self *os.Process
		if self, err = os.FindProcess(os.Getpid()); err == nil {
			err = self.Signal(s.signal)
		}
	}
	if err == nil {
		select {
		case <-s.known:
			return
		case <-time.After(hang):
			err = fmt.Errorf("nothing came of %v", s.signal)
		}
	}
	fmt.Fprintln(os.Stderr, err)
	os.Exit(exitInternal)
}

// pid is in the lines of the plugin slow.
var pid = regexp.MustCompile(`pid=(\d+)`)

// noneLeft waits for the end of every plugin that has told its pid.
func noneLeft(said string) error {
	for _, m := range pid.FindAllStringSubmatch(said, -1) {
		for deadline := time.Now().Add(hang); lives(m[1]); time.Sleep(10 * time.Millisecond) {
			if time.Now().After(deadline) {
				return fmt.Errorf("plugin %s is still there:\n%s", m[1], said)
			}
		}
	}
	return nil
}

// lives tells whether a process has not ended. A zombie has, though nobody asked how.
func lives(pid string) bool {
	state, _ := exec.Command("ps", "-o", "state=", "-p", pid).Output() // fails if there is none
	text := strings.TrimSpace(string(state))
	return text != "" && text != "Z" && text != "X"
}
