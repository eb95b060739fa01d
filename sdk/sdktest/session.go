package sdktest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"

	"github.com/rs/zerolog"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"
	"google.golang.org/grpc/test/bufconn"
	"google.golang.org/protobuf/proto"

	"github.com/fusemoe/fusemoe/sdk"
	"github.com/fusemoe/fusemoe/sdk/modalitypb"
)

// memoryPipe is the buffer of a connection in memory, in bytes: a batch as hosts send it.
const memoryPipe = 1 << 20

// session is one running plugin.
type session struct {
	client modalitypb.ModalityClient
	dim    int // once configured
	print  string
	log    *record
	close  func()
}

// record keeps what a plugin logs.
type record struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (r *record) Write(p []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.text.Write(p)
}

func (r *record) String() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.text.String()
}

// memory is a modality in this process.
type memory struct{ create func() sdk.Modality }

func (m memory) open(context.Context) (*session, error) {
	log := &record{}
	return inMemory(sdk.NewServer(m.create(), zerolog.New(log).Level(zerolog.DebugLevel)), log)
}

// inMemory connects to a server without a process or a socket.
func inMemory(server *grpc.Server, log *record) (*session, error) {
	listener := bufconn.Listen(memoryPipe)
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = server.Serve(listener) // returns when stopped
	}()
	conn, err := dial("passthrough:///memory", func(ctx context.Context, _ string) (net.Conn, error) {
		return listener.DialContext(ctx)
	})
	if err != nil {
		server.Stop()
		return nil, err
	}
	return &session{
		client: modalitypb.NewModalityClient(conn), log: log,
		close: sync.OnceFunc(func() {
			_ = conn.Close()
			server.Stop()
			<-done
		}),
	}, nil
}

func dial(address string, dialer func(context.Context, string) (net.Conn, error)) (*grpc.ClientConn, error) {
	return grpc.NewClient(address,
		grpc.WithContextDialer(dialer),
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(sdk.MaxMessage), grpc.MaxCallSendMsgSize(sdk.MaxMessage)))
}

// failed is the error of a call in plain words.
func failed(call string, err error) error {
	s := status.Convert(err)
	return fmt.Errorf("%s failed: %s (%s)", call, s.Message(), s.Code())
}

// refused is what a plugin says is wrong with a config.
type refused struct{ *modalitypb.Diagnostic }

func (r refused) Error() string {
	return "Configure refused the config: " + strings.TrimPrefix(r.GetPath()+": "+r.GetSummary(), ": ")
}

// configure calls Configure; a config that is refused is a refused error.
func (s *session) configure(ctx context.Context, config, state []byte) error {
	r, err := s.client.Configure(ctx, &modalitypb.ConfigureRequest{Config: config, State: state, Device: "cpu", Seed: 1})
	if err != nil {
		return failed("Configure", err)
	}
	for _, d := range r.GetDiagnostics() {
		if d.GetSeverity() != modalitypb.Diagnostic_SEVERITY_WARNING {
			return refused{d}
		}
	}
	switch n := len(r.GetFeatures()); {
	case r.GetDim() < 1:
		return fmt.Errorf("Configure promised vectors of %d values", r.GetDim())
	case n > 0 && n != int(r.GetDim()):
		return fmt.Errorf("Configure named %d features for vectors of %d values", n, r.GetDim())
	case r.GetFingerprint() == "":
		return errors.New("Configure returned no fingerprint")
	}
	s.dim, s.print = int(r.GetDim()), r.GetFingerprint()
	return nil
}

func (s *session) fit(ctx context.Context, samples []*modalitypb.Sample) ([]byte, error) {
	stream, err := s.client.Fit(ctx)
	if err != nil {
		return nil, failed("Fit", err)
	}
	for _, sample := range samples {
		if stream.Send(&modalitypb.FitRequest{Samples: []*modalitypb.Sample{sample}}) != nil {
			break // CloseAndRecv knows why
		}
	}
	r, err := stream.CloseAndRecv()
	if err != nil {
		return nil, failed("Fit", err)
	}
	for _, d := range r.GetDiagnostics() {
		if d.GetSeverity() != modalitypb.Diagnostic_SEVERITY_WARNING {
			return nil, fmt.Errorf("Fit refused the samples: %s", d.GetSummary())
		}
	}
	if len(r.GetState()) == 0 {
		return nil, errors.New("Fit returned no state")
	}
	return r.GetState(), nil
}

// encode sends the samples as one batch and returns their results, each of which is a
// valid sequence or an error.
func (s *session) encode(ctx context.Context, samples ...*modalitypb.Sample) ([]*modalitypb.Result, error) {
	results, err := s.encodeRaw(ctx, samples)
	if err != nil {
		return nil, failed("Encode", err)
	}
	if len(results) != len(samples) {
		return nil, fmt.Errorf("Encode answered %d samples with %d results", len(samples), len(results))
	}
	for i, r := range results {
		switch r.GetResult().(type) {
		case *modalitypb.Result_Sequence:
			if err := r.GetSequence().Check(s.dim); err != nil {
				return nil, fmt.Errorf("sample %d became a sequence that is none: %w", i, err)
			}
		case *modalitypb.Result_Error:
		default:
			return nil, fmt.Errorf("the result of sample %d is neither a sequence nor an error", i)
		}
	}
	return results, nil
}

func (s *session) encodeRaw(ctx context.Context, samples []*modalitypb.Sample) ([]*modalitypb.Result, error) {
	const seq = 7 // any number: it must come back
	stream, err := s.client.Encode(ctx)
	if err != nil {
		return nil, err
	}
	_ = stream.Send(&modalitypb.EncodeRequest{Seq: seq, Samples: samples}) // Recv knows what went wrong
	_ = stream.CloseSend()
	r, err := stream.Recv()
	if err != nil {
		return nil, err
	}
	if r.GetSeq() != seq {
		return nil, fmt.Errorf("the answer is to request %d instead of %d", r.GetSeq(), seq)
	}
	if _, err := stream.Recv(); !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("the stream did not end after the last answer: %w", err)
	}
	return r.GetResults(), nil
}

// differ tells how two lists of results differ, nil if they do not.
func differ(got, want []*modalitypb.Result) error {
	for i := range want {
		if !proto.Equal(got[i], want[i]) {
			return fmt.Errorf("sample %d became %s instead of %s", i, outline(got[i]), outline(want[i]))
		}
	}
	return nil
}

// outline describes a result without any of its values.
func outline(r *modalitypb.Result) string {
	if e := r.GetError(); e != nil {
		return "an error"
	}
	return fmt.Sprintf("%d vectors (%08x)", r.GetSequence().GetLength(), digest(r.GetSequence()))
}
