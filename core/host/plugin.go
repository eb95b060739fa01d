package host

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"regexp"
	"time"

	"github.com/rs/zerolog"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/fusemoe/fusemoe/sdk/modalitypb"
)

const (
	// describeTimeout is short: Describe loads nothing.
	describeTimeout = 10 * time.Second

	defaultConfigureTimeout = 10 * time.Minute
	defaultEncodeTimeout    = 2 * time.Minute

	// deathGrace is how long to look for the end of a process whose connection broke.
	deathGrace = time.Second
)

// Plugin is one running plugin. Its calls must not overlap.
type Plugin struct {
	name string
	spec Spec
	log  zerolog.Logger
	conn connection

	life    context.Context // ends when the plugin is stopped
	endLife context.CancelCauseFunc

	described  *modalitypb.DescribeResponse
	configured *modalitypb.ConfigureResponse
}

// connection is the way to a plugin, wherever it runs.
type connection struct {
	modalitypb.ModalityClient
	process *process // nil for a plugin in process
	close   func()
}

// start brings up the plugin of a spec until it is ready to fit or to encode.
func start(ctx context.Context, log zerolog.Logger, spec Spec, sockets string) (*Plugin, error) {
	p := &Plugin{name: spec.Name, spec: spec, log: log.With().Str("plugin", spec.Name).Logger()}
	var err error
	if spec.Dir != "" {
		if err := os.MkdirAll(spec.Dir, 0o700); err != nil {
			return nil, fmt.Errorf("modality %s: no work directory: %w", spec.Name, err)
		}
	}
	if spec.InProcess != nil {
		p.conn, err = serve(spec.InProcess, p.log)
	} else {
		p.conn, err = launch(ctx, p.log, spec, sockets)
	}
	if err != nil {
		return nil, err
	}
	p.life, p.endLife = context.WithCancelCause(context.Background())
	if err := p.describe(ctx); err != nil {
		p.end()
		return nil, err
	}
	if spec.describeOnly {
		return p, nil
	}
	if err := p.Configure(ctx, spec.State); err != nil {
		p.end()
		return nil, err
	}
	return p, nil
}

// Describe returns what the plugin says of itself.
func (p *Plugin) Describe() *modalitypb.DescribeResponse { return p.described }

// Dim is the width D of the vectors that Encode returns.
func (p *Plugin) Dim() int { return int(p.configured.GetDim()) }

// Features are the names of the D values, or none.
func (p *Plugin) Features() []string { return p.configured.GetFeatures() }

// Fingerprint changes whenever what Encode returns could change, with the plugin, its
// config or its state.
func (p *Plugin) Fingerprint() string { return p.configured.GetFingerprint() }

var validName = regexp.MustCompile(`^[a-z][a-z0-9_]*$`)

func (p *Plugin) describe(ctx context.Context) error {
	const op = "describe"
	ctx, cancel := p.call(ctx)
	defer cancel(nil)
	ctx, done := context.WithTimeoutCause(ctx, describeTimeout, errNoAnswer)
	defer done()
	d, err := p.conn.Describe(ctx, &modalitypb.DescribeRequest{})
	if err != nil {
		return p.fail(ctx, op, err)
	}
	switch {
	case !validName.MatchString(d.GetName()):
		err = fmt.Errorf("%q is no name for a plugin: small letters, digits and _", d.GetName())
	case d.GetVersion() == "":
		err = errors.New("it has no version")
	case d.GetKind() != modalitypb.Kind_KIND_MEASUREMENTS && d.GetKind() != modalitypb.Kind_KIND_EMBEDDINGS:
		err = fmt.Errorf("%v is neither measurements nor embeddings", d.GetKind())
	case len(d.GetMediaTypes()) == 0:
		err = errors.New("it accepts no media type")
	}
	if err != nil {
		return p.broken(op, err)
	}
	p.described = d
	p.log.Debug().Str("name", d.GetName()).Str("version", d.GetVersion()).Msg("plugin started")
	return nil
}

// Configure configures the plugin again, with the state that Fit returned.
func (p *Plugin) Configure(ctx context.Context, state []byte) error {
	const op = "configure"
	ctx, cancel := p.call(ctx)
	defer cancel(nil)
	ctx, done := context.WithTimeoutCause(ctx, cmp.Or(p.spec.ConfigureTimeout, defaultConfigureTimeout), errNoAnswer)
	defer done()
	r, err := p.conn.Configure(ctx, &modalitypb.ConfigureRequest{
		Config:  p.spec.Config,
		State:   state,
		WorkDir: p.spec.Dir,
		Device:  cmp.Or(p.spec.Device, cpu),
		Threads: uint32(p.spec.Threads),
		Seed:    p.spec.Seed,
	})
	if err != nil {
		return p.fail(ctx, op, err)
	}
	if err := p.report(op, r.GetDiagnostics()); err != nil {
		return err
	}
	if n := len(r.GetFeatures()); r.GetDim() < 1 || n > 0 && n != int(r.GetDim()) || r.GetFingerprint() == "" {
		return p.broken(op, fmt.Errorf("dim %d with %d feature names and fingerprint %q",
			r.GetDim(), n, r.GetFingerprint()))
	}
	p.configured = r
	return nil
}

// report logs warnings and returns errors.
func (p *Plugin) report(op string, diagnostics []*modalitypb.Diagnostic) error {
	var errs []*modalitypb.Diagnostic
	for _, d := range diagnostics {
		if d.GetSeverity() == modalitypb.Diagnostic_SEVERITY_WARNING {
			p.log.Warn().Str("path", printable(d.GetPath())).Msg(printable(d.GetSummary()))
			continue
		}
		errs = append(errs, d)
	}
	if len(errs) > 0 {
		return &DiagnosticError{Plugin: p.name, Op: op, Diagnostics: errs}
	}
	return nil
}

// call returns the context of one call, which also ends when the plugin is stopped.
func (p *Plugin) call(ctx context.Context) (context.Context, context.CancelCauseFunc) {
	ctx, cancel := context.WithCancelCause(ctx)
	stop := context.AfterFunc(p.life, func() { cancel(context.Cause(p.life)) })
	return ctx, func(cause error) { stop(); cancel(cause) }
}

// fail finds out why a call with the context ctx failed.
func (p *Plugin) fail(ctx context.Context, op string, err error) error {
	cause := context.Cause(ctx)
	proc := p.conn.process
	switch {
	case errors.Is(cause, errNoAnswer):
		return &Error{
			Plugin: p.name, Op: op, Err: errNoAnswer, Stderr: proc.tail(),
			Advice: "see its last lines, or give it more time with plugins." + op + "_timeout",
		}
	case cause != nil:
		return fmt.Errorf("plugin %s: %s: %w", p.name, op, cause)
	case status.Code(err) == codes.Unavailable && proc != nil && proc.ended(deathGrace):
		return proc.obituary(p.name, op)
	default:
		return p.broken(op, callError{err})
	}
}

// broken is the error of a plugin that lives but does not keep to the contract.
func (p *Plugin) broken(op string, err error) *Error {
	return &Error{Plugin: p.name, Op: op, Err: err, Advice: "this is a fault of the plugin; tell its author"}
}

// end stops the plugin, as the description of Fleet.Stop says.
func (p *Plugin) end() {
	p.endLife(errStopped)
	p.conn.close()
}
