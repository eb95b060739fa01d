package sdk

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"sync"

	"github.com/rs/zerolog"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/fusemoe/fusemoe/sdk/modalitypb"
)

// server answers the calls of the contract with a Modality, one at a time.
type server struct {
	modalitypb.UnimplementedModalityServer
	log zerolog.Logger

	describing sync.Once // before the first Configure: it calls Configure itself
	described  *modalitypb.DescribeResponse

	mu         sync.Mutex // held while the modality works
	modality   Modality
	configured bool
	fitted     bool // Configure received a state
	config     []byte
	dim        int
}

func (s *server) Describe(_ context.Context, _ *modalitypb.DescribeRequest) (*modalitypb.DescribeResponse, error) {
	return s.describe(), nil
}

func (s *server) describe() *modalitypb.DescribeResponse {
	s.describing.Do(func() { s.described = describe(s.modality) })
	return s.described
}

func describe(m Modality) *modalitypb.DescribeResponse {
	info := m.Info()
	_, fits := m.(Fitter)
	return &modalitypb.DescribeResponse{
		Name:          info.Name,
		Version:       info.Version,
		Kind:          modalitypb.Kind(info.Kind),
		MediaTypes:    info.Accepts,
		ConfigSchema:  configSchema(m),
		Fits:          fits,
		Deterministic: !info.Nondeterministic,
		MaxBatch:      uint32(info.MaxBatch),
	}
}

func (s *server) Configure(ctx context.Context, r *modalitypb.ConfigureRequest) (*modalitypb.ConfigureResponse, error) {
	s.describe()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.configured = false
	state, err := learned(r.GetConfig(), r.GetState())
	if err != nil {
		return &modalitypb.ConfigureResponse{Diagnostics: []*modalitypb.Diagnostic{diagnose(err)}}, nil
	}
	c := Config{
		JSON:    r.GetConfig(),
		State:   state,
		WorkDir: r.GetWorkDir(),
		Device:  r.GetDevice(),
		Threads: int(r.GetThreads()),
		Seed:    r.GetSeed(),
	}
	out := &modalitypb.ConfigureResponse{}
	err = s.guard(ctx, func(ctx context.Context) (err error) {
		if s.dim, err = s.modality.Configure(ctx, c); err != nil {
			return err
		}
		if s.dim < 1 {
			return fmt.Errorf("the plugin promises vectors of %d values; Configure must return at least 1", s.dim)
		}
		if f, ok := s.modality.(FeatureNamer); ok {
			out.Features = f.Features()
			if len(out.Features) != s.dim {
				return fmt.Errorf("the plugin names %d features for vectors of %d values", len(out.Features), s.dim)
			}
		}
		out.Dim, out.Fingerprint = uint32(s.dim), fingerprint(s.modality, c)
		return nil
	})
	if ctx.Err() != nil {
		return nil, status.FromContextError(ctx.Err()).Err()
	}
	if err != nil {
		return &modalitypb.ConfigureResponse{Diagnostics: []*modalitypb.Diagnostic{diagnose(err)}}, nil
	}
	s.configured, s.fitted, s.config = true, len(c.State) > 0, c.JSON
	return out, nil
}

func (s *server) Fit(stream grpc.ClientStreamingServer[modalitypb.FitRequest, modalitypb.FitResponse]) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	fitter, ok := s.modality.(Fitter)
	if !ok {
		return status.Error(codes.Unimplemented, "this plugin has nothing to fit")
	}
	if !s.configured {
		return status.Error(codes.FailedPrecondition, "Fit before Configure")
	}
	var state []byte
	err := s.guard(stream.Context(), func(ctx context.Context) (err error) {
		state, err = fitter.Fit(ctx, s.received(stream))
		switch {
		case err != nil:
			return err
		case len(state) == 0:
			return errors.New("the plugin fitted nothing; Fit must return what it learned")
		case len(state) > MaxState:
			return fmt.Errorf("the plugin's fitted state has %d bytes; at most %d are allowed", len(state), MaxState)
		}
		s.summarize(ctx)
		return nil
	})
	if ctx := stream.Context(); ctx.Err() != nil {
		return status.FromContextError(ctx.Err()).Err()
	}
	if err != nil {
		return stream.SendAndClose(&modalitypb.FitResponse{Diagnostics: []*modalitypb.Diagnostic{diagnose(err)}})
	}
	return stream.SendAndClose(&modalitypb.FitResponse{State: stateOf(s.config, state)})
}

// received ranges over the samples of a Fit stream. After an error it ends.
func (s *server) received(stream grpc.ClientStreamingServer[modalitypb.FitRequest, modalitypb.FitResponse],
) iter.Seq2[Sample, error] {
	return func(yield func(Sample, error) bool) {
		accepts := s.modality.Info().Accepts
		for {
			r, err := stream.Recv()
			if errors.Is(err, io.EOF) {
				return
			}
			if err != nil {
				yield(Sample{}, err)
				return
			}
			for _, m := range r.GetSamples() {
				sample, err := sampleOf(m, accepts)
				if !yield(sample, err) || err != nil {
					return
				}
			}
		}
	}
}

func (s *server) Encode(stream grpc.BidiStreamingServer[modalitypb.EncodeRequest, modalitypb.EncodeResponse]) error {
	for {
		r, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			s.mu.Lock()
			defer s.mu.Unlock()
			_ = s.guard(stream.Context(), func(ctx context.Context) error { s.summarize(ctx); return nil })
			return nil
		}
		if err != nil {
			return err
		}
		results, err := s.encode(stream.Context(), r.GetSamples())
		if err != nil {
			return err
		}
		if err := stream.Send(&modalitypb.EncodeResponse{Seq: r.GetSeq(), Results: results}); err != nil {
			return err
		}
	}
}

func (s *server) summarize(ctx context.Context) {
	if m, ok := s.modality.(Summarizer); ok {
		m.Summarize(ctx)
	}
}
