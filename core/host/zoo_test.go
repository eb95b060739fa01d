//go:build unix

package host_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rs/zerolog"
	"go.uber.org/goleak"

	"github.com/fusemoe/fusemoe/core/host"
	"github.com/fusemoe/fusemoe/core/host/sandbox"
	"github.com/fusemoe/fusemoe/sdk"
)

// What plugin systems are most complained about, by its number in the project's list of
// complaints, and the tests that fail where it comes back:
//
//	 1 a message is larger than gRPC allows     TestLargeMessagesPassBothWays, TestASampleThatFitsNoMessageIsAnError,
//	                                            "too large" in TestWhatTheUserReadsOfABadPlugin
//	 6 plugins outlive the host                 TestNoPluginOutlivesItsHost, TestNoPythonPluginOutlivesAKilledHost,
//	                                            TestNoPluginInASandboxOutlivesAKilledHost, script interrupt of cmd/fusemoe,
//	                                            lifeline in sdktest
//	10 a print breaks the handshake             TestNoiseAndHostileLinesAreOnlyLogged, TestWhatAPythonPluginWritesIsOnlyLogged
//	11 it does not start, and nobody says why   TestWhatTheUserReadsOfABadPlugin, script badplugin
//	13 versions differ, and nobody is blamed    "speaks version 2" in TestWhatTheUserReadsOfABadPlugin
//	16 a log line ends the host                 TestNoiseAndHostileLinesAreOnlyLogged, FuzzOutput
//	18 a plugin that crashed stays away         TestAPluginThatDiesOnceIsStartedAgain, TestAPluginThatDiesAgainAndAgainGetsThrough,
//	                                            TestKillingAPluginAtRandomChangesNoResult, and in cmd/fusemoe
//	                                            TestKillingAPluginLeavesTheSameCache
//	20 slow starts hit a limit, one by one      TestPluginsStartAtTheSameTime, TestWhoIsWaitedForIsTold,
//	                                            "never ready" and "hangs in configure" in TestWhatTheUserReadsOfABadPlugin
//	21 checksums are a chore                    scripts lock and plugin_new of cmd/fusemoe, package lock

func TestTheListOfComplaintsNamesTestsThatExist(t *testing.T) {
	listed, err := os.ReadFile("zoo_test.go")
	if err != nil {
		t.Fatal(err)
	}
	list, _, _ := strings.Cut(string(listed), "\nfunc ")
	var tests strings.Builder
	for _, dir := range []string{".", "../../cmd/fusemoe"} {
		files, err := filepath.Glob(filepath.Join(dir, "*_test.go"))
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			tests.Write(text)
		}
	}
	names := regexp.MustCompile(`\b(Test|Fuzz)[A-Z]\w+`).FindAllString(list, -1)
	for _, name := range names {
		if !strings.Contains(tests.String(), "\nfunc "+name+"(") {
			t.Errorf("there is no %s", name)
		}
	}
	if len(names) < 10 {
		t.Errorf("only %q are listed", names)
	}
}

// TestMain runs the tests or, started again by one of them, an animal of the zoo: a
// plugin that behaves in its own way, or the host that gets killed.
func TestMain(m *testing.M) {
	if len(os.Args) < 3 || os.Args[1] != "zoo" {
		goleak.VerifyTestMain(m)
		return
	}
	switch animal := os.Args[2]; animal {
	case "host", "host that panics", "host that exits":
		runHost(host.Spec{Name: "m", Command: []string{os.Args[0], "zoo", "leaves a child"}})
	case "host of a sandbox":
		runHost(host.Spec{
			Name: "m", Command: []string{os.Args[0], "zoo", "leaves a child"},
			Sandbox: &host.Sandbox{Wrapper: []string{os.Args[0], "zoo", "confine"}},
		})
	case "host of Python":
		runPythonHost()
	case "confine":
		fmt.Fprintln(os.Stderr, sandbox.Exec(os.Args[3:]))
		os.Exit(1)
	case "wide":
		sdk.Serve(&wide{})
	case "tries to escape":
		sdk.Serve(&fugitive{})
	case "crashes at start":
		fmt.Fprintln(os.Stderr, "no licence")
		os.Exit(3)
	case "ends at once":
	case "speaks version 2":
		fmt.Println("1|2|unix|/nowhere|grpc")
		time.Sleep(forever)
	case "never ready":
		fmt.Fprintln(os.Stderr, "never ready")
		time.Sleep(forever)
	case "noisy":
		fmt.Print("loading 100%...")
		fmt.Println("\x1b[2Jdone")
		for _, line := range hostile {
			fmt.Fprintln(os.Stderr, line)
		}
		sdk.Serve(&plugin{})
	case "dies once while it learns":
		sdk.Serve(&fittingPlugin{plugin{animal: animal}})
	default:
		if answer, ok := liars()[animal]; ok {
			serveWithoutSDK(liar{answer: answer, dies: animal == "half a batch, then death"}, animal == "ignores shutdown")
		}
		sdk.Serve(&plugin{animal: animal})
	}
}

// forever is longer than any test waits: an animal that sleeps so long ends by no doing of its
// own.
const forever = 5 * host.Hang

