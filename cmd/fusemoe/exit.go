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
	a.say("fusemoe: " + story(err))
	return exitUser
}

// story is an error as people read it. A line that is not indented is one thing that
// is wrong, with its details indented beneath.
func story(err error) string {
	text := strings.TrimRight(err.Error(), "\n")
	things := 0
	for line := range strings.Lines(text) {
		if !strings.HasPrefix(line, " ") {
			things++
		}
	}
	if things < 2 {
		return text
	}
	return "several things are wrong:\n  " + strings.ReplaceAll(text, "\n", "\n  ")
}

// say writes to standard error. If that fails there is nobody left to tell.
func (a *app) say(text string) { _, _ = io.WriteString(a.err, text+"\n") }

// interruption is one line that says where things stand: the stage that was under
// way, what is kept of the run, and whatever else went wrong.
func interruption(stage string, err error) string {
	line := "interrupted"
	if stage != "" {
		line += " during " + stage
	}
	if unfinished := new(core.UnfinishedError); errors.As(err, &unfinished) {
		line += "; " + unfinished.Kept() + "; go on with: fusemoe run --resume " + unfinished.Dir
	}
	if !errors.Is(err, context.Canceled) && !errors.Is(err, errInterrupted) {
		line += "; " + story(err)
	}
	return line
}
