package sdktest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/fusemoe/fusemoe/sdk/modalitypb"
)

// checkTimeout bounds each check, with the loading of a model that may be part of it.
const checkTimeout = 2 * time.Minute

// patience is how long to wait for what a plugin should do at once. A machine that does much
// else takes its time.
type patience struct {
	// leak is how long goroutines have to end when their plugin has.
	leak time.Duration
	// cancel is how long a plugin may take to notice that a call was cancelled.
	cancel time.Duration
	// shutdown is how long it may take to end when it is asked to. A host waits a second
	// longer before it ends it by force.
	shutdown time.Duration
	// lifeline is how long it may outlive a host that was killed.
	lifeline time.Duration
}

func usualPatience() patience {
	return patience{leak: 5 * time.Second, cancel: 3 * time.Second, shutdown: 4 * time.Second, lifeline: 5 * time.Second}
}

// check is one promise of the contract.
type check struct {
	name, advice string
	run          func(ctx context.Context, k *kit) error
}

// skip is the error of a check that has nothing to check.
type skip string

func (s skip) Error() string { return string(s) }

// startError is why a plugin does not start.
type startError struct{ error }

func (e startError) Unwrap() error { return e.error }

const startAdvice = "Run it by hand with -describe: main must end in sdk.Serve, in Python fusemoe.serve, and load nothing before that."

// target is a plugin that can be started any number of times.
type target interface {
	open(ctx context.Context) (*session, error)
}

// kit is what the checks of one plugin share.
type kit struct {
	target   target
	config   []byte
	samples  []*modalitypb.Sample
	patience patience

	started   bool                         // some check did not end with a startError
	dead      bool                         // it never started
	described *modalitypb.DescribeResponse // once a session is ready
	unusable  error                        // why no session can be made ready
	shared    *session                     // ready to encode; nil until needed and after a failure
	state     []byte                       // that the plugin learned from the samples
	baseline  []*modalitypb.Result
}

func newKit(c Case, t target) *kit {
	k := &kit{target: t, config: []byte(c.Config), patience: usualPatience()}
	if len(bytes.TrimSpace(k.config)) == 0 {
		k.config = []byte("{}")
	}
	for _, s := range c.Samples {
		k.samples = append(k.samples, Message(s))
	}
	return k
}

func (k *kit) close() {
	if k.shared != nil {
		k.shared.close()
		k.shared = nil
	}
}

func (k *kit) run(ctx context.Context, c check) Finding {
	if k.dead {
		return Finding{Check: c.name, Status: Skipped, Message: "needs a plugin that starts"}
	}
	ctx, cancel := context.WithTimeoutCause(ctx, checkTimeout, fmt.Errorf("no answer within %v", checkTimeout))
	defer cancel()
	err := c.run(ctx, k)
	if err != nil && ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	advice := c.advice
	if _, ok := errors.AsType[startError](err); !ok {
		k.started = true
	} else if !k.started {
		k.dead, advice = true, startAdvice
	}
	if err == nil {
		return Finding{Check: c.name, Status: Passed}
	}
	if reason, ok := errors.AsType[skip](err); ok {
		return Finding{Check: c.name, Status: Skipped, Message: reason.Error()}
	}
	k.close() // whatever is wrong with the session, the next check begins with another
	return Finding{Check: c.name, Status: Failed, Message: err.Error(), Advice: advice}
}

// ready returns the shared session, configured and fitted.
func (k *kit) ready(ctx context.Context) (*session, error) {
	if k.unusable != nil {
		return nil, skip("needs a config that works")
	}
	if k.shared == nil {
		s, err := k.fresh(ctx)
		if err != nil {
			return nil, err
		}
		k.shared = s
	}
	return k.shared, nil
}

// fresh returns a session of its own, configured and fitted.
func (k *kit) fresh(ctx context.Context) (*session, error) {
	s, err := k.target.open(ctx)
	if err != nil {
		return nil, err
	}
	if err := k.prepare(ctx, s); err != nil {
		s.close()
		return nil, err
	}
	return s, nil
}

// prepare configures a session and, the first time, learns from the samples.
func (k *kit) prepare(ctx context.Context, s *session) error {
	d, err := s.client.Describe(ctx, &modalitypb.DescribeRequest{})
	if err != nil {
		return failed("Describe", err)
	}
	k.described = d
	if !d.GetFits() || k.state == nil {
		if err := s.configure(ctx, k.config, nil); err != nil {
			return err
		}
	}
	if !d.GetFits() {
		return nil
	}
	if k.state == nil {
		if len(k.samples) == 0 {
			return skip("the plugin fits, and there are no samples to fit it with")
		}
		if k.state, err = s.fit(ctx, k.samples); err != nil {
			return err
		}
	}
	return s.configure(ctx, k.config, k.state)
}

// encoded is what the plugin makes of the samples, all at once, the first time.
func (k *kit) encoded(ctx context.Context) (*session, []*modalitypb.Result, error) {
	if len(k.samples) == 0 {
		return nil, nil, skip("needs samples")
	}
	s, err := k.ready(ctx)
	if err != nil {
		return nil, nil, err
	}
	if k.baseline == nil {
		if k.baseline, err = s.encode(ctx, k.samples...); err != nil {
			return nil, nil, err
		}
	}
	return s, k.baseline, nil
}
