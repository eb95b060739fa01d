//go:build unix

package host_test

import (
	"context"
	"errors"
	"io"
	"math"
	"os"
	"os/signal"
	"syscall"
	"time"

	goplugin "github.com/hashicorp/go-plugin"
	"google.golang.org/grpc"

	"github.com/fusemoe/fusemoe/sdk"
	"github.com/fusemoe/fusemoe/sdk/modalitypb"
)

// liars are plugins without the sdk, which would not let them: each answers a request in
// its own way.
func liars() map[string]func(*modalitypb.EncodeRequest) *modalitypb.EncodeResponse {
	one := func(times []float64, values ...float32) *modalitypb.Result {
		x := modalitypb.PackSequence(times, values, nil)
		return &modalitypb.Result{Result: &modalitypb.Result_Sequence{Sequence: x}}
	}
	all := func(r *modalitypb.EncodeRequest, result *modalitypb.Result) *modalitypb.EncodeResponse {
		out := &modalitypb.EncodeResponse{Seq: r.GetSeq()}
		for range r.GetSamples() {
			out.Results = append(out.Results, result)
		}
		return out
	}
	type request = modalitypb.EncodeRequest
	type response = modalitypb.EncodeResponse
	return map[string]func(*request) *response{
		"wrong width":     func(r *request) *response { return all(r, one([]float64{0}, 1, 2)) },
		"not a number":    func(r *request) *response { return all(r, one([]float64{0}, float32(math.NaN()))) },
		"infinite":        func(r *request) *response { return all(r, one([]float64{0}, float32(math.Inf(-1)))) },
		"unsorted times":  func(r *request) *response { return all(r, one([]float64{2, 1}, 1, 1)) },
		"another's batch": func(*request) *response { return all(&request{Seq: 1 << 40}, nil) },
		"another sample's": func(r *request) *response {
			out := all(r, one([]float64{0}, 1))
			out.Results = append(out.Results, out.Results[0])
			return out
		},
		"nothing": func(r *request) *response { return all(r, &modalitypb.Result{}) },
		"half a batch, then death": func(r *request) *response {
			out := all(r, one([]float64{0}, 1))
			out.Results = out.Results[:len(out.Results)/2]
			return out
		},
		"too large": func(r *request) *response {
			return all(r, one(make([]float64, 6<<20), make([]float32, 6<<20)...)) // 72 MiB
		},
		"ignores shutdown": func(r *request) *response { return all(r, one([]float64{0}, 1)) },
	}
}

// liar answers everything else as it should be.
type liar struct {
	goplugin.NetRPCUnsupportedPlugin
	modalitypb.UnimplementedModalityServer
	answer func(*modalitypb.EncodeRequest) *modalitypb.EncodeResponse
	dies   bool // when the host ends a stream that it did not ask to end
}

func (l liar) GRPCServer(_ *goplugin.GRPCBroker, s *grpc.Server) error {
	modalitypb.RegisterModalityServer(s, l)
	return nil
}

func (liar) GRPCClient(context.Context, *goplugin.GRPCBroker, *grpc.ClientConn) (any, error) {
	return nil, errors.ErrUnsupported
}

func (liar) Describe(context.Context, *modalitypb.DescribeRequest) (*modalitypb.DescribeResponse, error) {
	return &modalitypb.DescribeResponse{
		Name: "liar", Version: "1.0.0", Kind: modalitypb.Kind_KIND_EMBEDDINGS, MediaTypes: []string{"text/plain"},
	}, nil
}

func (liar) Configure(context.Context, *modalitypb.ConfigureRequest) (*modalitypb.ConfigureResponse, error) {
	return &modalitypb.ConfigureResponse{Dim: 1, Fingerprint: "liar"}, nil
}

func (l liar) Encode(stream grpc.BidiStreamingServer[modalitypb.EncodeRequest, modalitypb.EncodeResponse]) error {
	for {
		r, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			if l.dies { // now that the host has taken the answer
				os.Exit(6)
			}
			return err
		}
		if err := stream.Send(l.answer(r)); err != nil {
			return err
		}
	}
}

// serveWithoutSDK serves a liar. One that is deaf does not end when it is asked to.
func serveWithoutSDK(l liar, deaf bool) {
	signal.Ignore(syscall.SIGTERM, syscall.SIGINT)
	goplugin.Serve(&goplugin.ServeConfig{
		HandshakeConfig:  sdk.Handshake(),
		VersionedPlugins: map[int]goplugin.PluginSet{sdk.ProtocolVersion: {"modality": l}},
		GRPCServer: func(opts []grpc.ServerOption) *grpc.Server {
			return grpc.NewServer(append(opts, grpc.MaxRecvMsgSize(sdk.MaxMessage), grpc.MaxSendMsgSize(1<<30))...)
		},
	})
	if deaf {
		time.Sleep(forever)
	}
	os.Exit(0)
}
