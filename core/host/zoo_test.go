//go:build unix

package host_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"os"
	"os/exec"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/rs/zerolog"
	"go.uber.org/goleak"

	"github.com/fusemoe/fusemoe/core/host"
	"github.com/fusemoe/fusemoe/sdk"
)

// TestMain runs the tests or, started again by one of them, an animal of the zoo: a
// plugin that behaves in its own way, or the host that gets killed.
func TestMain(m *testing.M) {
	if len(os.Args) != 3 || os.Args[1] != "zoo" {
		goleak.VerifyTestMain(m)
		return
	}
	switch animal := os.Args[2]; animal {
	case "host":
		runHost(host.Spec{Name: "m", Command: []string{os.Args[0], "zoo", "leaves a child"}})
	case "host of Python":
		runPythonHost()
	case "crashes at start":
		fmt.Fprintln(os.Stderr, "no licence")
		os.Exit(3)
	case "speaks version 2":
		fmt.Println("1|2|unix|/nowhere|grpc")
		time.Sleep(time.Minute)
	case "never ready":
		time.Sleep(time.Minute)
	case "noisy":
		fmt.Print("loading 100%...")
		fmt.Println("\x1b[2Jdone")
		for _, line := range hostile {
			fmt.Fprintln(os.Stderr, line)
		}
		sdk.Serve(&plugin{})
	default:
		sdk.Serve(&plugin{animal: animal})
	}
}

// hostile are log lines that no host must stumble over. The first makes go-plugin panic.
var hostile = []string{
	`{"@message": 5, "@level":"info"}`,
	`{"@message": "x", "@level": "info", "@timestamp": 7}`,
	`{"level": {"a": 1}, "message": ["b"]}`,
	`{"level": "shout", "message": "unknown level"}`,
	`{"level": "fatal", "message": "only words"}`,
	`{`,
	`{}{}`,
	"\x00\x1b]0;title\x07\xff",
}

// plugin encodes the length of each text. Its one feature is named after its process.
type plugin struct{ animal string }

func (*plugin) Info() sdk.Info {
	return sdk.Info{Name: "zoo", Version: "1.0.0", Kind: sdk.Embeddings, Accepts: []string{"text/plain"}}
}

func (*plugin) Features() []string { return []string{strconv.Itoa(os.Getpid())} }

func (p *plugin) Configure(ctx context.Context, c sdk.Config) (int, error) {
	var config struct {
		Words bool `json:"words"`
	}
	if err := c.Decode(&config); err != nil {
		return 0, err
	}
	switch p.animal {
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
	case "stops":
		time.AfterFunc(50*time.Millisecond, func() { _ = syscall.Kill(os.Getpid(), syscall.SIGSTOP) })
	}
	return 1, nil
}

func (p *plugin) Encode(_ context.Context, s sdk.Sample) (sdk.Sequence, error) {
	if string(s.Items[0].Data) == "now" {
		switch p.animal {
		case "panics":
			go panic("no such weight")
			time.Sleep(time.Minute)
		case "gets killed":
			_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
			time.Sleep(time.Minute)
		case "hangs":
			time.Sleep(time.Minute)
		}
		return sdk.Sequence{}, errors.New("not me")
	}
	return sdk.Sequence{
		Times:  []float64{s.Items[0].Time},
		Values: [][]float32{{float32(len(s.Items[0].Data))}},
	}, nil
}

// fittingPlugin also learns how many samples there are.
type fittingPlugin struct{ plugin }

func (*fittingPlugin) Fit(_ context.Context, samples iter.Seq2[sdk.Sample, error]) ([]byte, error) {
	n := 0
	for _, err := range samples {
		if err != nil {
			return nil, err
		}
		n++
	}
	return []byte(strconv.Itoa(n)), nil
}

// runHost starts a plugin, prints its process's number, and waits to be killed.
func runHost(spec host.Spec) {
	fleet, err := host.Start(context.Background(), zerolog.Nop(), []host.Spec{spec})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println(fleet.Plugin("m").Features()[0])
	time.Sleep(time.Minute)
}
