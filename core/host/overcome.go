package host

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/fusemoe/fusemoe/sdk/modalitypb"
)

// overcome decides what to do about an error of an exchange: what it returns, nobody can
// mend. Else the unanswered batches are the next ones to send.
func (w *work) overcome(ctx context.Context, err error) error {
	blamed := len(w.sent) > 0 // the plugin works on one batch at a time, the oldest
	w.next = append(w.sent, w.next...)
	w.sent = nil
	dead := died(err) || errors.Is(err, errNoAnswer)
	switch {
	case ctx.Err() != nil:
		return err
	case blamed && errors.Is(err, errExhausted):
		return w.lighten(ctx, err)
	case !dead || w.conn.process == nil:
		return err
	}
	w.down(err)
	if !blamed {
		return nil
	}
	b := w.next[0]
	b.tries++
	if b.tries < maxTries {
		return nil
	}
	if !w.plugin.spec.SkipFailing {
		return b.fatal(err)
	}
	w.restarts = 0 // it goes on with something else
	if len(b.samples) == 1 {
		return w.skip(ctx, err)
	}
	b.tries-- // one more try for each half: the sample at fault ends up alone
	head, tail := b.split((len(b.samples) + 1) / 2)
	w.next = slices.Replace(w.next, 0, 1, head, tail)
	return nil
}

// lighten makes the batches smaller that the plugin has no room for.
func (w *work) lighten(ctx context.Context, err error) error {
	b := w.next[0]
	switch {
	case len(b.samples) > 1:
		w.most = (len(b.samples) + 1) / 2
		w.log.Debug().Int("samples", w.most).Msg("a batch was too large; smaller ones from here on")
		return nil
	case w.plugin.spec.SkipFailing:
		return w.skip(ctx, err)
	default:
		return b.fatal(err)
	}
}

// skip answers the next batch, of one sample, with an error of that sample.
func (w *work) skip(ctx context.Context, err error) error {
	b := w.next[0]
	w.sent, w.next = append(w.sent, b), w.next[1:]
	return w.answered(ctx, []*modalitypb.Result{{Result: &modalitypb.Result_Error{Error: &modalitypb.Diagnostic{
		Severity: modalitypb.Diagnostic_SEVERITY_ERROR,
		Summary:  "the plugin fails at it: " + reason(err),
	}}}})
}

// fatal is the error of a batch that the plugin cannot do.
func (b *batch) fatal(err error) error {
	e, ok := errors.AsType[*Error](err)
	if !ok {
		return err
	}
	whole := *e
	whole.First, whole.Count = b.first, len(b.samples)
	if b.tries > 1 {
		whole.Err = fmt.Errorf("%w, %d times", e.Err, b.tries)
	}
	return &whole
}
