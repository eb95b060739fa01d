package host

import (
	"context"
	"errors"
	"iter"
	"math"
	"net"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rs/zerolog"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/test/bufconn"
	"google.golang.org/protobuf/proto"
	"pgregory.net/rapid"

	"github.com/fusemoe/fusemoe/sdk/modalitypb"
)

// liar is a plugin without the sdk: it answers as the test wants.
type liar struct {
	modalitypb.UnimplementedModalityServer
	answer func(*modalitypb.EncodeRequest) (*modalitypb.EncodeResponse, error)
}

func (l liar) Encode(stream grpc.BidiStreamingServer[modalitypb.EncodeRequest, modalitypb.EncodeResponse]) error {
	for {
		r, err := stream.Recv()
		if err != nil {
			return err
		}
		out, err := l.answer(r)
		if out == nil || err != nil {
			return err
		}
		if err := stream.Send(out); err != nil {
			return err
		}
	}
}

// pluginOf connects to a server in memory, as if it had been described and configured.
func pluginOf(t *testing.T, server modalitypb.ModalityServer) *Plugin {
	t.Helper()
	listener := bufconn.Listen(memoryPipe)
	s := grpc.NewServer()
	modalitypb.RegisterModalityServer(s, server)
	go func() { _ = s.Serve(listener) }()
	conn, err := grpc.NewClient("passthrough:///memory",
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return listener.DialContext(ctx) }),
		grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close(); s.Stop() })
	p := &Plugin{
		name: "m", log: zerolog.Nop(), conn: connection{ModalityClient: modalitypb.NewModalityClient(conn)},
		described: &modalitypb.DescribeResponse{}, configured: &modalitypb.ConfigureResponse{Dim: 2},
	}
	p.life, p.endLife = context.WithCancelCause(t.Context())
	return p
}

func sequence(values ...float32) []*modalitypb.Result {
	x := modalitypb.PackSequence([]float64{0}, values, nil)
	return []*modalitypb.Result{{Result: &modalitypb.Result_Sequence{Sequence: x}}}
}

func samplesOf(sizes ...int) iter.Seq2[*modalitypb.Sample, error] {
	return func(yield func(*modalitypb.Sample, error) bool) {
		for _, n := range sizes {
			if !yield(&modalitypb.Sample{Id: strings.Repeat("x", n)}, nil) {
				return
			}
		}
	}
}

func TestAPluginThatBreaksTheContractIsNamed(t *testing.T) {
	nan := float32(math.NaN())
	empty := []*modalitypb.Result{{}}
	tests := []struct {
		name string
		out  *modalitypb.EncodeResponse
		err  error
		want string
	}{
		{"wrong width", &modalitypb.EncodeResponse{Results: sequence(1, 2, 3)}, nil, "sample 0: 12 bytes of values, want 8"},
		{"not a number", &modalitypb.EncodeResponse{Results: sequence(1, nan)}, nil, "value 1 of row 0 is not finite"},
		{"no result", &modalitypb.EncodeResponse{}, nil, "batch 0 of 1 samples with 0 results"},
		{"empty result", &modalitypb.EncodeResponse{Results: empty}, nil, "neither a sequence nor an error"},
		{"wrong batch", &modalitypb.EncodeResponse{Seq: 7, Results: sequence(1, 2)}, nil, "results for batch 7"},
		{"no answer", nil, nil, "it ended the stream with 1 batches unanswered"},
		{"an error", nil, errors.New("out of ideas"), "plugin m: encode: out of ideas; this is a fault of the plugin"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			p := pluginOf(t, liar{answer: func(*modalitypb.EncodeRequest) (*modalitypb.EncodeResponse, error) {
				return test.out, test.err
			}})
			err := p.Encode(t.Context(), samplesOf(1), func(int, *modalitypb.Result) error {
				return errors.New("it reached the caller")
			})
			if e, ok := errors.AsType[*Error](err); !ok || e.Plugin != "m" || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want %q in it", err, test.want)
			}
		})
	}
}

func TestACallThatNobodyImplementsIsAFaultOfThePlugin(t *testing.T) {
	_, err := pluginOf(t, liar{}).Fit(t.Context(), samplesOf(1), nil)
	if e, ok := errors.AsType[*Error](err); !ok || !strings.Contains(e.Error(), "method Fit not implemented") {
		t.Errorf("got %v", err)
	}
}

func TestBatchesHoldEverySampleOnceInOrderWithinTheLimits(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		sizes := rapid.SliceOf(rapid.IntRange(0, 700_000)).Draw(t, "sizes")
		most := rapid.IntRange(0, 3).Draw(t, "max_batch")
		p := &Plugin{described: &modalitypb.DescribeResponse{MaxBatch: uint32(most)}}
		var got []int
		for batch, err := range p.batches("encode", samplesOf(sizes...)) {
			if err != nil {
				t.Fatal(err)
			}
			total := 0
			for _, s := range batch {
				got = append(got, len(s.GetId()))
				total += proto.Size(s)
			}
			if len(batch) == 0 || most > 0 && len(batch) > most || len(batch) > 1 && total > batchBytes {
				t.Errorf("a batch of %d samples and %d bytes", len(batch), total)
			}
		}
		if diff := cmp.Diff(append([]int(nil), sizes...), got); diff != "" && len(sizes) > 0 {
			t.Error(diff)
		}
	})
}

func TestASampleThatFitsNoMessageIsAnError(t *testing.T) {
	p := &Plugin{name: "m", described: &modalitypb.DescribeResponse{}}
	for _, err := range p.batches("encode", samplesOf(1, 80<<20)) {
		if err != nil {
			want := "sample 1 has 80 MiB, more than a message holds; give large items as files"
			if !strings.Contains(err.Error(), want) {
				t.Errorf("got %v, want %q in it", err, want)
			}
			return
		}
	}
	t.Error("no error")
}
