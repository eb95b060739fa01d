//go:build !unix

package host

import (
	"os"
	"os/exec"
)

// ownGroup does nothing: only Unix has process groups.
func ownGroup(*exec.Cmd) {}

// killGroup ends the process that cmd started.
func killGroup(cmd *exec.Cmd) { _ = cmd.Process.Kill() }

// lockDir locks nothing: what cannot be locked is not swept.
func lockDir(string) *os.File { return nil }
