//go:build unix

package host_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/rs/zerolog"

	"github.com/fusemoe/fusemoe/core/host"
	"github.com/fusemoe/fusemoe/sdk/modalitypb"
)

// animal is the spec of a plugin of the zoo.
func animal(tb testing.TB, name string) host.Spec {
	tb.Helper()
	self, err := os.Executable()
	if err != nil {
		tb.Fatal(err)
	}
	return host.Hurry(host.Spec{Name: "m", Command: []string{self, "zoo", name}, Dir: tb.TempDir()})
}

// lines collects what the host logs.
type lines struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.String()
}

// heard is a log that does something once a line has what it listens for.
type heard struct {
	lines
	what string
	once sync.Once
	then func()
}

func (h *heard) Write(p []byte) (int, error) {
	if bytes.Contains(p, []byte(h.what)) {
		h.once.Do(h.then)
	}
	return h.lines.Write(p)
}

func start(t *testing.T, log *lines, specs ...host.Spec) *host.Fleet {
	t.Helper()
	fleet, err := host.Start(t.Context(), zerolog.New(log).Level(zerolog.InfoLevel), specs)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(fleet.Stop)
	return fleet
}

// texts are samples with one text each.
func texts(contents ...string) iter.Seq2[*modalitypb.Sample, error] {
	return func(yield func(*modalitypb.Sample, error) bool) {
		for i, content := range contents {
			s := &modalitypb.Sample{Id: strconv.Itoa(i), Items: []*modalitypb.Item{
				{Time: float64(i), MediaType: "text/plain", Payload: &modalitypb.Item_Data{Data: []byte(content)}},
			}}
			if !yield(s, nil) {
				return
			}
		}
	}
}

// lengths encodes and returns what the zoo's plugins encode; -1 for an error.
func lengths(p *host.Plugin, samples iter.Seq2[*modalitypb.Sample, error]) (got []int, err error) {
	err = p.Encode(context.Background(), samples, func(i int, r *modalitypb.Result) error {
		if i != len(got) {
			return fmt.Errorf("sample %d after %d", i, len(got))
		}
		if r.GetError() != nil {
			got = append(got, -1)
			return nil
		}
		_, v, _, err := r.GetSequence().Unpack(1)
		got = append(got, int(v[0]))
		return err
	})
	return got, err
}

func TestAPluginEncodesEverySampleInOrder(t *testing.T) {
	t.Parallel()
	inProcess := host.Spec{Name: "m", InProcess: &plugin{}}
	for _, spec := range []host.Spec{animal(t, "tame"), inProcess} {
		p := start(t, &lines{}, spec).Plugin("m")
		if d := p.Describe(); d.GetName() != "zoo" || d.GetKind() != modalitypb.Kind_KIND_EMBEDDINGS {
			t.Errorf("described as %v", d)
		}
		// Samples of up to 0.7 MB: several batches of several samples.
		var contents []string
		for i := range 40 {
			contents = append(contents, strings.Repeat("x", 1+i%5*170_000))
		}
		contents[7] = "now"
		got, err := lengths(p, texts(contents...))
		if err != nil {
			t.Fatal(err)
		}
		for i, content := range contents {
			want := len(content)
			if content == "now" {
				want = -1
			}
			if i >= len(got) || got[i] != want {
				t.Fatalf("got %v at sample %d, want %d", got, i, want)
			}
		}
	}
}

func TestDescribeNeedsNoConfig(t *testing.T) {
	t.Parallel()
	spec := animal(t, "")
	spec.Config = []byte(`{"nonsense": true}`)
	d, err := host.Describe(t.Context(), zerolog.Nop(), spec)
	if err != nil || d.GetName() != "zoo" {
		t.Errorf("got %v, %v", d, err)
	}
}

func TestFitAndConfigureWithItsState(t *testing.T) {
	t.Parallel()
	p := start(t, &lines{}, host.Spec{Name: "m", InProcess: &fittingPlugin{}}).Plugin("m")
	before := p.Fingerprint()
	sent := 0
	state, err := p.Fit(t.Context(), texts("a", "b", "c"), func(n int) { sent = n })
	if err != nil || !strings.HasSuffix(string(state), "3") || sent != 3 {
		t.Fatalf("got %q, %v after %d samples", state, err, sent)
	}
	if err := p.Configure(t.Context(), state); err != nil {
		t.Fatal(err)
	}
	if p.Fingerprint() == before {
		t.Error("the state does not change the fingerprint")
	}
	if got, err := lengths(p, texts("four")); err != nil || got[0] != 4 {
		t.Errorf("got %v, %v", got, err)
	}
}

