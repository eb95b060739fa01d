package sdk

import (
	"context"
	"fmt"
	"slices"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/fusemoe/fusemoe/sdk/modalitypb"
)

// encode returns one result per sample. Its error ends the stream; what is wrong with a
// single sample is that sample's result.
func (s *server) encode(ctx context.Context, samples []*modalitypb.Sample) ([]*modalitypb.Result, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.configured {
		return nil, status.Error(codes.FailedPrecondition, "Encode before Configure")
	}
	if _, fits := s.modality.(Fitter); fits && !s.fitted {
		return nil, status.Error(codes.FailedPrecondition, "Encode before Fit: Configure received no fitted state")
	}

	info := s.modality.Info()
	results := make([]*modalitypb.Result, len(samples))
	var inputs []Sample
	var at []int // the sample that each input is
	for i, m := range samples {
		sample, err := sampleOf(m, info.Accepts)
		switch {
		case err != nil:
			results[i] = refusal(err)
		case len(sample.Items) == 0:
			results[i] = &modalitypb.Result{Result: &modalitypb.Result_Sequence{Sequence: &modalitypb.Sequence{}}}
		default:
			inputs, at = append(inputs, sample), append(at, i)
		}
	}
	for j, r := range s.encodeAll(ctx, inputs) {
		results[at[j]] = r
	}
	if ctx.Err() != nil {
		return nil, status.FromContextError(ctx.Err()).Err()
	}
	return results, nil
}

// encodeAll encodes the samples together if the modality can, and one by one if it
// cannot or something went wrong.
func (s *server) encodeAll(ctx context.Context, inputs []Sample) []*modalitypb.Result {
	if b, ok := s.modality.(BatchEncoder); ok && len(inputs) > 1 {
		results, err := s.encodeBatch(ctx, b, inputs)
		if err == nil {
			return results
		}
		s.log.Warn().Int("samples", len(inputs)).Msg("encoding a batch failed; encoding its samples one by one")
	}
	results := make([]*modalitypb.Result, len(inputs))
	for i, sample := range inputs {
		if ctx.Err() != nil {
			break
		}
		var q Sequence
		err := s.guard(ctx, func(ctx context.Context) (err error) {
			q, err = s.modality.Encode(ctx, sample)
			return err
		})
		if err != nil {
			results[i] = refusal(err)
			continue
		}
		results[i] = s.result(q)
	}
	return results
}

func (s *server) encodeBatch(ctx context.Context, b BatchEncoder, inputs []Sample) ([]*modalitypb.Result, error) {
	results := make([]*modalitypb.Result, len(inputs))
	err := s.guard(ctx, func(ctx context.Context) error {
		sequences, err := b.EncodeBatch(ctx, inputs)
		if err == nil && len(sequences) != len(inputs) {
			err = fmt.Errorf("%d sequences for %d samples", len(sequences), len(inputs))
		}
		if err != nil {
			return err
		}
		for i, q := range sequences {
			results[i] = s.result(q)
		}
		return nil
	})
	return results, err
}

// result is the sequence as a message, or what is wrong with it.
func (s *server) result(q Sequence) *modalitypb.Result {
	x, err := pack(q, s.dim)
	if err == nil {
		err = x.Check(s.dim)
	}
	if err != nil {
		return refusal(&Diagnostic{
			Summary: "the plugin returned a sequence that is none: " + err.Error(),
			Detail:  "this is a fault of the plugin; tell its author",
		})
	}
	return &modalitypb.Result{Result: &modalitypb.Result_Sequence{Sequence: x}}
}

func refusal(err error) *modalitypb.Result {
	return &modalitypb.Result{Result: &modalitypb.Result_Error{Error: diagnose(err)}}
}

// pack turns an author's sequence into a message, checking only what packing needs.
func pack(q Sequence, dim int) (*modalitypb.Sequence, error) {
	if len(q.Values) != len(q.Times) {
		return nil, fmt.Errorf("%d vectors at %d times", len(q.Values), len(q.Times))
	}
	if q.Observed != nil && len(q.Observed) != len(q.Times) {
		return nil, fmt.Errorf("observed flags for %d vectors of %d", len(q.Observed), len(q.Times))
	}
	values := make([]float32, 0, len(q.Times)*dim)
	var observed []bool
	for i, v := range q.Values {
		if len(v) != dim {
			return nil, fmt.Errorf("vector %d has %d values; Configure promised %d", i, len(v), dim)
		}
		values = append(values, v...)
		if q.Observed == nil {
			continue
		}
		if len(q.Observed[i]) != dim {
			return nil, fmt.Errorf("vector %d has %d values and %d observed flags", i, dim, len(q.Observed[i]))
		}
		observed = append(observed, q.Observed[i]...)
	}
	return modalitypb.PackSequence(q.Times, values, observed), nil
}

// sampleOf turns a message into what authors see. It refuses items that the modality does
// not understand.
func sampleOf(m *modalitypb.Sample, accepts []string) (Sample, error) {
	s := Sample{ID: m.GetId(), Items: make([]Item, len(m.GetItems()))}
	for i, it := range m.GetItems() {
		if !slices.Contains(accepts, it.GetMediaType()) {
			return Sample{}, &Diagnostic{
				Path:    fmt.Sprintf("items[%d].media_type", i),
				Summary: fmt.Sprintf("the plugin does not read %q", it.GetMediaType()),
				Detail:  fmt.Sprintf("it reads %q", accepts),
			}
		}
		row := it.GetRow()
		if len(row.GetNames()) != len(row.GetValues()) {
			return Sample{}, &Diagnostic{
				Path:    fmt.Sprintf("items[%d].row", i),
				Summary: fmt.Sprintf("%d names for %d values", len(row.GetNames()), len(row.GetValues())),
			}
		}
		s.Items[i] = Item{
			Time:       it.GetTime(),
			MediaType:  it.GetMediaType(),
			Data:       it.GetData(),
			Path:       it.GetPath(),
			Row:        NewRow(row.GetNames(), row.GetValues()),
			Attributes: it.GetAttributes(),
		}
	}
	return s, nil
}
