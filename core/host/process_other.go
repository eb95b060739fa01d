//go:build !unix

package host

import "os/exec"

// ownGroup does nothing: only Unix has process groups.
func ownGroup(*exec.Cmd) {}

// killGroup ends the process that cmd started.
func killGroup(cmd *exec.Cmd) { _ = cmd.Process.Kill() }
