// Command fusemoe trains, evaluates and applies models that fuse several modalities,
// each encoded by a plugin.
//
//	fusemoe run                      the built-in example, on 1,000 ICU stays
//	fusemoe run study.yaml           a study of one's own
//	fusemoe predict RUN --data DIR   apply what a run has learned
//
// Results go to standard output, everything else to standard error. It exits with 0
// when done, 1 when the user can mend what is wrong or has interrupted, 2 when only
// its authors can.
package main

import (
	"io"
	"os"
	"runtime/debug"

	"golang.org/x/term"
)

// gcPercent is how much the heap may grow between two collections. Nearly all of it is
// the buffers of the network, which stay from step to step: the usual 100 would keep as
// much memory again for garbage that is never made. GOGC in the environment goes before.
const gcPercent = 20

func main() {
	terminal := term.IsTerminal(int(os.Stderr.Fd())) && os.Getenv("TERM") != "dumb"
	os.Exit(program(os.Stderr, terminal))
}

// program is all of the process but where standard error goes and whether that is a terminal.
// It returns the exit code.
func program(stderr io.Writer, terminal bool) int {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(gcPercent)
	}
	a := newApp(os.Stdout, stderr, os.Environ(), terminal)
	ctx, stop := interruptible(a.progress, os.Exit)
	defer stop()
	return a.execute(ctx, os.Args[1:])
}
