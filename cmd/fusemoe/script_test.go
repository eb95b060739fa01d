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
	})
}

// TestScripts runs the executable as its users do. Each script in testdata/script
// begins with what it shows. Beside its own files it has a small dataset, ward, with
// the config ward/study.yaml, and the path of a plugin that takes its time, $SLOW.
func TestScripts(t *testing.T) {
	slow, err := exec.LookPath("slow")
	if err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){
			"edit": edit, "cut": cut, "grow": grow, "signal": signalled,
		},
		Setup: func(env *testscript.Env) error {
			// Plugins have their sockets there, and the path of a socket must be short.
			env.Setenv("TMPDIR", os.TempDir())
			env.Setenv("XDG_CACHE_HOME", filepath.Join(env.WorkDir, "cache"))
			env.Setenv("SLOW", slow)
			return os.CopyFS(filepath.Join(env.WorkDir, "ward"), os.DirFS("testdata/ward"))
		},
	})
}
