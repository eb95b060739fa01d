package main

import (
	"context"
	"errors"
	"io"
	"strings"

	"github.com/fusemoe/fusemoe/core"
)

// The exit codes.
const (
	exitDone     = 0
	exitUser     = 1
	exitInternal = 2
)

// report says once what went wrong and returns the exit code.
func (a *app) report(ctx context.Context, err error) int {
	switch {
	case err == nil:
		return exitDone
	case errors.Is(context.Cause(ctx), errInterrupted):
		a.say("fusemoe: " + interruption(a.progress.state(), err))
		return exitUser
	case errors.Is(err, core.ErrInternal):
		a.say("fusemoe: " + err.Error())
		return exitInternal
	}
	lines := strings.Split(strings.TrimRight(err.Error(), "\n"), "\n")
	if len(lines) == 1 {
		a.say("fusemoe: " + lines[0])
		return exitUser
	}
	a.say("fusemoe: several things are wrong:\n  " + strings.Join(lines, "\n  "))
	return exitUser
}

// say writes to standard error. If that fails there is nobody left to tell.
func (a *app) say(text string) { _, _ = io.WriteString(a.err, text+"\n") }

// interruption is one line that says where things stand: the stage that was under
// way, and what the library says of the run, if it says more than that it stopped.
func interruption(stage string, err error) string {
	line := "interrupted"
	if stage != "" {
		line += " during " + stage
	}
	said := strings.TrimSpace(err.Error())
	for _, end := range []string{context.Canceled.Error(), errInterrupted.Error()} {
		said = strings.TrimSuffix(strings.TrimSuffix(said, end), ": ")
	}
	// Several lines are several plugins that were told to stop, which is no news.
	if said != "" && !strings.Contains(said, "\n") {
		line += "; " + said
	}
	return line
}
