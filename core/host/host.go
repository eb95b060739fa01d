package host

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/rs/zerolog"

	"github.com/fusemoe/fusemoe/sdk"
)

const (
	// failGrace is how long the other plugins may go on starting when one has failed, so
	// that one run shows everything that is wrong.
	failGrace = 3 * time.Second
	// waitNotice is when a start has taken so long that people wonder.
	waitNotice = 3 * time.Second
)

// Spec says how to start the plugin of one modality.
type Spec struct {
	// Name is the modality's name. Each is different.
	Name string
	// Command is the program, an absolute path, and its arguments.
	Command []string
	// InProcess is served in the host's own process instead of a Command.
	InProcess sdk.Modality
	// Attach is the socket of a plugin that somebody has started to debug it. The host
	// neither starts nor stops that plugin, and waits for it as long as it takes.
	Attach string

	// Key is where the plugin's config stands in the user's, for what is wrong with it.
	Key string
	// Config is the plugin's config, a JSON object.
	Config json.RawMessage
	// State is what an earlier Fit returned, or empty.
	State []byte
	// Dir is a private directory for the plugin, created if need be; empty: none.
	Dir string
	// Env are the names of further environment variables that the plugin sees.
	Env []string
	// Device is where to compute: cpu, the default, or cuda:0 and so on. Without a
	// device of its own a plugin sees none.
	Device string
	// Threads is how many processor threads the plugin may use; 0: it decides.
	Threads int
	// Seed starts the plugin's random generators.
	Seed uint64

	// Sandbox confines the plugin's processes; nil: they may what this user may.
	Sandbox *Sandbox

	// Replicas is how many equal processes encode in parallel; 0: one.
	Replicas int
	// SkipFailing makes what is left of a batch that ends the process again and again, down
	// to the sample at fault, an error of that sample instead of one of the call.
	SkipFailing bool

	// ConfigureTimeout bounds Configure, which may load large models; 0: 10 minutes.
	ConfigureTimeout time.Duration
	// EncodeTimeout bounds the wait for the answer to each batch; 0: 2 minutes.
	EncodeTimeout time.Duration

	timing *timing // nil: the usual one
}

// Fleet is a set of running plugins.
type Fleet struct {
	plugins map[string]*Plugin
	stop    sync.Once
}

// Start starts the plugins, all at the same time, and configures them. If one fails, none
// is left running, and the error is that of every one that failed. Cancelling ctx ends
// the start; afterwards it means nothing.
func Start(ctx context.Context, log zerolog.Logger, specs []Spec) (*Fleet, error) {
	if err := validate(specs); err != nil {
		return nil, err
	}
	sweep()
	f := &Fleet{plugins: make(map[string]*Plugin)}

	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var (
		mu      sync.Mutex
		pending = make(map[string]bool)
		errs    = make([]error, len(specs))
		all     sync.WaitGroup
	)
	for _, spec := range specs {
		pending[spec.Name] = true
	}
	notice := time.AfterFunc(waitNotice, func() {
		mu.Lock()
		defer mu.Unlock()
		log.Info().Strs("modalities", slices.Sorted(maps.Keys(pending))).Msg("waiting for plugins to start")
	})
	defer notice.Stop()
	for i, spec := range specs {
		all.Go(func() {
			p, err := start(ctx, log, spec)
			mu.Lock()
			defer mu.Unlock()
			delete(pending, spec.Name)
			if p != nil {
				f.plugins[spec.Name] = p
			}
			if errs[i] = err; err != nil {
				time.AfterFunc(failGrace, func() { cancel(errOther) })
			}
		})
	}
	all.Wait()
	if err := errors.Join(notOther(errs)...); err != nil {
		f.Stop()
		return nil, err
	}
	return f, nil
}

// notOther leaves out the errors of plugins that were given up because of another.
func notOther(errs []error) []error {
	var own []error
	for _, err := range errs {
		if err != nil && !errors.Is(err, errOther) {
			own = append(own, err)
		}
	}
	return own
}

// Plugin returns the plugin of the modality with that name, or nil.
func (f *Fleet) Plugin(name string) *Plugin { return f.plugins[name] }

// Stop ends all plugins, at the same time: it cancels their calls and asks them to
// end, cuts their lifelines after 5 seconds, and ends them by force one second later.
func (f *Fleet) Stop() {
	f.stop.Do(func() {
		var all sync.WaitGroup
		for _, p := range f.plugins {
			all.Go(p.end)
		}
		all.Wait()
	})
}

// validate finds mistakes of the caller.
func validate(specs []Spec) error {
	names, sockets := make(map[string]bool), make(map[string]string)
	for _, spec := range specs {
		switch {
		case spec.Name == "":
			return errors.New("host: a modality without a name")
		case names[spec.Name]:
			return fmt.Errorf("host: two modalities are named %s", spec.Name)
		case spec.ways() != 1:
			return fmt.Errorf("host: modality %s needs a command, a modality in process or a socket, and one of them", spec.Name)
		case spec.Attach != "" && sockets[spec.Attach] != "":
			return fmt.Errorf("host: modalities %s and %s cannot share the plugin that is being debugged: it has one config; "+
				"name one of them in FUSEMOE_REATTACH", sockets[spec.Attach], spec.Name)
		case spec.Replicas < 0 || spec.Replicas > 1 && len(spec.Command) == 0:
			return fmt.Errorf("host: modality %s: %d replicas; only a command can have several", spec.Name, spec.Replicas)
		case spec.Sandbox != nil && len(spec.Command) == 0:
			return fmt.Errorf("host: modality %s: only a command can run in a sandbox", spec.Name)
		case len(spec.Command) > 0 && !filepath.IsAbs(spec.Command[0]):
			return fmt.Errorf("host: modality %s: %s is not an absolute path", spec.Name, spec.Command[0])
		}
		if err := spec.Sandbox.possible(); err != nil {
			return fmt.Errorf("modality %s: sandbox: %w", spec.Name, err)
		}
		names[spec.Name], sockets[spec.Attach] = true, spec.Name
	}
	return nil
}

// ways counts how the plugin is to be reached.
func (s Spec) ways() (n int) {
	for _, given := range []bool{len(s.Command) > 0, s.InProcess != nil, s.Attach != ""} {
		if given {
			n++
		}
	}
	return n
}
