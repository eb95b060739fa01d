//go:build unix

package host

import (
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
