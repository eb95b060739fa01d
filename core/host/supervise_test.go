//go:build unix

package host_test

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/fusemoe/fusemoe/core/host"
	"github.com/fusemoe/fusemoe/sdk/modalitypb"
)

func TestAPluginThatDiesOnceIsStartedAgain(t *testing.T) {
	t.Parallel()
	var log lines
	p := start(t, &log, animal(t, "dies once")).Plugin("m")
	got, err := lengths(p, texts("a", "bb", "ccc", "dddd", "now", "a", "bb", "ccc"))
	if want := []int{1, 2, 3, 4, 3, 1, 2, 3}; err != nil || !slices.Equal(got, want) {
		t.Errorf("got %v, %v, want %v", got, err, want)
	}
	want := `"because":"the process ended (exit status 5)","in":"1ms","restart":1,"message":"the plugin failed and is started again"`
	if strings.Count(log.String(), "started again") != 1 || !strings.Contains(log.String(), want) {
		t.Errorf("want %s once in\n%s", want, log.String())
	}
}

func TestAPluginThatDiesAgainAndAgainGetsThrough(t *testing.T) {
	t.Parallel()
	var log lines
	p := start(t, &log, animal(t, "dies at batch 3")).Plugin("m")
	got, err := lengths(p, texts("a", "bb", "ccc", "dddd", "a", "bb", "ccc"))
	if want := []int{1, 2, 3, 4, 1, 2, 3}; err != nil || !slices.Equal(got, want) {
		t.Errorf("got %v, %v, want %v", got, err, want)
	}
	if n := strings.Count(log.String(), "started again"); n != 3 {
		t.Errorf("started again %d times, want 3 for 7 batches:\n%s", n, log.String())
	}
}

func TestASampleThatAPluginDoesNotSurviveCanBeSkipped(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"gets killed": "the plugin fails at it: the process ended (signal: killed)",
		"hangs":       "the plugin fails at it: it did not answer",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			spec := animal(t, name)
			// A good sample that took as long could be blamed too; it takes a thousandth of that.
			spec.SkipFailing, spec.EncodeTimeout = true, 2*time.Second
			p := start(t, &lines{}, spec).Plugin("m")
			var got []string
			err := p.Encode(t.Context(), texts("a", "b", "now", "c"), func(_ int, r *modalitypb.Result) error {
				got = append(got, r.GetError().GetSummary())
				return nil
			})
			if all := []string{"", "", want, ""}; err != nil || !slices.Equal(got, all) {
				t.Errorf("got %q, %v, want %q", got, err, all)
			}
		})
	}
}

func TestAPluginThatDiesWhileIdleIsReadyForTheNextCall(t *testing.T) {
	t.Parallel()
	var log lines
	p := start(t, &log, animal(t, "tame")).Plugin("m")
	if !p.KillProcess(0) {
		t.Fatal("there is no process")
	}
	waitUntil(t, func() bool { return strings.Contains(log.String(), "started again") })
	if got, err := lengths(p, texts("four")); err != nil || got[0] != 4 {
		t.Errorf("got %v, %v", got, err)
	}
}

func TestAnIdlePluginThatStopsAnsweringIsReplaced(t *testing.T) {
	t.Parallel()
	var log lines
	p := start(t, &log, host.AskImpatiently(animal(t, "tame"), 200*time.Millisecond)).Plugin("m")
	if err := syscall.Kill(p.PID(), syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	waitUntil(t, func() bool {
		return strings.Contains(log.String(), `"because":"it did not answer"`)
	})
}

func TestAFitBeginsAgainWhenTheProcessDies(t *testing.T) {
	t.Parallel()
	spec := animal(t, "dies once while it learns")
	p := start(t, &lines{}, spec).Plugin("m")
	most := 0
	state, err := p.Fit(t.Context(), texts("a", "b", "c"), func(n int) {
		if n <= most {
			t.Errorf("%d samples after %d", n, most)
		}
		most = n
	})
	if err != nil || !strings.HasSuffix(string(state), "3") || most != 3 {
		t.Fatalf("got %q, %v after %d samples", state, err, most)
	}
	if err := p.Configure(t.Context(), state); err != nil {
		t.Fatal(err)
	}
	// A new process has the state, or its fingerprint would be another one.
	if !p.KillProcess(0) {
		t.Fatal("there is no process")
	}
	if got, err := lengths(p, texts("four")); err != nil || got[0] != 4 {
		t.Errorf("got %v, %v", got, err)
	}
}

// TestKillingAPluginAtRandomChangesNoResult kills processes 20 times while they encode.
func TestKillingAPluginAtRandomChangesNoResult(t *testing.T) {
	t.Parallel()
	const samples, kills = 4000, 20
	contents := make([]string, samples)
	random := rand.New(rand.NewPCG(1, 2))
	for i := range contents {
		contents[i] = strings.Repeat("x", 1+random.IntN(300))
	}
	undisturbed := everything(t, host.Spec{Name: "m", InProcess: &plugin{animal: "small batches"}}, contents, nil)
	for _, replicas := range []int{1, 3} {
		t.Run(fmt.Sprint(replicas, " processes"), func(t *testing.T) {
			t.Parallel()
			random := rand.New(rand.NewPCG(3, 4))
			var at []int // at least 100 samples apart, so that the process is up again
			for i := range kills {
				at = append(at, i*samples/kills+random.IntN(samples/kills-100))
			}
			spec := animal(t, "small batches")
			spec.Replicas = replicas
			killed := 0
			got := everything(t, spec, contents, func(p *host.Plugin, i int) {
				if !slices.Contains(at, i) {
					return
				}
				first := random.IntN(p.Processes())
				for next := range p.Processes() { // the first one, or another while that one starts again
					if p.KillProcess((first + next) % p.Processes()) {
						killed++
						return
					}
				}
			})
			if !bytes.Equal(got, undisturbed) {
				t.Error("the results differ")
			}
			if killed != kills {
				t.Errorf("killed %d times, want %d", killed, kills)
			}
		})
	}
}

// everything is all results in a row, as they travelled.
func everything(t *testing.T, spec host.Spec, contents []string, each func(*host.Plugin, int)) []byte {
	t.Helper()
	p := start(t, &lines{}, spec).Plugin("m")
	var all []byte
	next := 0
	err := p.Encode(t.Context(), texts(contents...), func(i int, r *modalitypb.Result) (err error) {
		if i != next || r.GetError() != nil {
			return errors.New("out of order, or an error")
		}
		next++
		if each != nil {
			each(p, i)
		}
		all, err = proto.MarshalOptions{Deterministic: true}.MarshalAppend(all, r)
		return err
	})
	if err != nil || next != len(contents) {
		t.Fatalf("%d of %d samples, %v", next, len(contents), err)
	}
	return all
}

func TestReplicasEncodeAtTheSameTime(t *testing.T) {
	t.Parallel()
	spec := animal(t, "meets its like") // which answers nothing before four of it are at work
	spec.Command, spec.Replicas = append(spec.Command, t.TempDir()), 4
	p := start(t, &lines{}, spec).Plugin("m")
	if got, err := lengths(p, texts(slices.Repeat([]string{"a"}, 16)...)); err != nil || len(got) != 16 {
		t.Errorf("got %v, %v", got, err)
	}
}
