package host

import (
	"context"

	"github.com/rs/zerolog"

	"github.com/fusemoe/fusemoe/sdk/modalitypb"
)

// Describe starts the plugin of a spec, asks it what it is, and stops it.
func Describe(ctx context.Context, log zerolog.Logger, spec Spec) (*modalitypb.DescribeResponse, error) {
	spec.Replicas = 1
	if err := validate([]Spec{spec}); err != nil {
		return nil, err
	}
	p := newPlugin(log, spec)
	defer p.end()
	ctx, cancel := p.call(ctx)
	defer cancel(nil)
	r := p.replicas[0]
	if err := r.connect(ctx); err != nil {
		return nil, err
	}
	if err := r.describe(ctx); err != nil {
		return nil, err
	}
	return r.described, nil
}
