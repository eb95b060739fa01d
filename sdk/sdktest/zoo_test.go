package sdktest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"math/rand/v2"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc"

	"github.com/fusemoe/fusemoe/sdk"
	"github.com/fusemoe/fusemoe/sdk/modalitypb"
)

// TestMain runs the tests or, started again by one of them, a plugin that behaves as its
// argument says.
func TestMain(m *testing.M) {
	if len(os.Args) != 3 || os.Args[1] != "zoo" {
		os.Exit(m.Run())
	}
	switch animal := os.Args[2]; animal {
	case "prints":
		fmt.Print("loading...")
		fmt.Println("done")
		sdk.Serve(&good{})
	case "crashes":
		fmt.Fprintln(os.Stderr, "no licence")
		os.Exit(3)
	case "outlives its host":
		os.Stdin, lifeline, _ = os.Pipe() // never ends
		sdk.Serve(&good{})
	default:
		sdk.Serve(&good{animal: animal})
	}
}

// good is a modality that keeps every promise, but for what its animal says. It encodes
// the length of each text, in units of the mean length.
type good struct {
	animal string
	config struct {
		Unit float64 `json:"unit"`
	}
	count int
}

func (g *good) Info() sdk.Info {
	info := sdk.Info{Name: "good", Version: "1.0.0", Kind: sdk.Embeddings, Accepts: []string{"text/plain"}}
	switch g.animal {
	case "has no version":
		info.Version = ""
	case "changes its mind":
		g.count++
		info.Version = fmt.Sprintf("1.0.%d", g.count)
	case "tells another schema":
		info.Schema = `{"type": "object", "properties": {"unit": {"type": "string"}}}`
	}
	return info
}

func (g *good) Configure(_ context.Context, c sdk.Config) (int, error) {
	g.config.Unit = 1
	switch g.animal {
	case "refuses everything":
		return 0, errors.New("not today")
	case "ignores its config":
		return 1, nil
	case "says where in its own words":
		if err := c.Decode(&g.config); err != nil {
			return 0, errors.New("bad config")
		}
		return 1, nil
	case "leaves a child":
		if err := exec.Command("sleep", "100").Start(); err != nil {
			return 0, err
		}
	case "logs in its own way":
		fmt.Fprintln(os.Stderr, `{"severity": "INFO", "text": "hello"}`)
	case "shouts":
		_, _ = fmt.Fprintln(realStderr, `{"level": "info", "message": "hello"}`)
	case "leaves goroutines":
		go func() { time.Sleep(time.Minute) }()
	}
	return 1, c.Decode(&g.config)
}

// lifeline keeps the end of a pipe that nobody closes.
var lifeline *os.File

// realStderr is standard error as the host reads it: go-plugin puts another in its place.
var realStderr = os.Stderr

func (g *good) Encode(ctx context.Context, s sdk.Sample) (q sdk.Sequence, err error) {
	if g.animal == "quotes" {
		sdk.Log(ctx).Info().Str("sample", s.ID).Msg("encoding")
	}
	if g.animal == "quotes in errors" && len(s.Items[0].Data) < 30 {
		return q, fmt.Errorf("sample %s is too short", s.ID)
	}
	if g.animal == "cannot read" {
		return q, errors.New("no glasses")
	}
	for _, it := range s.Items {
		value := float64(len(it.Data)) / g.config.Unit
		at := it.Time
		switch g.animal {
		case "invents times":
			at += 1000
		case "rolls dice":
			value = rand.Float64()
		case "counts":
			g.count++
			value = float64(g.count)
		case "gets stuck":
			if strings.Contains(string(it.Data), "\xff") {
				g.count = 1
			}
			value += float64(g.count)
		case "finds nothing":
			continue
		}
		q.Times, q.Values = append(q.Times, at), append(q.Values, []float32{float32(value)})
	}
	if g.animal == "is too wide" {
		q.Values[0] = []float32{1, 2}
	}
	return q, nil
}

// fits is good and learns the mean length of the texts.
type fits struct{ good }

func (f *fits) Configure(ctx context.Context, c sdk.Config) (int, error) {
	if strings.Contains(string(c.State), "sdktest") {
		return 0, errors.New("no state of mine")
	}
	return f.good.Configure(ctx, c)
}

func (f *fits) Fit(_ context.Context, samples iter.Seq2[sdk.Sample, error]) ([]byte, error) {
	length := 0
	for s, err := range samples {
		if err != nil {
			return nil, err
		}
		for _, it := range s.Items {
			length += len(it.Data)
		}
	}
	switch f.animal {
	case "learns by chance":
		length = rand.Int()
	case "learns nothing":
		return nil, nil
	}
	return fmt.Appendf(nil, "length %d", length), nil
}

// batch is good and encodes batches in a way of its own.
type batch struct{ good }

func (b *batch) EncodeBatch(ctx context.Context, samples []sdk.Sample) ([]sdk.Sequence, error) {
	if b.animal == "does not listen" && len(samples) > len(texts()) {
		time.Sleep(2 * time.Second)
	}
	var all []sdk.Sequence
	for _, s := range samples {
		q, err := b.Encode(ctx, s)
		if err != nil {
			return nil, err
		}
		if b.animal == "rounds" {
			q.Values[0][0] *= 1.001
		}
		all = append(all, q)
	}
	return all, nil
}

// sloppy is a plugin that somebody wrote without the SDK. It takes everything.
type sloppy struct {
	modalitypb.UnimplementedModalityServer
}

func (sloppy) Describe(context.Context, *modalitypb.DescribeRequest) (*modalitypb.DescribeResponse, error) {
	return &modalitypb.DescribeResponse{
		Name: "sloppy", Version: "1.0.0", Kind: modalitypb.Kind_KIND_EMBEDDINGS, MediaTypes: []string{"text/plain"},
		ConfigSchema: `{"properties": {"unit": {"type": "integer"}}}`, Fits: true, Deterministic: true,
	}, nil
}

func (sloppy) Configure(context.Context, *modalitypb.ConfigureRequest) (*modalitypb.ConfigureResponse, error) {
	return &modalitypb.ConfigureResponse{Dim: 1, Fingerprint: "mine"}, nil
}

func (sloppy) Fit(stream grpc.ClientStreamingServer[modalitypb.FitRequest, modalitypb.FitResponse]) error {
	for {
		if _, err := stream.Recv(); err != nil {
			return stream.SendAndClose(&modalitypb.FitResponse{State: []byte("all of it")})
		}
	}
}

func (sloppy) Encode(stream grpc.BidiStreamingServer[modalitypb.EncodeRequest, modalitypb.EncodeResponse]) error {
	for {
		r, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		out := &modalitypb.EncodeResponse{Seq: r.GetSeq()}
		for range r.GetSamples() {
			out.Results = append(out.Results, &modalitypb.Result{Result: &modalitypb.Result_Sequence{
				Sequence: modalitypb.PackSequence([]float64{1}, []float32{1}, nil),
			}})
		}
		if err := stream.Send(out); err != nil {
			return err
		}
	}
}

// open makes the plugin a target: each session is a server in memory.
func (sloppy) open(context.Context) (*session, error) {
	server := grpc.NewServer()
	modalitypb.RegisterModalityServer(server, sloppy{})
	return inMemory(server, &record{})
}