func TestNoiseAndHostileLinesAreOnlyLogged(t *testing.T) {
	t.Parallel()
	var log lines
	fleet := start(t, &log, animal(t, "noisy"))
	if got, err := lengths(fleet.Plugin("m"), texts("four")); err != nil || got[0] != 4 {
		t.Errorf("got %v, %v", got, err)
	}
	fleet.Stop()
	for _, want := range []string{
		`{"level":"info","plugin":"m","message":"loading 100%... [2Jdone"}`,
		`{"level":"info","plugin":"m","message":"{\"@message\": 5, \"@level\":\"info\"}"}`,
		`{"level":"error","plugin":"m","message":"only words"}`,
		`{"level":"warn","plugin":"m","message":"named"}`,
		`{"level":"info","plugin":"m","message":"  [2J"}`,
		`{"level":"info","plugin":"m","message":"1|1|unix|/nowhere|grpc"}`,
	} {
		if !strings.Contains(log.String(), want) {
			t.Errorf("no line %s in\n%s", want, log.String())
		}
	}
	for line := range strings.Lines(log.String()) {
		if !json.Valid([]byte(line)) {
			t.Errorf("the log has a broken line: %s", line)
		}
	}
}

func TestABadConfigIsADiagnosticOfTheModality(t *testing.T) {
	t.Parallel()
	spec := animal(t, "tame")
	spec.Config = json.RawMessage(`{"word": true}`)
	_, err := host.Start(t.Context(), zerolog.Nop(), []host.Spec{spec})
	if _, ok := errors.AsType[*host.DiagnosticError](err); !ok ||
		err.Error() != "modality m: configure: word: unknown key, did you mean words?; valid: words" {
		t.Errorf("got %v", err)
	}
}

func TestEveryFailureOfAStartIsReported(t *testing.T) {
	t.Parallel()
	first, second, good := animal(t, "crashes at start"), animal(t, "speaks version 2"), animal(t, "tame")
	first.Name, second.Name = "first", "second"
	_, err := host.Start(t.Context(), zerolog.Nop(), []host.Spec{first, good, second})
	if err == nil || !strings.Contains(err.Error(), "plugin first: ") ||
		!strings.Contains(err.Error(), "plugin second: ") {
		t.Errorf("got %v", err)
	}
}

func TestSpecsThatCannotBeStarted(t *testing.T) {
	good := animal(t, "tame")
	for want, specs := range map[string][]host.Spec{
		"without a name":                                {{Command: good.Command}},
		"two modalities are named m":                    {good, good},
		"a command, a modality in process or":           {{Name: "m"}},
		"plugin is not an absolute":                     {{Name: "m", Command: []string{"plugin"}}},
		"m needs a command, a modality in process or a": {{Name: "m", Command: good.Command, InProcess: &plugin{}}},
	} {
		if _, err := host.Start(t.Context(), zerolog.Nop(), specs); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q in it", err, want)
		}
	}
}

func TestErrorsOfSamplesAndOfTheCallerEndTheCall(t *testing.T) {
	t.Parallel()
	p := start(t, &lines{}, animal(t, "tame")).Plugin("m")
	errBad := errors.New("bad")

	broken := func(yield func(*modalitypb.Sample, error) bool) { yield(nil, errBad) }
	if _, err := lengths(p, broken); !errors.Is(err, errBad) {
		t.Errorf("got %v for an error of samples", err)
	}
	if _, err := p.Fit(t.Context(), broken, nil); !errors.Is(err, errBad) {
		t.Errorf("got %v for an error of samples to fit", err)
	}
	err := p.Encode(t.Context(), texts("a", "b"), func(int, *modalitypb.Result) error { return errBad })
	if !errors.Is(err, errBad) {
		t.Errorf("got %v for an error of the caller", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	err = p.Encode(ctx, texts("a", "b"), func(int, *modalitypb.Result) error { cancel(); return nil })
	if err != nil && !errors.Is(err, context.Canceled) {
		t.Errorf("got %v after a cancel", err)
	}
	if got, err := lengths(p, texts("four")); err != nil || got[0] != 4 {
		t.Errorf("got %v, %v afterwards", got, err)
	}
}

func TestPluginsStartAtTheSameTime(t *testing.T) {
	t.Parallel()
	var specs []host.Spec
	for i := range 6 {
		spec := animal(t, "tame")
		spec.Name = fmt.Sprint("m", i)
		specs = append(specs, spec)
	}
	fleet := start(t, &lines{}, specs...)
	pids := make(map[string]bool)
	for _, spec := range specs {
		pids[fleet.Plugin(spec.Name).Features()[0]] = true
	}
	if len(pids) != len(specs) {
		t.Errorf("%d processes for %d plugins", len(pids), len(specs))
	}
	if fleet.Plugin("unknown") != nil {
		t.Error("there is a plugin that nobody started")
	}
}

func TestWhoIsWaitedForIsTold(t *testing.T) {
	if testing.Short() {
		t.Skip("it waits 3 s")
	}
	t.Parallel()
	slow, quick := animal(t, "hangs in configure"), host.Spec{Name: "quick", InProcess: &plugin{}}
	slow.Name = "slow"
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	log := &heard{what: `{"level":"info","modalities":["slow"],"message":"waiting for plugins to start"}`, then: cancel}
	if _, err := host.Start(ctx, zerolog.New(log), []host.Spec{slow, quick}); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v and\n%s", err, log.String())
	}
}
