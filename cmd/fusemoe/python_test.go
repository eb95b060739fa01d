package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

const noPython = "no Python with grpcio, protobuf and numpy: " +
	"apt-get install python3-grpcio python3-protobuf python3-numpy"

// findPython makes python3 one that can run plugins, for the time of the test, and tells
// whether there is one. CI has it where the system keeps its own.
func findPython(t *testing.T) bool {
	t.Helper()
	const system = "/usr/bin/python3"
	can := func(program string) bool {
		return exec.Command(program, "-c", "import google.protobuf, grpc, numpy").Run() == nil
	}
	if can("python3") {
		return true
	}
	if !can(system) {
		return false
	}
	bin := t.TempDir()
	if err := os.Symlink(system, filepath.Join(bin, "python3")); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", bin+string(os.PathListSeparator)+os.Getenv("PATH"))
	return true
}
