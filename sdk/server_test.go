package sdk_test

import (
	"bytes"
	"context"
	"errors"
	"iter"
	"net"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rs/zerolog"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/test/bufconn"
	"google.golang.org/protobuf/testing/protocmp"

	"github.com/fusemoe/fusemoe/sdk"
	"github.com/fusemoe/fusemoe/sdk/modalitypb"
)

// modality is a Modality made of functions, to be changed by each test.
type modality struct {
	configure func(context.Context, sdk.Config) (int, error)
	encode    func(context.Context, sdk.Sample) (sdk.Sequence, error)
}

func (modality) Info() sdk.Info {
	return sdk.Info{Name: "m", Version: "1.0.0", Kind: sdk.Measurements, Accepts: []string{"text/plain", sdk.RowType}}
}

func (m modality) Configure(ctx context.Context, c sdk.Config) (int, error) {
	if m.configure == nil {
		return 2, nil
	}
	return m.configure(ctx, c)
}

func (m modality) Encode(ctx context.Context, s sdk.Sample) (sdk.Sequence, error) {
	if m.encode == nil {
		return sdk.Sequence{Times: []float64{1}, Values: [][]float32{{2, 3}}}, nil
	}
	return m.encode(ctx, s)
}

// fitter is a modality that counts the samples it is fitted with.
type fitter struct{ modality }

func (fitter) Fit(_ context.Context, samples iter.Seq2[sdk.Sample, error]) ([]byte, error) {
	var ids []byte
	for s, err := range samples {
		if err != nil {
			return nil, err
		}
		ids = append(ids, s.ID...)
	}
	return ids, nil
}

// connect serves m in memory and returns a client of it and what it logs.
func connect(t *testing.T, m sdk.Modality) (modalitypb.ModalityClient, *bytes.Buffer) {
	t.Helper()
	var log bytes.Buffer
	listener := bufconn.Listen(1 << 20)
	server := sdk.NewServer(m, zerolog.New(&log))
	go func() { _ = server.Serve(listener) }()
	conn, err := grpc.NewClient("passthrough:///memory",
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return listener.DialContext(ctx) }),
		grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close(); server.Stop() })
	return modalitypb.NewModalityClient(conn), &log
}

func configure(t *testing.T, c modalitypb.ModalityClient, r *modalitypb.ConfigureRequest,
) *modalitypb.ConfigureResponse {
	t.Helper()
	out, err := c.Configure(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func encode(ctx context.Context, c modalitypb.ModalityClient, samples ...*modalitypb.Sample,
) ([]*modalitypb.Result, error) {
	stream, err := c.Encode(ctx)
	if err != nil {
		return nil, err
	}
	if err := stream.Send(&modalitypb.EncodeRequest{Seq: 1, Samples: samples}); err != nil {
		return nil, err
	}
	if err := stream.CloseSend(); err != nil {
		return nil, err
	}
	r, err := stream.Recv()
	if err != nil {
		return nil, err
	}
	if _, err := stream.Recv(); err == nil {
		return nil, errors.New("more than one response")
	}
	return r.GetResults(), nil
}

func text(id, content string) *modalitypb.Sample {
	return &modalitypb.Sample{Id: id, Items: []*modalitypb.Item{
		{MediaType: "text/plain", Payload: &modalitypb.Item_Data{Data: []byte(content)}},
	}}
}

func TestDescribeSaysWhatInfoAndTheMethodsSay(t *testing.T) {
	c, _ := connect(t, fitter{})
	got, err := c.Describe(t.Context(), &modalitypb.DescribeRequest{})
	if err != nil {
		t.Fatal(err)
	}
	want := &modalitypb.DescribeResponse{
		Name: "m", Version: "1.0.0", Kind: modalitypb.Kind_KIND_MEASUREMENTS,
		MediaTypes: []string{"text/plain", sdk.RowType}, Fits: true, Deterministic: true,
	}
	if diff := cmp.Diff(want, got, protocmp.Transform()); diff != "" {
		t.Error(diff)
	}
}

func TestLogReachesTheHostsLog(t *testing.T) {
	c, log := connect(t, modality{configure: func(ctx context.Context, _ sdk.Config) (int, error) {
		sdk.Log(ctx).Warn().Int("channels", 3).Msg("few channels")
		return 1, nil
	}})
	configure(t, c, &modalitypb.ConfigureRequest{})
	if want := `{"level":"warn","channels":3,"message":"few channels"}` + "\n"; log.String() != want {
		t.Errorf("got %q, want %q", log, want)
	}
}
