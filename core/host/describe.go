package host

import (
	"context"

	"github.com/rs/zerolog"

	"github.com/fusemoe/fusemoe/sdk/modalitypb"
)

// Describe starts a plugin, asks it what it is and stops it, without configuring it.
func Describe(ctx context.Context, log zerolog.Logger, spec Spec) (*modalitypb.DescribeResponse, error) {
	spec.describeOnly = true
	fleet, err := Start(ctx, log, []Spec{spec})
	if err != nil {
		return nil, err
	}
	defer fleet.Stop()
	return fleet.Plugin(spec.Name).Describe(), nil
}
