package host

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"math"
	"net"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rs/zerolog"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"
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
		if errors.Is(err, io.EOF) {
			return nil
		}
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
	p := newPlugin(zerolog.Nop(), Spec{Name: "m"})
	r := p.replicas[0]
	r.conn, r.up = connection{ModalityClient: modalitypb.NewModalityClient(conn), close: func() {}}, true
	p.described, p.configured = &modalitypb.DescribeResponse{}, &modalitypb.ConfigureResponse{Dim: 2}
	t.Cleanup(p.end)
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
		{"wrong width", &modalitypb.EncodeResponse{Results: sequence(1, 2, 3)}, nil, "12 bytes of values, want 8 for 1 rows of 2 at sample 0"},
		{"not a number", &modalitypb.EncodeResponse{Results: sequence(1, nan)}, nil, "value 1 of row 0 is not finite at sample 0"},
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

func TestBatchesShrinkToWhatThePluginHasRoomFor(t *testing.T) {
	var sizes []int
	p := pluginOf(t, liar{answer: func(r *modalitypb.EncodeRequest) (*modalitypb.EncodeResponse, error) {
		n := len(r.GetSamples())
		sizes = append(sizes, n)
		if n > 3 {
			return nil, status.Error(codes.ResourceExhausted, "out of memory")
		}
		return &modalitypb.EncodeResponse{Seq: r.GetSeq(), Results: slices.Repeat(sequence(1, 2), n)}, nil
	}})
	count := 0
	err := p.Encode(t.Context(), samplesOf(slices.Repeat([]int{1}, 11)...), func(i int, _ *modalitypb.Result) error {
		if i != count {
			return fmt.Errorf("sample %d after %d others", i, count)
		}
		count++
		return nil
	})
	if want := []int{11, 6, 3, 3, 3, 2}; err != nil || count != 11 || !slices.Equal(sizes, want) {
		t.Errorf("%d samples in batches of %v, want %v; %v", count, sizes, want, err)
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
			for _, s := range batch.samples {
				got = append(got, len(s.GetId()))
				total += proto.Size(s)
			}
			if n := len(batch.samples); n == 0 || most > 0 && n > most || n > 1 && total > batchBytes {
				t.Errorf("a batch of %d samples and %d bytes", n, total)
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
