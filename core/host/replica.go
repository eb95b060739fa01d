package host

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"sync"
	"time"

	"github.com/rs/zerolog"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/fusemoe/fusemoe/sdk/modalitypb"
)

const (
	defaultConfigureTimeout = 10 * time.Minute
	defaultEncodeTimeout    = 2 * time.Minute

	// deathGrace is how long to look for the end of a process whose connection broke.
	deathGrace = time.Second
)

var validName = regexp.MustCompile(`^[a-z][a-z0-9_]*$`)

// replica is one process of a plugin, replaced by an equal one when it fails.
type replica struct {
	plugin *Plugin
	log    zerolog.Logger
	dir    string        // private to this replica, or empty
	busy   chan struct{} // has an element while somebody uses the replica

	mu      sync.Mutex // guards conn against being closed
	conn    connection
	stopped bool

	// The rest belongs to whoever holds the replica.
	up         bool
	failure    error // why it is not up
	state      []byte
	described  *modalitypb.DescribeResponse
	configured *modalitypb.ConfigureResponse
	restarts   int           // since the last answer
	pause      time.Duration // before the last restart
	since      time.Time     // when the process was ready
	most       int           // samples that fit one message, as far as is known; 0: any number
}

func newReplica(p *Plugin, i int) *replica {
	r := &replica{plugin: p, log: p.log, dir: p.spec.Dir, state: p.spec.State, busy: make(chan struct{}, 1)}
	if p.spec.Replicas > 1 {
		r.log = p.log.With().Int("replica", i).Logger()
	}
	if r.dir != "" && i > 0 {
		r.dir = filepath.Join(r.dir, "replica-"+strconv.Itoa(i))
	}
	return r
}

// hold waits until nobody else uses the replica.
func (r *replica) hold(ctx context.Context) error {
	select {
	case r.busy <- struct{}{}:
		return nil
	case <-ctx.Done():
		return r.plugin.interrupted("start", context.Cause(ctx))
	}
}

func (r *replica) release() { <-r.busy }

// start brings up a process until it is ready to fit or to encode.
func (r *replica) start(ctx context.Context) error {
	ctx, cancel := r.plugin.call(ctx)
	defer cancel(nil)
	before := r.configured
	err := r.connect(ctx)
	if err != nil {
		return err
	}
	if err = r.describe(ctx); err == nil {
		err = r.configure(ctx)
	}
	if err == nil && before != nil && before.GetFingerprint() != r.configured.GetFingerprint() {
		err = r.plugin.broken("configure", errors.New("started again with the same config and state, it has another fingerprint"))
	}
	if err != nil {
		r.conn.close()
		return err
	}
	r.up, r.since = true, time.Now()
	return nil
}

// connect starts a process that can be described.
func (r *replica) connect(ctx context.Context) error {
	spec := r.plugin.spec
	if r.dir != "" {
		if err := os.MkdirAll(r.dir, 0o700); err != nil {
			return fmt.Errorf("modality %s: no work directory: %w", spec.Name, err)
		}
	}
	var conn connection
	var err error
	switch {
	case spec.InProcess != nil:
		conn, err = serve(spec.InProcess, r.log)
	case spec.Attach != "":
		conn, err = attach(r.log, spec.Attach)
	default:
		spec.Dir = r.dir
		conn, err = launch(ctx, r.log, spec, r.plugin.timing)
	}
	if err != nil {
		return err
	}
	if !r.adopt(conn) {
		return r.plugin.interrupted("start", errStopped)
	}
	return nil
}

// adopt makes conn the way to the process, unless the replica was stopped.
func (r *replica) adopt(conn connection) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.stopped {
		conn.close()
		return false
	}
	r.conn = conn
	return true
}

// close ends the process for good.
func (r *replica) close() {
	r.mu.Lock()
	r.stopped = true
	conn := r.conn
	r.mu.Unlock()
	if conn.close != nil {
		conn.close()
	}
}

