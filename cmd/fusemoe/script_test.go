package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/fusemoe/fusemoe/sdk"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"fusemoe": main,
		"slow":    func() { sdk.Serve(&slow{}) },
		"reader":  func() { sdk.Serve(&reader{}) },
	})
}

// TestScripts runs the executable as its users do. Each script in testdata/script
// begins with what it shows. Beside its own files it has a small dataset, ward, with
// the config ward/study.yaml, and the paths of a plugin that takes its
// time, $SLOW, and of one that reads texts, $READER.
func TestScripts(t *testing.T) {
	slow, err := exec.LookPath("slow")
	if err != nil {
		t.Fatal(err)
	}
	reader, err := exec.LookPath("reader")
	if err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){
			"edit": edit, "cut": cut, "grow": grow, "private": private, "signal": signalled,
		},
		Setup: func(env *testscript.Env) error {
			// Plugins have their sockets there, and the path of a socket must be short.
			env.Setenv("TMPDIR", os.TempDir())
			env.Setenv("XDG_CACHE_HOME", filepath.Join(env.WorkDir, "cache"))
			env.Setenv("SLOW", slow)
			env.Setenv("READER", reader)
			if err := forGo(env); err != nil {
				return err
			}
			return os.CopyFS(filepath.Join(env.WorkDir, "ward"), os.DirFS("testdata/ward"))
		},
	})
}

// forGo lets scripts build plugins against this checkout, with the modules that its own
// build has left and no network.
func forGo(env *testscript.Env) error {
	checkout, err := filepath.Abs("../..")
	if err != nil {
		return err
	}
	env.Setenv("CHECKOUT", checkout)
	for _, name := range []string{"GOMODCACHE", "GOCACHE", "GOPATH"} {
		value, err := exec.Command("go", "env", name).Output()
		if err != nil {
			return err
		}
		env.Setenv(name, strings.TrimSpace(string(value)))
	}
	env.Setenv("GOPROXY", "off")
	env.Setenv("GOSUMDB", "off") // go.sum of a new module comes from the cache
	env.Setenv("GOFLAGS", "")
	return nil
}
