package core

import (
	"context"
	"errors"
	"fmt"

	"github.com/rs/zerolog"

	"github.com/fusemoe/fusemoe/core/config"
	"github.com/fusemoe/fusemoe/core/data"
	"github.com/fusemoe/fusemoe/core/host"
	"github.com/fusemoe/fusemoe/sdk/modalitypb"
)

// pass is one way of a dataset's samples through a plugin.
type pass struct {
	plugin   *host.Plugin
	modality string
	dataset  *data.Dataset
	source   string
	onError  config.OnError
}

// encode encodes every sample. One that the plugin refuses or does not survive is an
// error that names its place or, where it is to be skipped, reaches keep as an error.
func (p *pass) encode(ctx context.Context, keep func(*modalitypb.Result) error) error {
	err := p.plugin.Encode(ctx, p.dataset.Requests(p.source, allRows(p.dataset)), func(i int, r *modalitypb.Result) error {
		if bad := r.GetError(); bad != nil && p.onError != config.OnErrorSkip {
			err := fmt.Errorf("modality %s cannot encode the sample at %s: %s", p.modality, p.dataset.Where(i), bad.GetSummary())
			if bad.GetDetail() != "" {
				err = fmt.Errorf("%w; %s", err, bad.GetDetail())
			}
			return err
		}
		return keep(r)
	})
	if e, ok := errors.AsType[*host.Error](err); ok && e.Count > 0 {
		return fmt.Errorf("modality %s, %s: %w", p.modality, p.places(e.First, e.Count), err)
	}
	return err
}

// places says where samples are, without their identifiers.
func (p *pass) places(first, count int) string {
	if count == 1 {
		return p.dataset.Where(first)
	}
	return p.dataset.Where(first) + " to " + p.dataset.Where(first+count-1)
}

// report says how many samples count as missing because the plugin could not encode
// them, and why the first could not.
func (p *pass) report(log zerolog.Logger, bad map[int]*modalitypb.Diagnostic) {
	for i := range p.dataset.Len() {
		if d, ok := bad[i]; ok {
			log.Warn().Str("modality", p.modality).Int("samples", len(bad)).Int("of", p.dataset.Len()).
				Str("first", p.dataset.Where(i)).Str("because", d.GetSummary()).
				Msg("samples that the plugin could not encode count as missing")
			return
		}
	}
}
