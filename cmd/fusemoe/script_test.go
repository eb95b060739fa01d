package main

import (
	"os"
	"os/exec"
	"path/filepath"
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
			return os.CopyFS(filepath.Join(env.WorkDir, "ward"), os.DirFS("testdata/ward"))
		},
	})
}
