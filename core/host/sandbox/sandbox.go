// Package sandbox runs a program that can use its own files, the system's libraries, one
// folder to write to, and nothing else: no other file, no network, no other process.
//
//	argv := sandbox.Command(wrapper, sandbox.Rules{Read: []string{model}}, argv)
//
// The wrapper is a program that gives its arguments to Exec, which takes the rights away
// from itself and then becomes the program. What enforces it is the kernel: Landlock for
// files, TCP and signals, and a filter of system calls for what Landlock leaves open.
package sandbox

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strings"

	"github.com/landlock-lsm/go-landlock/landlock"
	ll "github.com/landlock-lsm/go-landlock/landlock/syscall"
)

const (
	// leastABI is the version of Landlock, that of Linux 6.7, which first knew TCP. The
	// ones before it also let a file be cut off that could not be opened.
	leastABI = 4
	// unixABI is the version of Landlock that knows Unix sockets: it tells those of the
	// program itself from the others, which the filter of system calls cannot.
	unixABI = 9
)

// Rules say what a program may use besides what every program needs to run.
type Rules struct {
	// Read are files and folders that it may read, and run.
	Read []string `json:"read,omitempty"`
	// Write are folders that it may read and change. The first is its HOME.
	Write []string `json:"write,omitempty"`
	// GPU opens the devices of Nvidia's driver.
	GPU bool `json:"gpu,omitempty"`
}

// Supported tells why programs cannot be confined on this machine, or nil.
func Supported() error {
	abi, err := ll.LandlockGetABIVersion()
	switch {
	case runtime.GOOS != "linux":
		return fmt.Errorf("a sandbox needs Linux, this is %s", runtime.GOOS)
	case auditArch == 0:
		return fmt.Errorf("there is no sandbox for %s processors yet", runtime.GOARCH)
	case err != nil:
		abi = 0
	}
	return enough(abi)
}

// enough tells what a version of Landlock lacks; 0: there is none.
func enough(abi int) error {
	switch {
	case abi < 1:
		return errors.New("this kernel has no Landlock, or it is switched off; a sandbox needs Linux 6.7 or newer, " +
			"with landlock among its security modules (lsm=)")
	case abi < leastABI:
		return fmt.Errorf("this kernel is too old: it has version %d of Landlock, and a sandbox needs version %d, that of Linux 6.7",
			abi, leastABI)
	}
	return nil
}

// Command is the command that runs argv under the rules.
func Command(wrapper []string, r Rules, argv []string) []string {
	text, err := json.Marshal(r)
	if err != nil {
		panic(err) // texts and a bool
	}
	return slices.Concat(wrapper, []string{string(text)}, argv)
}

// Exec turns this process into the program that Command was given, with no other rights
// than the rules leave it. It returns only if it cannot.
func Exec(args []string) error {
	if len(args) < 2 {
		return errors.New("sandbox: want rules and a command")
	}
	var r Rules
	if err := json.Unmarshal([]byte(args[0]), &r); err != nil {
		return fmt.Errorf("sandbox: rules: %w", err)
	}
	argv := args[1:]
	if err := Supported(); err != nil {
		return err
	}
	rules, err := r.landlock(argv[0])
	if err != nil {
		return fmt.Errorf("sandbox: %w", err)
	}
	// What the kernel knows beyond the least is used too.
	if err := landlock.V11.BestEffort().Restrict(rules...); err != nil {
		return fmt.Errorf("sandbox: %w", err)
	}
	return fmt.Errorf("sandbox: %s: %w", argv[0], filteredExec(argv, r.environment(os.Environ())))
}

// environment is env with a home and a place for temporary files that the program may
// use. The latter is the folder of its socket, which is gone when the program is.
func (r Rules) environment(env []string) []string {
	env = slices.DeleteFunc(env, func(s string) bool {
		return strings.HasPrefix(s, "HOME=") || strings.HasPrefix(s, "TMPDIR=")
	})
	places := slices.Clone(r.Write)
	if dir := os.Getenv(socketDirEnv); dir != "" {
		places = append(places, dir)
	}
	if len(places) == 0 {
		return env
	}
	return append(env, "HOME="+places[0], "TMPDIR="+places[len(places)-1])
}
