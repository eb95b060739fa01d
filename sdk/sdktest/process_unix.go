//go:build unix

package sdktest

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/fusemoe/fusemoe/sdk"
)

// ownGroup puts the process and all it starts into a group of their own.
func ownGroup(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} }

// killGroup ends the process and all it started.
func killGroup(cmd *exec.Cmd) { _ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }

// hostScript is a small host: it starts the plugin with its end of a lifeline (file 3),
// tells the plugin's number (file 5) and sleeps with the other end of the lifeline (file
// 4), until it is killed.
const hostScript = `"$@" <&3 3<&- 4>&- 5>&- &
echo $! >&5
exec sleep 600 <&- 3<&- 5>&-`

// diesWithHost checks that the plugin ends when its host is killed.
func (p program) diesWithHost(ctx context.Context, limit time.Duration) (err error) {
	dir, err := os.MkdirTemp("", sdk.SocketDirPrefix)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	in, lifeline, err := os.Pipe()
	if err != nil {
		return err
	}
	numbers, number, err := os.Pipe()
	if err != nil {
		return errors.Join(err, in.Close(), lifeline.Close())
	}
	defer func() { err = errors.Join(err, numbers.Close()) }()
	host := exec.Command("sh", append([]string{"-c", hostScript, "sh"}, p.argv...)...)
	host.Env = environment(dir, "info", p.env)
	host.ExtraFiles = []*os.File{in, lifeline, number}
	out, log := &lines{}, &record{}
	host.Stdout, host.Stderr = out, log
	host.WaitDelay = waitDelay
	ownGroup(host)
	err = host.Start()
	_, _, _ = in.Close(), lifeline.Close(), number.Close()
	if err != nil {
		return fmt.Errorf("no small host: %w", err)
	}
	defer func() {
		killGroup(host)
		_ = host.Wait() // it was killed
	}()
	text, err := bufio.NewReader(numbers).ReadString('\n')
	if err != nil {
		return fmt.Errorf("no small host: %w", err)
	}
	pid, err := strconv.Atoi(strings.TrimSpace(text))
	if err != nil {
		return fmt.Errorf("no small host: %w", err)
	}
	if _, err := handshake(ctx, out, log, func() bool { return !lives(pid) }); err != nil {
		return err
	}
	if err := host.Process.Kill(); err != nil {
		return err
	}
	return waitGone(pid, limit)
}

// lives tells whether the process is there and no zombie.
func lives(pid int) bool {
	if errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) {
		return false
	}
	over, _, ok := stat(fmt.Sprintf("/proc/%d/stat", pid))
	return !ok || !over
}

// groupLives tells whether a process of the group is there and no zombie.
func groupLives(group int) bool {
	if errors.Is(syscall.Kill(-group, 0), syscall.ESRCH) {
		return false
	}
	files, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil || len(files) == 0 { // a system without /proc: take the kernel's word
		return true
	}
	for _, file := range files {
		if over, g, ok := stat(file); ok && g == group && !over {
			return true
		}
	}
	return false
}

// stat reads whether a process is over, and its group: the state, the group and the number
// of threads are the first, third and eighteenth field after the name, which stands in
// parentheses. A zombie that has other threads is not over: so a process looks for a moment
// while one of them executes another program, as the command does that makes a sandbox.
func stat(file string) (over bool, group int, ok bool) {
	text, err := os.ReadFile(file)
	if err != nil {
		return false, 0, false
	}
	fields := strings.Fields(string(text[strings.LastIndexByte(string(text), ')')+1:]))
	if len(fields) < 18 {
		return false, 0, false
	}
	group, err = strconv.Atoi(fields[2])
	return fields[0] == "X" || fields[0] == "Z" && fields[17] == "1", group, err == nil
}
