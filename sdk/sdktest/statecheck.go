package sdktest

import (
	"context"
	"errors"
	"fmt"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// stateChecks are about what a plugin learns in Fit. All of them skip for one that does
// not.
func stateChecks() []check {
	return []check{
		{
			"encode before fit", "Refuse with the status FailedPrecondition what comes before Fit; the SDK does.",
			fitting(func(ctx context.Context, k *kit, s *session) error {
				if err := s.configure(ctx, k.config, nil); err != nil {
					return err
				}
				if _, err := s.encodeRaw(ctx, k.samples[:1]); status.Code(err) != codes.FailedPrecondition {
					return fmt.Errorf("Encode before Fit gave %v, want %v", status.Code(err), codes.FailedPrecondition)
				}
				return nil
			}),
		},
		{
			"fit twice", "Start the random generators in Fit with the seed, and do not range over maps: a run must be repeatable.",
			fitting(func(ctx context.Context, k *kit, s *session) error {
				if err := s.configure(ctx, k.config, nil); err != nil {
					return err
				}
				again, err := s.fit(ctx, k.samples)
				if err == nil && string(again) != string(k.state) {
					err = errors.New("fitted again on the same samples it learned something else")
				}
				return err
			}),
		},
		{
			"state of another config", "Keep in the state what it was fitted with, and refuse any other config; the Go SDK does both.",
			fitting(func(ctx context.Context, k *kit, s *session) error {
				config, err := k.other(ctx, s)
				if err != nil {
					return err
				}
				return refusesState(ctx, s, config, k.state, "the state of another config")
			}),
		},
		{
			"damaged state", "Check the state before using it: its size, its version, what it says.",
			fitting(func(ctx context.Context, k *kit, s *session) error {
				return refusesState(ctx, s, k.config, []byte("sdktest"), "a state that is none")
			}),
		},
	}
}

// fitting runs a check on a new session of a plugin that fits, and once the kit has
// fitted it.
func fitting(run func(ctx context.Context, k *kit, s *session) error) func(context.Context, *kit) error {
	return func(ctx context.Context, k *kit) error {
		if _, err := k.ready(ctx); err != nil {
			return err
		}
		if !k.described.GetFits() {
			return skip("the plugin does not fit")
		}
		s, err := k.target.open(ctx)
		if err != nil {
			return err
		}
		defer s.close()
		return run(ctx, k, s)
	}
}

func refusesState(ctx context.Context, s *session, config, state []byte, what string) error {
	err := s.configure(ctx, config, state)
	if err == nil {
		return fmt.Errorf("Configure accepted %s", what)
	}
	if _, ok := errors.AsType[refused](err); !ok {
		return fmt.Errorf("want a diagnostic about %s: %w", what, err)
	}
	return nil
}
