package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/fusemoe/fusemoe/core/host/sandbox"
	"github.com/fusemoe/fusemoe/sdk"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"fusemoe": mainWithSignal,
		"slow":    func() { sdk.Serve(&slow{}) },
		"reader":  func() { sdk.Serve(&reader{}) },
	})
}

// TestScripts runs the executable as its users do. Each script in testdata/script
// begins with what it shows. Beside its own files it has a small dataset, ward, with
// the config ward/study.yaml, and the paths of a plugin that takes its
// time, $SLOW, and of one that reads texts, $READER. The condition python holds where
// Python can run plugins, sandbox where the kernel can confine them, onnx where ONNX
// Runtime is, shared where the real data are, which lie in $SHARED.
func TestScripts(t *testing.T) {
	slow, err := exec.LookPath("slow")
	if err != nil {
		t.Fatal(err)
	}
	reader, err := exec.LookPath("reader")
	if err != nil {
		t.Fatal(err)
	}
	python := findPython(t)
	shared, err := filepath.Abs("../../../shared/data")
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
		Condition: func(cond string) (bool, error) {
			switch cond {
			case "python":
				return python, nil
			case "sandbox":
				return sandbox.Supported() == nil, nil
			case "shared":
				_, err := os.Stat(shared)
				return err == nil, nil
			case "onnx":
				return os.Getenv(sdk.ONNXRuntimeEnv) != "", nil
			}
			return false, fmt.Errorf("unknown condition %q", cond)
		},
		Setup: func(env *testscript.Env) error {
			// Plugins have their sockets there, and the path of a socket must be short.
			env.Setenv("TMPDIR", os.TempDir())
			env.Setenv("XDG_CACHE_HOME", filepath.Join(env.WorkDir, "cache"))
			env.Setenv("SLOW", slow)
			env.Setenv("READER", reader)
			env.Setenv("SHARED", shared)
			env.Setenv(sdk.ONNXRuntimeEnv, os.Getenv(sdk.ONNXRuntimeEnv))
			if err := forGo(env.Setenv); err != nil {
				return err
			}
			return os.CopyFS(filepath.Join(env.WorkDir, "ward"), os.DirFS("testdata/ward"))
		},
	})
}

// forGo sets what go needs to build plugins against this checkout, $CHECKOUT, with the
// modules that its own build has left and no network.
func forGo(set func(name, value string)) error {
	checkout, err := filepath.Abs("../..")
	if err != nil {
		return err
	}
	set("CHECKOUT", checkout)
	for _, name := range []string{"GOMODCACHE", "GOCACHE", "GOPATH"} {
		value, err := exec.Command("go", "env", name).Output()
		if err != nil {
			return err
		}
		set(name, strings.TrimSpace(string(value)))
	}
	set("GOPROXY", "off")
	set("GOSUMDB", "off") // go.sum of a new module comes from the cache
	set("GOFLAGS", "")
	return nil
}
