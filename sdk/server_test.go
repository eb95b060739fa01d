package sdk_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"iter"
	"math"
	"net"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rs/zerolog"
	"go.uber.org/goleak"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"
	"google.golang.org/grpc/test/bufconn"
	"google.golang.org/protobuf/encoding/protojson"
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

// TestMain runs the tests or, started again by one of them, a plugin.
func TestMain(m *testing.M) {
	if os.Getenv("SDK_TEST_SERVE") != "" {
		sdk.Serve(fitter{})
	}
	goleak.VerifyTestMain(m)
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

func TestABadConfigIsADiagnostic(t *testing.T) {
	c, _ := connect(t, modality{configure: func(_ context.Context, c sdk.Config) (int, error) {
		var config struct {
			Max int `json:"max"`
		}
		return 1, c.Decode(&config)
	}})
	got := configure(t, c, &modalitypb.ConfigureRequest{Config: []byte(`{"mx": 1}`)})
	want := &modalitypb.ConfigureResponse{Diagnostics: []*modalitypb.Diagnostic{{
		Severity: modalitypb.Diagnostic_SEVERITY_ERROR, Path: "mx",
		Summary: "unknown key, did you mean max?", Detail: "valid: max",
	}}}
	if diff := cmp.Diff(want, got, protocmp.Transform()); diff != "" {
		t.Error(diff)
	}
	if _, err := encode(t.Context(), c, text("a", "x")); status.Code(err) != codes.FailedPrecondition {
		t.Errorf("encoding after a refused config: %v", err)
	}
}

// fit lets the modality learn from samples with these names and returns its state.
func fit(t *testing.T, c modalitypb.ModalityClient, names ...string) []byte {
	t.Helper()
	stream, err := c.Fit(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		if err := stream.Send(&modalitypb.FitRequest{Samples: []*modalitypb.Sample{text(name, "")}}); err != nil {
			t.Fatal(err)
		}
	}
	out, err := stream.CloseAndRecv()
	if err != nil || len(out.GetDiagnostics()) > 0 {
		t.Fatalf("got %v, %v", out, err)
	}
	return out.GetState()
}

func TestTheFingerprintChangesWithWhatResultsDependOn(t *testing.T) {
	c, _ := connect(t, fitter{})
	of := func(config string, state []byte) string {
		return configure(t, c, &modalitypb.ConfigureRequest{Config: []byte(config), State: state}).GetFingerprint()
	}
	base := of(`{"a": 1, "b": 2}`, nil)
	state := fit(t, c, "x")
	for _, same := range []string{of(`{"b":2,"a":1}`, nil), of(`{"a": 1, "b": 2}`, nil)} {
		if same != base {
			t.Error("another fingerprint for the same config")
		}
	}
	for _, other := range []string{of(`{"a": 1, "b": 3}`, nil), of(`{"a": 1, "b": 2}`, state), of("", nil)} {
		if other == base || other == "" {
			t.Error("the same fingerprint for another config or state")
		}
	}
	if of("", nil) != of("{}", nil) {
		t.Error("no config and an empty one differ")
	}
}

func TestFitSeesEverySampleAndItsStateUnlocksEncode(t *testing.T) {
	var given []byte
	c, _ := connect(t, fitter{modality{configure: func(_ context.Context, c sdk.Config) (int, error) {
		given = c.State
		return 2, nil
	}}})
	configure(t, c, &modalitypb.ConfigureRequest{})
	if _, err := encode(t.Context(), c, text("a", "x")); status.Code(err) != codes.FailedPrecondition {
		t.Errorf("encoding before the fit: %v", err)
	}
	configure(t, c, &modalitypb.ConfigureRequest{State: fit(t, c, "a", "b", "c")})
	if string(given) != "abc" {
		t.Errorf("the state came back as %q", given)
	}
	if _, err := encode(t.Context(), c, text("a", "x")); err != nil {
		t.Error(err)
	}
}

func TestStateIsForTheConfigItWasLearnedWith(t *testing.T) {
	c, _ := connect(t, fitter{})
	configure(t, c, &modalitypb.ConfigureRequest{Config: []byte(`{"a": 1, "b": 2}`)})
	state := fit(t, c, "x")
	tests := []struct {
		name, config string
		state        []byte
		want         string
	}{
		{"as it was", `{"a": 1, "b": 2}`, state, ""},
		{"written otherwise", `{"b":2,"a":1}`, state, ""},
		{"another config", `{"a": 1, "b": 3}`, state, "the fitted state belongs to another config"},
		{"cut off", `{"a": 1, "b": 2}`, state[:len(state)-1], "the fitted state is cut off"},
		{"something else", `{"a": 1, "b": 2}`, bytes.Repeat([]byte("x"), 99), "the fitted state belongs to another config"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			out := configure(t, c, &modalitypb.ConfigureRequest{Config: []byte(test.config), State: test.state})
			got := ""
			if len(out.GetDiagnostics()) > 0 {
				got = out.Diagnostics[0].GetSummary()
			}
			if got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

// decoder is a modality whose config has defaults. It must not be used before it is
// configured with them.
type decoder struct {
	modality
	config struct {
		Max   float64 `json:"max" doc:"what is above is dropped"`
		Scale string  `json:"scale" enum:"log,none"`
	}
}

func (d *decoder) Configure(_ context.Context, c sdk.Config) (int, error) {
	d.config.Max, d.config.Scale = 250, "none"
	return 2, c.Decode(&d.config)
}

func TestTheSchemaIsWhatConfigureDecodes(t *testing.T) {
	d := &decoder{}
	c, _ := connect(t, d)
	configure(t, c, &modalitypb.ConfigureRequest{Config: []byte(`{"max": 7, "scale": "log"}`)})
	got, err := c.Describe(t.Context(), &modalitypb.DescribeRequest{})
	if err != nil {
		t.Fatal(err)
	}
	const want = `{"type":"object","properties":{` +
		`"max":{"type":"number","description":"what is above is dropped","default":250},` +
		`"scale":{"type":"string","default":"none","enum":["log","none"]}},"additionalProperties":false}`
	if diff := cmp.Diff(want, got.GetConfigSchema()); diff != "" {
		t.Error(diff)
	}
	if d.config.Max != 7 {
		t.Error("being described has changed the config")
	}
}

func TestAModalityThatCannotBeRehearsedHasNoSchema(t *testing.T) {
	for name, configure := range map[string]func(context.Context, sdk.Config) (int, error){
		"panics":          func(context.Context, sdk.Config) (int, error) { panic("no") },
		"decodes nothing": func(context.Context, sdk.Config) (int, error) { return 2, nil },
	} {
		c, _ := connect(t, modality{configure: configure})
		got, err := c.Describe(t.Context(), &modalitypb.DescribeRequest{})
		if err != nil || got.GetConfigSchema() != "" {
			t.Errorf("%s: %v, %v", name, got, err)
		}
	}
}

func TestFittingNothingIsADiagnostic(t *testing.T) {
	c, _ := connect(t, fitter{})
	configure(t, c, &modalitypb.ConfigureRequest{})
	stream, err := c.Fit(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	out, err := stream.CloseAndRecv()
	if err != nil || len(out.GetDiagnostics()) != 1 || !strings.Contains(out.Diagnostics[0].Summary, "fitted nothing") {
		t.Errorf("got %v, %v", out, err)
	}
}

func TestOneBadSampleDoesNotHurtTheOthers(t *testing.T) {
	secret := "Mr Smith"
	c, log := connect(t, modality{encode: func(_ context.Context, s sdk.Sample) (sdk.Sequence, error) {
		switch s.ID {
		case "panics":
			panic(secret)
		case "indexes":
			none := len(s.Items)
			_ = s.Items[none]
		case "fails":
			return sdk.Sequence{}, &sdk.Diagnostic{Summary: "no text in it", Detail: "write some"}
		}
		return sdk.Sequence{Times: []float64{4}, Values: [][]float32{{1, 2}}}, nil
	}})
	configure(t, c, &modalitypb.ConfigureRequest{})
	picture := &modalitypb.Sample{Id: "picture", Items: []*modalitypb.Item{{MediaType: "image/png"}}}
	got, err := encode(t.Context(), c, text("good", ""), text("panics", ""), text("indexes", ""), text("fails", ""),
		picture, &modalitypb.Sample{Id: "nothing"}, text("good too", ""))
	if err != nil {
		t.Fatal(err)
	}
	var summaries []string
	for _, r := range got {
		summaries = append(summaries, r.GetError().GetSummary())
	}
	want := []string{
		"", "the plugin panicked with a string; its log has the stack",
		"the plugin panicked: runtime error: index out of range [1] with length 1; its log has the stack",
		"no text in it", `the plugin does not read "image/png"`, "", "",
	}
	if diff := cmp.Diff(want, summaries); diff != "" {
		t.Error(diff)
	}
	if n := got[5].GetSequence().GetLength(); n != 0 {
		t.Errorf("a sample without items has %d vectors", n)
	}
	if n := got[6].GetSequence().GetLength(); n != 1 {
		t.Errorf("the sample after the bad ones has %d vectors", n)
	}
	if !strings.Contains(log.String(), "server_test.go") || strings.Contains(log.String(), secret) {
		t.Errorf("want the stack in the log, and nothing of the sample: %s", log)
	}
}

func TestWhatIsNoSequenceIsRefused(t *testing.T) {
	nan, inf := float32(math.NaN()), math.Inf(1)
	now, pair := []float64{0}, [][]float32{{1, 2}}
	tests := []struct {
		name string
		q    sdk.Sequence
		want string
	}{
		{"no times", sdk.Sequence{Values: pair}, "1 vectors at 0 times"},
		{"narrow", sdk.Sequence{Times: now, Values: [][]float32{{1}}}, "vector 0 has 1 values; Configure promised 2"},
		{"not a number", sdk.Sequence{Times: now, Values: [][]float32{{1, nan}}}, "value 1 of row 0 is not finite"},
		{"infinite time", sdk.Sequence{Times: []float64{inf}, Values: pair}, "time of row 0 is not finite"},
		{"back in time", sdk.Sequence{Times: []float64{2, 1}, Values: [][]float32{{1, 2}, {1, 2}}}, "before that of the row"},
		{"few flags", sdk.Sequence{Times: now, Values: pair, Observed: [][]bool{{true}}}, "1 observed flags"},
		{"no flags", sdk.Sequence{Times: now, Values: pair, Observed: [][]bool{}}, "flags for 0 vectors"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			c, _ := connect(t, modality{encode: func(context.Context, sdk.Sample) (sdk.Sequence, error) { return test.q, nil }})
			configure(t, c, &modalitypb.ConfigureRequest{})
			got, err := encode(t.Context(), c, text("a", ""))
			if err != nil {
				t.Fatal(err)
			}
			if s := got[0].GetError().GetSummary(); !strings.Contains(s, test.want) {
				t.Errorf("got %q, want %q in it", s, test.want)
			}
		})
	}
}

func TestUnobservedValuesMayBeAnything(t *testing.T) {
	q := sdk.Sequence{
		Times: []float64{1, 1}, Values: [][]float32{{float32(math.NaN()), 5}, {6, 7}},
		Observed: [][]bool{{false, true}, {true, false}},
	}
	c, _ := connect(t, modality{encode: func(context.Context, sdk.Sample) (sdk.Sequence, error) { return q, nil }})
	configure(t, c, &modalitypb.ConfigureRequest{})
	got, err := encode(t.Context(), c, text("a", ""))
	if err != nil {
		t.Fatal(err)
	}
	_, values, observed, err := got[0].GetSequence().Unpack(2)
	if err != nil || !slices.Equal(values, []float32{0, 5, 6, 0}) ||
		!slices.Equal(observed, []bool{false, true, true, false}) {
		t.Errorf("got %v, %v, %v", values, observed, err)
	}
}

// batcher encodes the length of each text, and fails if one of a batch is empty.
type batcher struct {
	modality
	batches *int
}

func (b batcher) EncodeBatch(ctx context.Context, samples []sdk.Sample) ([]sdk.Sequence, error) {
	*b.batches++
	out := make([]sdk.Sequence, len(samples))
	for i, s := range samples {
		q, err := b.Encode(ctx, s)
		if err != nil {
			return nil, err
		}
		out[i] = q
	}
	return out, nil
}

func TestABatchThatFailsIsEncodedOneByOne(t *testing.T) {
	batches := 0
	c, _ := connect(t, batcher{batches: &batches, modality: modality{
		encode: func(_ context.Context, s sdk.Sample) (sdk.Sequence, error) {
			n := len(s.Items[0].Data)
			if n == 0 {
				return sdk.Sequence{}, errors.New("empty")
			}
			return sdk.Sequence{Times: []float64{0}, Values: [][]float32{{float32(n), 0}}}, nil
		},
	}})
	configure(t, c, &modalitypb.ConfigureRequest{})
	for _, middle := range []string{"bb", ""} {
		got, err := encode(t.Context(), c, text("1", "a"), text("2", middle), text("3", "ccc"))
		if err != nil {
			t.Fatal(err)
		}
		if failed := got[1].GetError() != nil; failed != (middle == "") {
			t.Errorf("the text %q gave %v", middle, got[1])
		}
		if _, v, _, err := got[2].GetSequence().Unpack(2); err != nil || v[0] != 3 {
			t.Errorf("the text after %q gave %v, %v", middle, v, err)
		}
	}
	if batches != 2 {
		t.Errorf("%d batches, want 2", batches)
	}
}

func TestCancelEndsTheCallAndTheNextOneWorks(t *testing.T) {
	entered := make(chan struct{})
	c, _ := connect(t, modality{encode: func(ctx context.Context, s sdk.Sample) (sdk.Sequence, error) {
		if s.ID == "slow" {
			close(entered)
			<-ctx.Done()
			return sdk.Sequence{}, ctx.Err()
		}
		return sdk.Sequence{}, nil
	}})
	configure(t, c, &modalitypb.ConfigureRequest{})
	ctx, cancel := context.WithCancel(t.Context())
	go func() { <-entered; cancel() }()
	if _, err := encode(ctx, c, text("slow", "")); status.Code(err) != codes.Canceled {
		t.Errorf("got %v, want cancelled", err)
	}
	if _, err := encode(t.Context(), c, text("quick", "")); err != nil {
		t.Error(err)
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

func TestAPluginStartedByHandSaysWhatItIs(t *testing.T) {
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), "SDK_TEST_SERVE=1")
	out, err := cmd.CombinedOutput()
	if err == nil || !strings.HasPrefix(string(out), "This is m 1.0.0, a modality plugin of fusemoe") {
		t.Errorf("got %v: %s", err, out)
	}
}

func TestDescribeFlagPrintsTheDescription(t *testing.T) {
	cmd := exec.Command(os.Args[0], "-describe")
	cmd.Env = append(os.Environ(), "SDK_TEST_SERVE=1")
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	var d modalitypb.DescribeResponse
	if err := protojson.Unmarshal(out, &d); err != nil || d.GetName() != "m" || !d.GetFits() {
		t.Errorf("got %v: %s", err, out)
	}
}

func TestDebugFlagServesUntilInterrupted(t *testing.T) {
	tmp, err := os.MkdirTemp("", "d") // the path of a socket must be short
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(tmp)
	cmd := exec.Command(os.Args[0], "-debug")
	cmd.Env = append(os.Environ(), "SDK_TEST_SERVE=1", "TMPDIR="+tmp)
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	socket, ok := strings.CutPrefix(strings.Trim(strings.TrimSpace(line), "'"), sdk.ReattachEnv+"='m=")
	if !ok {
		t.Fatalf("it prints %q", line)
	}
	conn, err := grpc.NewClient("unix:"+socket, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	d, err := modalitypb.NewModalityClient(conn).Describe(t.Context(), &modalitypb.DescribeRequest{})
	if err != nil || d.GetName() != "m" {
		t.Errorf("got %v, %v", d, err)
	}
	conn.Close()
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Error(err)
	}
	if left, err := os.ReadDir(tmp); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}
