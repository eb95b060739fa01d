package main

import (
	"context"
	"iter"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/fusemoe/fusemoe/sdk"
)

// edit FILE OLD NEW replaces text that is in the file once.
func edit(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) != 3 {
		ts.Fatalf("usage: edit FILE OLD NEW")
	}
	text := ts.ReadFile(args[0])
	if n := strings.Count(text, args[1]); n != 1 {
		ts.Fatalf("%s has %q %d times", args[0], args[1], n)
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(strings.Replace(text, args[1], args[2], 1)), 0o600))
}

// cut FILE BYTES keeps the first bytes of a file.
func cut(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) != 2 {
		ts.Fatalf("usage: cut FILE BYTES")
	}
	n, err := strconv.ParseInt(args[1], 10, 64)
	ts.Check(err)
	ts.Check(os.Truncate(ts.MkAbs(args[0]), n))
}

// grow FILE adds a byte to a file.
func grow(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) != 1 {
		ts.Fatalf("usage: grow FILE")
	}
	info, err := os.Stat(ts.MkAbs(args[0]))
	ts.Check(err)
	ts.Check(os.Truncate(ts.MkAbs(args[0]), info.Size()+1))
}

// slow is a plugin that says what it does and, in the stage that SLOW_STAGE names, takes
// its time.
type slow struct{}

func (*slow) Info() sdk.Info {
	return sdk.Info{Name: "slow", Version: "1.0.0", Kind: sdk.Measurements, Accepts: []string{sdk.RowType}}
}

func (s *slow) Configure(ctx context.Context, c sdk.Config) (int, error) {
	if err := c.Decode(&struct{}{}); err != nil {
		return 0, err
	}
	sdk.Log(ctx).Info().Int("pid", os.Getpid()).Msg("slow plugin")
	return 1, s.dwell(ctx, "configure")
}

func (s *slow) Fit(ctx context.Context, samples iter.Seq2[sdk.Sample, error]) ([]byte, error) {
	for _, err := range samples {
		if err != nil {
			return nil, err
		}
	}
	return []byte("fitted"), s.dwell(ctx, "fit")
}

func (s *slow) Encode(ctx context.Context, sample sdk.Sample) (q sdk.Sequence, err error) {
	for _, item := range sample.Items {
		for _, value := range item.Row.All() {
			q.Times = append(q.Times, item.Time)
			q.Values = append(q.Values, []float32{value})
		}
	}
	return q, s.dwell(ctx, "encode")
}

// dwell stays where SLOW_STAGE says so until it is told to stop; longer than anybody waits for
// it, if nobody tells it.
func (*slow) dwell(ctx context.Context, stage string) error {
	if os.Getenv("SLOW_STAGE") != stage {
		return nil
	}
	sdk.Log(ctx).Info().Msg("slow " + stage)
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(2 * hang):
		return nil
	}
}
