//go:build linux

package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"sync"
	"syscall"
	"testing"

	"github.com/fusemoe/fusemoe/core"
	"github.com/fusemoe/fusemoe/core/config"
	"github.com/fusemoe/fusemoe/plugins/vitals"
)

// kills is how often the test below ends a plugin.
const kills = 20

// TestKillingAPluginLeavesTheSameCache encodes the 8,000 stays of the challenge while
// the processes of the plugin are killed 20 times, in the middle of their work: the files of
// the cache are those of an undisturbed run, byte for byte.
func TestKillingAPluginLeavesTheSameCache(t *testing.T) {
	const challenge = "../../../shared/data/physionet2012"
	if _, err := os.Stat(challenge); err != nil {
		t.Skip("the challenge's files are not in ../shared/data/physionet2012")
	}
	if testing.Short() {
		t.Skip("it waits for restarts")
	}
	program, err := exec.LookPath("fusemoe")
	if err != nil {
		t.Fatal(err)
	}
	stays := filepath.Join(t.TempDir(), "stays")
	out, err := exec.Command(program, "import", "physionet2012", "--train", challenge+"/set-a.tar.gz",
		"--test", challenge+"/set-b.tar.gz", "--to", stays).CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	want := prepared(t, program, stays, &killer{})
	k := &killer{random: rand.New(rand.NewPCG(1, 2))}
	got := prepared(t, program, stays, k)
	if k.killed != kills {
		t.Errorf("killed %d times, want %d", k.killed, kills)
	}
	if len(want) != 4 || len(got) != len(want) {
		t.Fatalf("the cache has %d files, and %d after the kills; want a state and sequences of each modality", len(want), len(got))
	}
	for name, content := range want {
		if !bytes.Equal(got[name], content) {
			t.Errorf("%s differs after the kills", name)
		}
	}
}

// prepared returns the files of the cache after encoding with four processes.
func prepared(t *testing.T, program, stays string, k *killer) map[string][]byte {
	t.Helper()
	cfg := config.Default()
	cfg.Data.Path = stays
	cfg.Modalities = []config.Modality{{
		Name: "measurements", Plugin: "vitals", Replicas: 4,
		Config: map[string]any{"channels": []any{"HR", "MAP", "NIMAP", "Temp", "GCS", "Weight", "Urine", "Glucose", "BUN"}},
	}}
	// Of one stay nothing was ever recorded; the age of everybody was.
	cfg.Modalities = append(cfg.Modalities, config.Modality{
		Name: "static", Plugin: "inside", Config: map[string]any{"channels": []any{"Age"}},
	})
	cache := t.TempDir()
	rt, err := core.Open(t.Context(), cfg, core.WithCacheDir(cache), core.WithProgress(k),
		core.WithBuiltin("vitals", program, "plugin", "serve", "vitals"), core.WithModality("inside", vitals.New()))
	if err != nil {
		t.Fatal(err)
	}
	err = rt.Prepare(context.Background())
	if err := errors.Join(err, rt.Close()); err != nil {
		t.Fatal(err)
	}
	files := map[string][]byte{}
	entries, err := os.ReadDir(cache)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if files[e.Name()], err = os.ReadFile(filepath.Join(cache, e.Name())); err != nil {
			t.Fatal(err)
		}
	}
	return files
}

// killer is a Progress that ends processes of the plugin at random moments, spread over the
// samples, with enough of them left for a moment at which all processes wait to be started
// again. It takes the one that has lived longest, so that one process after the other dies
// and no batch meets three deaths, after which the host would rightly give it up. Without
// a random source it leaves all alone.
type killer struct {
	random       *rand.Rand
	mutex        sync.Mutex
	every        int // samples between two deaths, on average
	next         int // samples done when the next one dies
	done, killed int
}

func (k *killer) Stage(name string, total int) core.Meter {
	k.mutex.Lock()
	defer k.mutex.Unlock()
	if name != "encode measurements" || k.random == nil {
		return &killer{}
	}
	k.every = total * 2 / 3 / kills
	return k
}

func (k *killer) Add(n int) {
	k.mutex.Lock()
	defer k.mutex.Unlock()
	k.done += n
	if k.random == nil || k.killed == kills || k.done < k.next {
		return
	}
	pids := plugins()
	if len(pids) == 0 || syscall.Kill(slices.Min(pids), syscall.SIGKILL) != nil {
		return // the next sample will do
	}
	k.killed++
	k.next = k.done + k.every/2 + k.random.IntN(k.every)
}

func (*killer) Note(string) {}
func (*killer) Done()       {}

// plugins are the children of this process that serve a plugin.
func plugins() []int {
	var pids []int
	stats, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, path := range stats {
		var pid, parent int
		var state byte
		stat, err := os.ReadFile(path)
		if err != nil {
			continue
		}
		if _, err := fmt.Sscanf(string(stat[bytes.LastIndexByte(stat, ')')+1:]), " %c %d", &state, &parent); err != nil ||
			parent != os.Getpid() || state == 'Z' {
			continue
		}
		command, err := os.ReadFile(filepath.Join(filepath.Dir(path), "cmdline"))
		if _, scanErr := fmt.Sscan(filepath.Base(filepath.Dir(path)), &pid); err == nil && scanErr == nil &&
			bytes.Contains(command, []byte("plugin\x00serve")) {
			pids = append(pids, pid)
		}
	}
	return pids
}
