package main

import (
	"context"
	"errors"
	"io"
	"os"
	"os/signal"
	"syscall"
)

// errInterrupted is the cause of a context that the user has ended.
var errInterrupted = errors.New("interrupted")

// exitTwice is what shells report of a process that Ctrl-C has ended: 128 + SIGINT.
const exitTwice = 130

// interruptible is a context that the first Ctrl-C or SIGTERM ends, so that plugins
// are stopped and nothing stays half-written. The second exits at once.
func interruptible(stderr io.Writer, exit func(int)) (ctx context.Context, stop func()) {
	ctx, cancel := context.WithCancelCause(context.Background())
	signals := make(chan os.Signal, 2)
	finished := make(chan struct{})
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	go func() {
		for _, then := range []func(){
			func() {
				cancel(errInterrupted)
				// If that fails there is nobody left to tell.
				_, _ = io.WriteString(stderr, "fusemoe: stopping; press Ctrl-C again to exit at once\n")
			},
			func() { exit(exitTwice) },
		} {
			select {
			case <-signals:
				then()
			case <-finished:
				return
			}
		}
	}()
	return ctx, func() {
		signal.Stop(signals)
		close(finished)
		cancel(nil)
	}
}