// hostile are log lines that no host must stumble over. The first makes go-plugin panic.
var hostile = []string{
	`{"@message": 5, "@level":"info"}`,
	`{"@message": "x", "@level": "info", "@timestamp": 7}`,
	`{"@message": "x", "@level": "info", "@timestamp": "yesterday"}`,
	`{"@message": "x", "@level": ["info"]}`,
	`{"level": {"a": 1}, "message": ["b"]}`,
	`{"level": "shout", "message": "unknown level"}`,
	`{"level": "fatal", "message": "only words"}`,
	`{"level": "panic", "message": null}`,
	`{"level": "info", "message": "twice", "message": "named", "level": "warn"}`,
	`{"level": "info", "message": "deep", "x": ` + strings.Repeat("[", 500) + strings.Repeat("]", 500) + `}`,
	`{"level": "info", "message": "not a number", "x": 1e999}`,
	`{"level": "info", "message": "\u0000\u001b[2J", "plugin": "another", "time": "never"}`,
	`{"level": "info", "message": "` + strings.Repeat("long", 30_000) + `"}`,
	`{`,
	`{}{}`,
	`[]`,
	`null`,
	`1|1|unix|/nowhere|grpc`,
	strings.Repeat("%s%n\\", 100),
	"\x00\x1b]0;title\x07\xff",
}

// plugin encodes the length of each text. Its one feature is named after its process.
type plugin struct {
	animal  string
	dir     string
	batches int
}

func (p *plugin) Info() sdk.Info {
	info := sdk.Info{Name: "zoo", Version: "1.0.0", Kind: sdk.Embeddings, Accepts: []string{"text/plain"}}
	switch p.animal {
	case "dies once", "dies always":
		info.MaxBatch = 2
	case "dies at batch 3", "meets its like":
		info.MaxBatch = 1
	case "small batches":
		info.MaxBatch = 8
	}
	return info
}

func (*plugin) Features() []string { return []string{strconv.Itoa(os.Getpid())} }

func (p *plugin) Configure(ctx context.Context, c sdk.Config) (int, error) {
	var config struct {
		Words bool `json:"words"`
	}
	if err := c.Decode(&config); err != nil {
		return 0, err
	}
	p.dir = c.WorkDir
	switch p.animal {
	case "hangs in configure":
		time.Sleep(forever)
	case "dies when started again":
		if !p.first() {
			os.Exit(4)
		}
	case "leaves a child":
		child := exec.Command("sleep", "1000")
		child.Stderr = os.Stderr
		if err := child.Start(); err != nil {
			return 0, err
		}
		sdk.Log(ctx).Info().Int("child", child.Process.Pid).Msg("child started")
	case "tells its environment":
		for _, e := range os.Environ() {
			sdk.Log(ctx).Info().Str("set", e).Msg("environment")
		}
	}
	return 1, nil
}

func (p *plugin) Encode(ctx context.Context, s sdk.Sample) (sdk.Sequence, error) {
	switch p.batches++; {
	case p.animal == "meets its like":
		p.meet(4)
	case p.animal == "dies at batch 3" && p.batches == 3:
		os.Exit(5)
	}
	if string(s.Items[0].Data) == "now" {
		switch p.animal {
		case "panics":
			go panic("no such weight")
			time.Sleep(forever)
		case "dies once", "dies when started again":
			if p.animal != "dies once" || p.first() {
				os.Exit(5)
			}
			return encoded(s), nil
		case "dies always":
			fmt.Fprintln(os.Stderr, "no such weight")
			os.Exit(5)
		case "gets killed":
			_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
			time.Sleep(forever)
		case "hangs":
			sdk.Log(ctx).Info().Msg("hangs")
			time.Sleep(forever)
		}
		return sdk.Sequence{}, errors.New("not me")
	}
	return encoded(s), nil
}

// meet waits until n processes of the plugin have come here.
func (p *plugin) meet(n int) {
	place := os.Args[3]
	_ = os.WriteFile(filepath.Join(place, strconv.Itoa(os.Getpid())), nil, 0o600)
	for {
		if here, _ := os.ReadDir(place); len(here) >= n {
			return
		}
		time.Sleep(time.Millisecond)
	}
}

func encoded(s sdk.Sample) sdk.Sequence {
	return sdk.Sequence{
		Times:  []float64{s.Items[0].Time},
		Values: [][]float32{{float32(len(s.Items[0].Data))}},
	}
}

// first tells whether no process of the plugin has asked before.
func (p *plugin) first() bool {
	f, err := os.OpenFile(filepath.Join(p.dir, "asked"), os.O_CREATE|os.O_EXCL, 0o600)
	if err == nil {
		_ = f.Close()
	}
	return err == nil
}

// fittingPlugin also learns how many samples there are.
type fittingPlugin struct{ plugin }

func (p *fittingPlugin) Fit(_ context.Context, samples iter.Seq2[sdk.Sample, error]) ([]byte, error) {
	n := 0
	for _, err := range samples {
		if err != nil {
			return nil, err
		}
		n++
	}
	if p.animal != "" && p.first() {
		os.Exit(7)
	}
	return []byte(strconv.Itoa(n)), nil
}

// runHost starts a plugin, prints its process's number, and waits to be killed, if it does not
// end before that: by a panic that nobody recovers, or by forgetting to stop the plugin.
func runHost(spec host.Spec) {
	fleet, err := host.Start(context.Background(), zerolog.Nop(), []host.Spec{spec})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println(fleet.Plugin("m").Features()[0])
	switch os.Args[2] {
	case "host that panics":
		go panic("no such layer")
	case "host that exits":
		os.Exit(0)
	}
	time.Sleep(forever)
}
