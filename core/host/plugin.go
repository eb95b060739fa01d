package host

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/rs/zerolog"
	"golang.org/x/sync/errgroup"

	"github.com/fusemoe/fusemoe/sdk/modalitypb"
)

// Plugin is the plugin of one modality: one process, or several equal ones, each started
// again when it fails. Its calls must not overlap.
type Plugin struct {
	name   string
	spec   Spec
	log    zerolog.Logger
	timing timing

	life     context.Context // ends when the plugin is stopped
	endLife  context.CancelCauseFunc
	watching sync.WaitGroup

	replicas   []*replica
	described  *modalitypb.DescribeResponse
	configured *modalitypb.ConfigureResponse
}

// newPlugin is a plugin of which nothing runs yet.
func newPlugin(log zerolog.Logger, spec Spec) *Plugin {
	if spec.Attach != "" {
		spec.ConfigureTimeout, spec.EncodeTimeout = debugTimeout, debugTimeout
	}
	p := &Plugin{
		name: spec.Name, spec: spec, timing: usualTiming(),
		log: log.With().Str("plugin", spec.Name).Logger(),
	}
	if spec.timing != nil {
		p.timing = *spec.timing
	}
	p.life, p.endLife = context.WithCancelCause(context.Background())
	for i := range max(1, spec.Replicas) {
		p.replicas = append(p.replicas, newReplica(p, i))
	}
	return p
}

// start brings up the plugin of a spec until it is ready to fit or to encode.
func start(ctx context.Context, log zerolog.Logger, spec Spec) (*Plugin, error) {
	p := newPlugin(log, spec)
	err := p.each(ctx, func(ctx context.Context, r *replica) error { return r.start(ctx) })
	if err == nil {
		err = p.agree()
	}
	if err != nil {
		p.end()
		return nil, p.spec.Sandbox.explain(err)
	}
	if len(spec.Command) > 0 {
		for _, r := range p.replicas {
			p.watching.Go(r.watch)
		}
	}
	return p, nil
}

// Attached tells whether somebody else has started the plugin, to debug it. Its code may
// change from run to run without a change of version, so nothing of it is to be kept.
func (p *Plugin) Attached() bool { return p.spec.Attach != "" }

// Describe returns what the plugin says of itself.
func (p *Plugin) Describe() *modalitypb.DescribeResponse { return p.described }

// Dim is the width D of the vectors that Encode returns.
func (p *Plugin) Dim() int { return int(p.configured.GetDim()) }

// Features are the names of the D values, or none.
func (p *Plugin) Features() []string { return p.configured.GetFeatures() }

// Fingerprint changes whenever what Encode returns could change, with the plugin, its
// config or its state.
func (p *Plugin) Fingerprint() string { return p.configured.GetFingerprint() }

// Configure configures the plugin again, with the state that Fit returned.
func (p *Plugin) Configure(ctx context.Context, state []byte) error {
	ctx, cancel := p.call(ctx)
	defer cancel(nil)
	err := p.each(ctx, func(ctx context.Context, r *replica) error {
		r.state, r.configured = state, nil
		return r.attempt(ctx, func(ctx context.Context) error {
			if r.configured != nil {
				return nil // a restart configures too
			}
			return r.configure(ctx)
		})
	})
	if err != nil {
		return p.spec.Sandbox.explain(err)
	}
	return p.agree()
}

// each calls f with every replica, at the same time, and returns the first error.
func (p *Plugin) each(ctx context.Context, f func(context.Context, *replica) error) error {
	group, ctx := errgroup.WithContext(ctx)
	for _, r := range p.replicas {
		group.Go(func() error {
			if err := r.hold(ctx); err != nil {
				return err
			}
			defer r.release()
			return f(ctx, r)
		})
	}
	return group.Wait()
}

// agree takes over what the replicas say, which must be the same.
func (p *Plugin) agree() error {
	first := p.replicas[0]
	for _, r := range p.replicas[1:] {
		if r.configured.GetFingerprint() != first.configured.GetFingerprint() ||
			r.configured.GetDim() != first.configured.GetDim() {
			return p.broken("configure", errors.New("two of its processes with the same config have different fingerprints"))
		}
	}
	p.described, p.configured = first.described, first.configured
	return nil
}

// call returns the context of one call, which also ends when the plugin is stopped.
func (p *Plugin) call(ctx context.Context) (context.Context, context.CancelCauseFunc) {
	ctx, cancel := context.WithCancelCause(ctx)
	stop := context.AfterFunc(p.life, func() { cancel(context.Cause(p.life)) })
	return ctx, func(cause error) { stop(); cancel(cause) }
}

// broken is the error of a plugin that lives but does not keep to the contract.
func (p *Plugin) broken(op string, err error) *Error {
	return &Error{Plugin: p.name, Op: op, Err: err, Advice: "this is a fault of the plugin; tell its author"}
}

// interrupted is the error of a call that the host itself ended.
func (p *Plugin) interrupted(op string, cause error) error {
	return fmt.Errorf("plugin %s: %s: %w", p.name, op, cause)
}

// callGrace is how long calls have to notice that the plugin is being stopped.
const callGrace = 500 * time.Millisecond

// end stops the plugin, as the description of Fleet.Stop says.
func (p *Plugin) end() {
	p.endLife(errStopped)
	var all sync.WaitGroup
	for _, r := range p.replicas {
		all.Go(func() {
			select {
			case r.busy <- struct{}{}:
			case <-time.After(callGrace):
			}
			r.close()
		})
	}
	all.Wait()
	p.watching.Wait()
}
