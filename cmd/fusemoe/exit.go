package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
)

// The exit codes.
const (
	exitDone     = 0
	exitUser     = 1
	exitInternal = 2
)

// report says once what went wrong and returns the exit code.
func (a *app) report(ctx context.Context, err error) int {
	var internal interface{ Internal() bool }
	switch {
	case err == nil:
		return exitDone
	case errors.Is(context.Cause(ctx), errInterrupted):
		fmt.Fprintln(a.err, "fusemoe: "+interruption(a.progress.state(), err))
		return exitUser
	case errors.As(err, &internal) && internal.Internal():
		fmt.Fprintln(a.err, "fusemoe: internal error: "+err.Error())
		return exitInternal
	}
	lines := strings.Split(strings.TrimRight(err.Error(), "\n"), "\n")
	if len(lines) == 1 {
		fmt.Fprintln(a.err, "fusemoe: "+lines[0])
		return exitUser
	}
	fmt.Fprintln(a.err, "fusemoe: several things are wrong:")
	for _, line := range lines {
		fmt.Fprintln(a.err, "  "+line)
	}
	return exitUser
}

// interruption is one line that says where things stand: the stage that was under
// way, and what the library says of the run, if it says more than that it stopped.
func interruption(stage string, err error) string {
	line := "interrupted"
	if stage != "" {
		line += " during " + stage
	}
	said := strings.ReplaceAll(strings.TrimSpace(err.Error()), "\n", "; ")
	said = strings.TrimSuffix(strings.TrimSuffix(said, context.Canceled.Error()), ": ")
	if said != "" && said != errInterrupted.Error() {
		line += "; " + said
	}
	return line
}
