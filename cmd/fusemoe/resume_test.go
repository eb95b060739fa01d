//go:build unix

package main

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// TestAHundredKillsOneResult ends a run of two seeds with SIGKILL at random moments, in the
// middle of whatever it is writing, and resumes it until it has ended: the run folder is
// that of an undisturbed run, byte for byte. A run that ends before its moment comes is
// compared, and another one begun, until there were a hundred kills.
func TestAHundredKillsOneResult(t *testing.T) {
	kills := 100
	if testing.Short() {
		kills = 10
	}
	begin := []string{
		"run", "ward/study.yaml", "--out", "run", "--seeds", "1,2", "--set", "run.ensemble=true",
		"--set", "train.epochs=12", "--set", "train.average=0.9", "--set", "train.stop.patience=9",
	}
	undisturbed := newProcess(t)
	undisturbed.run(0, begin...) // fills its cache
	if err := os.RemoveAll(filepath.Join(undisturbed.dir, "run")); err != nil {
		t.Fatal(err)
	}
	start := time.Now()
	undisturbed.run(0, begin...)
	whole := time.Since(start)
	want := undisturbed.tree()

	random := rand.New(rand.NewPCG(1, 2))
	killed, saving, ended := 0, 0, 0
	for killed < kills || ended == 0 {
		p := newProcess(t)
		p.cache = undisturbed.cache
		args := begin
		for {
			moment := time.Duration(1 + random.Int64N(int64(whole*2/3))) // the rest is the report
			if killed == kills {
				moment = 0
			}
			start := time.Now()
			if !p.run(moment, args...) {
				if len(args) == len(begin) {
					whole = time.Since(start) // the machine may have become faster meanwhile
				}
				break
			}
			killed++
			saving += p.halfSaved()
			if _, err := os.Stat(filepath.Join(p.dir, "run", "config.yaml")); err == nil {
				args = []string{"run", "--resume", "run"}
			} else if err := os.RemoveAll(filepath.Join(p.dir, "run")); err != nil {
				t.Fatal(err)
			}
		}
		ended++
		if diff := cmp.Diff(want, p.tree()); diff != "" {
			t.Fatalf("after %d kills run %d is another: %s", killed, ended, diff)
		}
	}
	t.Logf("%d kills, %d of them left a checkpoint half-written, %d runs, one result", killed, saving, ended)
}

// process runs fusemoe in a folder of its own.
type process struct {
	t          *testing.T
	dir, cache string
}

func newProcess(t *testing.T) *process {
	t.Helper()
	p := &process{t: t, dir: t.TempDir()}
	p.cache = filepath.Join(p.dir, "cache")
	if err := os.CopyFS(filepath.Join(p.dir, "ward"), os.DirFS("testdata/ward")); err != nil {
		t.Fatal(err)
	}
	return p
}

// run runs fusemoe and tells whether it was killed; 0 lets it end, which it must do well.
func (p *process) run(killAfter time.Duration, args ...string) (killed bool) {
	p.t.Helper()
	cmd := exec.Command("fusemoe", args...)
	var said bytes.Buffer
	cmd.Dir, cmd.Stdout, cmd.Stderr = p.dir, &said, &said
	cmd.Env = append(os.Environ(), "XDG_CACHE_HOME="+p.cache)
	if err := cmd.Start(); err != nil {
		p.t.Fatal(err)
	}
	if killAfter > 0 {
		timer := time.AfterFunc(killAfter, func() { _ = cmd.Process.Kill() }) // it may have ended
		defer timer.Stop()
	}
	err := cmd.Wait()
	if exit := new(exec.ExitError); errors.As(err, &exit) && !exit.Exited() {
		return true
	}
	if err != nil {
		p.t.Fatalf("%v: %v\n%s", args, err, said.String())
	}
	return false
}

// halfSaved is 1 where a checkpoint was being written when the process was killed.
func (p *process) halfSaved() int {
	for _, pattern := range []string{"checkpoint", "snapshots/*"} {
		if left, _ := filepath.Glob(filepath.Join(p.dir, "run/seed-*", pattern, ".checkpoint-*.tmp")); len(left) > 0 {
			return 1
		}
	}
	return 0
}

// tree has a hash of every file of the run folder.
func (p *process) tree() map[string]string {
	p.t.Helper()
	root := filepath.Join(p.dir, "run")
	files := map[string]string{}
	err := filepath.WalkDir(root, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		name, _ := filepath.Rel(root, path)
		files[name] = fmt.Sprintf("%x", sha256.Sum256(text))
		return err
	})
	if err != nil {
		p.t.Fatal(err)
	}
	return files
}
