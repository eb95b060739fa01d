//go:build unix

package host

import (
	"os"
	"os/exec"
	"syscall"
)

// ownGroup puts the process that cmd will start, and all that it starts, into a group of
// their own: Ctrl-C at the terminal does not reach them, and they can be ended together.
func ownGroup(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
}

// killGroup ends the process that cmd started and all that it started. Nothing is left
// to do about an error: the group is gone already.
func killGroup(cmd *exec.Cmd) {
	_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
}

// lockDir locks a directory until the file that it returns is closed, at the latest with
// this process. It is nil where somebody else has locked it.
func lockDir(dir string) *os.File {
	f, err := os.Open(dir)
	if err != nil {
		return nil
	}
	if syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) != nil {
		_ = f.Close()
		return nil
	}
	return f
}
