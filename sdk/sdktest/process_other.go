//go:build !unix

package sdktest

import (
	"context"
	"os/exec"
	"time"
)

// ownGroup does nothing: only Unix has process groups.
func ownGroup(*exec.Cmd) {}

// killGroup ends the process.
func killGroup(cmd *exec.Cmd) { _ = cmd.Process.Kill() }

func (program) diesWithHost(context.Context, time.Duration) error { return skip("needs Unix") }

// lives is never asked.
func lives(int) bool { return false }

// groupLives cannot be told.
func groupLives(int) bool { return false }
