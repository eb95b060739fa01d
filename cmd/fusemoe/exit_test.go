package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"github.com/fusemoe/fusemoe/core"
)

func TestErrorsAreToldOnceWithTheirExitCode(t *testing.T) {
	for _, c := range []struct {
		err  error
		code int
		said string
	}{
		{nil, 0, ""},
		{errors.New("no such dataset"), 1, "fusemoe: no such dataset\n"},
		{errors.Join(errors.New("a"), errors.New("b")), 1, "fusemoe: several things are wrong:\n  a\n  b\n"},
		{
			errors.New("dataset x has 2 problems:\n  one\n  two"), 1,
			"fusemoe: dataset x has 2 problems:\n  one\n  two\n",
		},
		{
			errors.Join(errors.New("plugin a died\n    | no GPU"), errors.New("plugin b died")), 1,
			"fusemoe: several things are wrong:\n  plugin a died\n      | no GPU\n  plugin b died\n",
		},
		{fmt.Errorf("train: %w: shape", core.ErrInternal), 2, "fusemoe: train: internal error; please report it: shape\n"},
	} {
		var stderr bytes.Buffer
		a := newApp(nil, &stderr, nil, false)
		if got := a.report(context.Background(), c.err); got != c.code || stderr.String() != c.said {
			t.Errorf("report(%v) = %d %q, want %d %q", c.err, got, stderr.String(), c.code, c.said)
		}
	}
}

func TestInterruptionSaysWhereThingsStand(t *testing.T) {
	ctx, cancel := context.WithCancelCause(context.Background())
	cancel(errInterrupted)
	for _, c := range []struct {
		err  error
		said string
	}{
		{context.Canceled, "fusemoe: interrupted during encode vitals (3 of 10)\n"},
		{
			&core.UnfinishedError{Dir: "runs/x", Finished: []uint64{1, 2}, Partial: []uint64{3}, Err: context.Canceled},
			"fusemoe: interrupted during encode vitals (3 of 10); runs/x keeps the finished seeds 1, 2 and " +
				"the best checkpoint so far of seed 3; go on with: fusemoe run --resume runs/x\n",
		},
		{
			&core.UnfinishedError{Dir: "runs/x", Partial: []uint64{3}, Err: errInterrupted},
			"fusemoe: interrupted during encode vitals (3 of 10); runs/x keeps the best checkpoint so far of seed 3; " +
				"go on with: fusemoe run --resume runs/x\n",
		},
		{errors.New("disk full"), "fusemoe: interrupted during encode vitals (3 of 10); disk full\n"},
		{
			errors.Join(fmt.Errorf("plugin a: %w", errInterrupted), fmt.Errorf("plugin b: %w", errInterrupted)),
			"fusemoe: interrupted during encode vitals (3 of 10)\n",
		},
	} {
		var stderr bytes.Buffer
		a := newApp(nil, &stderr, nil, false)
		a.progress.show(&lines{log: zerolog.Nop(), now: time.Now})
		m := a.progress.Stage("encode vitals", 10)
		m.Add(3)
		m.Done() // by a defer, before the error is told
		if got := a.report(ctx, c.err); got != exitUser || stderr.String() != c.said {
			t.Errorf("report(%v) = %d %q, want 1 %q", c.err, got, stderr.String(), c.said)
		}
	}
}

func TestFirstInterruptEndsTheContextSecondTheProcess(t *testing.T) {
	var stderr safeBuffer
	exited := make(chan int, 1)
	ctx, stop := interruptible(&stderr, func(code int) { exited <- code })
	defer stop()

	interrupt(t)
	<-ctx.Done()
	if !errors.Is(context.Cause(ctx), errInterrupted) {
		t.Errorf("cause = %v", context.Cause(ctx))
	}
	interrupt(t)
	if code := <-exited; code != 130 {
		t.Errorf("second interrupt exits with %d, want 130", code)
	}
	if !strings.Contains(stderr.String(), "press Ctrl-C again") {
		t.Errorf("stderr = %q", stderr.String())
	}
}

func interrupt(t *testing.T) {
	t.Helper()
	self, err := os.FindProcess(os.Getpid())
	if err == nil {
		err = self.Signal(os.Interrupt)
	}
	if err != nil {
		t.Fatal(err)
	}
}

func TestFilesAppearWhole(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "predictions.csv")
	failure := errors.New("plugin died")
	write := func(err error) func(w io.Writer) error {
		return func(w io.Writer) error {
			if _, err := w.Write([]byte("id,score\n")); err != nil {
				return err
			}
			return err
		}
	}
	if err := writeTo(path, nil, write(failure)); !errors.Is(err, failure) {
		t.Errorf("writeTo = %v, want the failure", err)
	}
	if left, _ := os.ReadDir(dir); len(left) != 0 {
		t.Errorf("a failure leaves %v", left)
	}
	if err := writeTo(path, nil, write(nil)); err != nil {
		t.Fatal(err)
	}
	if text, err := os.ReadFile(path); err != nil || string(text) != "id,score\n" {
		t.Errorf("file holds %q, %v", text, err)
	}
	var stdout bytes.Buffer
	if err := writeTo("", &stdout, write(nil)); err != nil || stdout.String() != "id,score\n" {
		t.Errorf("standard output has %q, %v", stdout.String(), err)
	}
}
