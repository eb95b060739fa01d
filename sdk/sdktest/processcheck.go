package sdktest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// processChecks are about how a plugin lives as a process.
func processChecks(p program) []check {
	return []check{
		{
			"shutdown", "End when the host asks: in Go sdk.Serve does; nothing else may keep main from returning.",
			func(ctx context.Context, k *kit) error {
				return p.used(ctx, k, "info", func(r *running) error { return r.shutdown(ctx, k.patience.shutdown) })
			},
		},
		{
			"no child left", "End the processes that the plugin starts before it ends itself.",
			func(ctx context.Context, k *kit) error {
				return p.used(ctx, k, "info", func(r *running) error {
					if err := r.shutdown(ctx, k.patience.shutdown); err != nil {
						return err
					}
					if groupLives(r.cmd.Process.Pid) {
						return errors.New("processes that it started live on after it")
					}
					return nil
				})
			},
		},
		{
			"lifeline", "End when standard input ends, which tells that the host is gone: in Go sdk.Serve does, in Python fusemoe.serve.",
			func(ctx context.Context, k *kit) error { return p.diesWithHost(ctx, k.patience.lifeline) },
		},
		{
			"log levels", "Log with sdk.Log, or in Python with logging: then lines have the level that the host asks for.",
			func(ctx context.Context, k *kit) error {
				for _, name := range []string{"error", "debug"} {
					err := p.used(ctx, k, name, func(r *running) error {
						r.close() // what it has written is in the log then
						return levels(strings.NewReader(r.log.String()), slices.Index(names, name))
					})
					if err != nil {
						return err
					}
				}
				return nil
			},
		},
	}
}

// used starts the program, lets it work, and hands it over.
func (p program) used(ctx context.Context, k *kit, logLevel string, then func(*running) error) error {
	if k.unusable != nil {
		return skip("needs a config that works")
	}
	r, err := p.start(ctx, logLevel)
	if err != nil {
		return err
	}
	defer r.close()
	if err := k.prepare(ctx, r.session); err != nil {
		return err
	}
	if _, err := r.encode(ctx, k.samples...); err != nil && len(k.samples) > 0 {
		return err
	}
	return then(r)
}

// names are the levels of log lines, the least severe first.
var names = []string{"trace", "debug", "info", "warn", "error", "fatal", "panic"}

// levelOf reads the level of a line as zerolog, hclog and the Python package write it.
func levelOf(line []byte) (level int, ok bool) {
	var members map[string]any
	if json.Unmarshal(line, &members) != nil {
		return 0, false
	}
	message := false
	level = -1
	for key, value := range members {
		text, isText := value.(string)
		switch key {
		case "level", "@level":
			level = slices.Index(names, strings.ToLower(text))
		case "message", "@message", "msg":
			message = isText
		}
	}
	return level, message && level >= 0
}

// waitGone waits until a process is gone.
func waitGone(pid int, limit time.Duration) error {
	for deadline := time.Now().Add(limit); lives(pid); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			return fmt.Errorf("it still runs %v after its host was killed", limit)
		}
	}
	return nil
}