func (r *replica) describe(ctx context.Context) error {
	const op = "describe"
	p := r.plugin
	ctx, done := context.WithTimeoutCause(ctx, p.timing.describe, errNoAnswer)
	defer done()
	d, err := r.conn.Describe(ctx, &modalitypb.DescribeRequest{})
	if err != nil {
		return r.fail(ctx, op, err)
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
	r.described = d
	r.log.Debug().Str("name", d.GetName()).Str("version", d.GetVersion()).Msg("plugin started")
	return nil
}

func (r *replica) configure(ctx context.Context) error {
	const op = "configure"
	p := r.plugin
	ctx, done := context.WithTimeoutCause(ctx, cmp.Or(p.spec.ConfigureTimeout, defaultConfigureTimeout), errNoAnswer)
	defer done()
	c, err := r.conn.Configure(ctx, &modalitypb.ConfigureRequest{
		Config:  p.spec.Config,
		State:   r.state,
		WorkDir: r.dir,
		Device:  cmp.Or(p.spec.Device, cpu),
		Threads: uint32(p.spec.Threads),
		Seed:    p.spec.Seed,
	})
	if err != nil {
		return r.fail(ctx, op, err)
	}
	if err := r.report(op, c.GetDiagnostics()); err != nil {
		return err
	}
	if n := len(c.GetFeatures()); c.GetDim() < 1 || n > 0 && n != int(c.GetDim()) || c.GetFingerprint() == "" {
		return p.broken(op, fmt.Errorf("dim %d with %d feature names and fingerprint %q",
			c.GetDim(), n, c.GetFingerprint()))
	}
	r.configured = c
	return nil
}

// report logs warnings and returns errors.
func (r *replica) report(op string, diagnostics []*modalitypb.Diagnostic) error {
	var errs []*modalitypb.Diagnostic
	for _, d := range diagnostics {
		if d.GetSeverity() == modalitypb.Diagnostic_SEVERITY_WARNING {
			r.log.Warn().Str("path", printable(d.GetPath())).Msg(printable(d.GetSummary()))
			continue
		}
		errs = append(errs, d)
	}
	if len(errs) > 0 {
		return &DiagnosticError{Plugin: r.plugin.name, Op: op, Key: r.plugin.spec.Key, Diagnostics: errs}
	}
	return nil
}

// fail finds out why a call with the context ctx failed.
func (r *replica) fail(ctx context.Context, op string, err error) error {
	if code := status.Code(err); code == codes.Canceled || code == codes.DeadlineExceeded {
		// A deadline travels with the call, and may pass there before it does here.
		select {
		case <-ctx.Done():
		case <-time.After(deathGrace):
		}
	}
	cause := context.Cause(ctx)
	p, proc := r.plugin, r.conn.process
	dying := time.Duration(0)
	if status.Code(err) == codes.Unavailable {
		dying = deathGrace
	}
	switch {
	case errors.Is(cause, errNoAnswer):
		return &Error{
			Plugin: p.name, Op: op, Err: errNoAnswer, Stderr: proc.tail(),
			Advice: moreTime(op),
		}
	case cause != nil:
		return p.interrupted(op, cause)
	case p.Attached() && status.Code(err) == codes.Unavailable:
		return &Error{
			Plugin: p.name, Op: op, Err: errNoDebugger,
			Advice: "start the plugin with -debug again and paste the line FUSEMOE_REATTACH=... that it prints",
		}
	case proc != nil && proc.ended(dying):
		return proc.obituary(p.name, op)
	case status.Code(err) == codes.Unavailable && proc != nil:
		return &Error{
			Plugin: p.name, Op: op, Err: errCut, Stderr: proc.tail(), Advice: "see its last lines, or tell its author",
		}
	case status.Code(err) == codes.ResourceExhausted:
		return &Error{
			Plugin: p.name, Op: op, Err: fmt.Errorf("%w: %w", errExhausted, callError{err}),
			Advice: "give it smaller samples, or more memory",
		}
	default:
		return p.broken(op, callError{err})
	}
}

// moreTime advises on a plugin that did not answer in time.
func moreTime(op string) string {
	if op == "describe" { // which has no deadline to set
		return "it must load nothing before its Configure has decoded the config; tell its author"
	}
	return "see its last lines, or give it more time with plugins." + op + "_timeout"
}
