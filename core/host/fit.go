package host

import (
	"context"
	"errors"
	"iter"

	"github.com/fusemoe/fusemoe/sdk/modalitypb"
)

// Samples are the samples of one modality, as the dataset hands them out. After an error
// they end. Fit may go through them again.
type Samples = iter.Seq2[*modalitypb.Sample, error]

// Fit lets the plugin learn from the samples and returns what it learned, for Configure.
// It calls progress, unless nil, with the number of samples sent so far. If the process
// dies, another one begins with the first sample.
func (p *Plugin) Fit(ctx context.Context, samples Samples, progress func(n int)) (state []byte, err error) {
	ctx, cancel := p.call(ctx)
	defer cancel(nil)
	r := p.replicas[0]
	if err := r.hold(ctx); err != nil {
		return nil, err
	}
	defer r.release()
	most := 0
	err = r.attempt(ctx, func(ctx context.Context) error {
		state, err = r.fit(ctx, samples, func(n int) {
			if progress != nil && n > most {
				most = n
				progress(n)
			}
		})
		return err
	})
	return state, err
}

func (r *replica) fit(ctx context.Context, samples Samples, sent func(n int)) ([]byte, error) {
	const op = "fit"
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	stream, err := r.conn.Fit(ctx)
	if err != nil {
		return nil, r.fail(ctx, op, err)
	}
	for batch, err := range r.plugin.batches(op, samples) {
		if err != nil {
			return nil, err
		}
		if err := stream.Send(&modalitypb.FitRequest{Samples: batch.samples}); err != nil {
			break // CloseAndRecv knows why
		}
		sent(batch.first + len(batch.samples))
	}
	f, err := stream.CloseAndRecv()
	if err != nil {
		return nil, r.fail(ctx, op, err)
	}
	if err := r.report(op, f.GetDiagnostics()); err != nil {
		return nil, err
	}
	if len(f.GetState()) == 0 {
		return nil, r.plugin.broken(op, errors.New("it learned nothing"))
	}
	return f.GetState(), nil
}
