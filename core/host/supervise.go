package host

import (
	"context"
	"errors"
	"fmt"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/status"
)

// healthService is the name under which go-plugin reports the health of a plugin.
const healthService = "plugin"

// attempt calls f with the process up, and again if the process dies in it.
func (r *replica) attempt(ctx context.Context, f func(context.Context) error) error {
	for try := 1; ; try++ {
		if err := r.ready(ctx); err != nil {
			return err
		}
		err := f(ctx)
		if err == nil {
			r.restarts = 0
			return nil
		}
		if r.conn.process == nil || !died(err) || try == maxTries {
			return err
		}
		r.down(err)
	}
}

// died tells whether err is the end of a process or of the way to it, which another
// process may be spared.
func died(err error) bool { return errors.Is(err, errEnded) || errors.Is(err, errCut) }

// ready returns when the process is up, and starts it again if it is not.
func (r *replica) ready(ctx context.Context) error {
	if r.up && (r.conn.process == nil || !r.conn.process.ended(0)) {
		return nil
	}
	if r.up {
		r.down(r.conn.process.obituary(r.plugin.name, "idle"))
	}
	for {
		if r.restarts == maxRestarts {
			return r.hopeless()
		}
		if err := r.rest(ctx); err != nil {
			return err
		}
		r.restarts++
		err := r.start(ctx)
		if err == nil {
			return nil
		}
		if !died(err) && !errors.Is(err, errNoHandshake) {
			return err // a further start would end the same way
		}
		r.failure = err
	}
}

// hopeless is the error of a plugin that does not come back.
func (r *replica) hopeless() error {
	e, ok := errors.AsType[*Error](r.failure)
	if !ok {
		return r.failure
	}
	whole := *e
	whole.Err = fmt.Errorf("%w, and %d restarts brought no answer", e.Err, maxRestarts)
	return &whole
}

// down ends a process that is of no more use, and remembers why.
func (r *replica) down(why error) {
	r.up, r.failure = false, why
	if time.Since(r.since) >= r.plugin.timing.goodWork {
		r.pause = 0
	}
	if proc := r.conn.process; proc != nil && !proc.ended(0) {
		_ = proc.Kill(context.Background()) // what is left then, nobody can end
	}
	r.conn.close()
}

// reason is the first part of an error of a plugin: what happened, without its output.
func reason(err error) string {
	e, ok := errors.AsType[*Error](err)
	switch {
	case !ok:
		return err.Error()
	case e.Exit != "":
		return e.Err.Error() + " (" + e.Exit + ")"
	default:
		return e.Err.Error()
	}
}

// rest waits before a restart, longer each time.
func (r *replica) rest(ctx context.Context) error {
	t := r.plugin.timing
	r.pause = min(max(2*r.pause, t.firstPause), t.longestPause)
	r.log.Warn().Str("because", reason(r.failure)).Stringer("in", r.pause).Int("restart", r.restarts+1).
		Msg("the plugin failed and is started again")
	select {
	case <-time.After(r.pause):
		return nil
	case <-ctx.Done():
		return r.plugin.interrupted("start", context.Cause(ctx))
	}
}

// watch asks the process now and then, while nobody uses it, whether it lives, and
// starts it again if it does not, so that the next call finds it ready.
func (r *replica) watch() {
	life := r.plugin.life
	ticker := time.NewTicker(r.plugin.timing.health)
	defer ticker.Stop()
	for {
		select {
		case <-life.Done():
			return
		case <-ticker.C:
		}
		select {
		case r.busy <- struct{}{}:
		default:
			continue // at work, where the deadline of each batch shows whether it lives
		}
		r.examine(life)
		r.release()
	}
}

// examine is one look at an idle process. If it cannot be started again, the next call
// tells why.
func (r *replica) examine(ctx context.Context) {
	if !r.up {
		return
	}
	if !r.conn.process.ended(0) && !r.answers(ctx) && ctx.Err() == nil {
		r.down(&Error{
			Plugin: r.plugin.name, Op: "idle", Err: errNoAnswer, Stderr: r.conn.process.tail(), Advice: "see its last lines",
		})
	}
	_ = r.ready(ctx)
}

// answers asks the plugin whether it is healthy. One that does not know the question is.
func (r *replica) answers(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(ctx, r.plugin.timing.answer)
	defer cancel()
	h, err := r.conn.health.Check(ctx, &grpc_health_v1.HealthCheckRequest{Service: healthService})
	switch status.Code(err) {
	case codes.OK:
		return h.GetStatus() == grpc_health_v1.HealthCheckResponse_SERVING
	case codes.Unavailable, codes.DeadlineExceeded:
		return false
	default:
		return true
	}
}
