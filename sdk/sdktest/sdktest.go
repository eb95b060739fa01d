// Package sdktest checks that a modality keeps the contract that package sdk describes.
//
// An author's whole test may be:
//
//	func TestConformance(t *testing.T) {
//		sdktest.Conform(t, sdktest.Case{New: func() sdk.Modality { return New() }, Samples: samples})
//	}
//
// Conform serves the modality in the test's own process, over real gRPC: coverage counts
// and a debugger works. Binary starts an executable, in any language, and checks how it
// lives as a process too. Every failure comes with a sentence of advice.
package sdktest

import (
	"context"
	"testing"

	"github.com/fusemoe/fusemoe/sdk"
	"github.com/fusemoe/fusemoe/sdk/command"
)

// Case is a modality and what to check it with.
type Case struct {
	// New returns the modality, as it is before Configure. Only Conform needs it.
	New func() sdk.Modality
	// Config is a config that the modality accepts, a JSON object; empty: {}.
	Config string
	// Samples are samples that it can encode, at least one of them to a vector or more.
	// Two that differ make good checks; a modality that fits is fitted on them. Without
	// any, half of the checks are skipped.
	Samples []sdk.Sample
	// Env are the names of further environment variables that an executable sees.
	Env []string
}

// Conform checks the modality of a case in this process, each check as a subtest. It must
// not run at the same time as other tests, whose goroutines it would take for the
// modality's.
func Conform(t *testing.T, c Case) {
	t.Helper()
	if c.New == nil {
		t.Fatal("sdktest: the case has no New")
	}
	subtests(t, c, memory{c.New}, append(contract(), inProcess()...))
}

// Binary checks the plugin at path, an executable or a folder with a plugin.json, each
// check as a subtest. The case's New is not used.
func Binary(t *testing.T, path string, c Case) {
	t.Helper()
	argv, err := command.Of(path)
	if err != nil {
		t.Fatal(err)
	}
	p := program{argv, c.Env}
	subtests(t, c, p, append(contract(), processChecks(p)...))
}

func subtests(t *testing.T, c Case, target target, checks []check) {
	t.Helper()
	k := newKit(c, target)
	defer k.close()
	for _, check := range checks {
		t.Run(check.name, func(t *testing.T) {
			f := k.run(t.Context(), check)
			switch f.Status {
			case Failed:
				t.Errorf("%s\nadvice: %s", f.Message, f.Advice)
			case Skipped:
				t.Skip(f.Message)
			case Passed:
			}
		})
	}
}

// Status is how a check ended.
type Status string

// The ways in which a check ends.
const (
	Passed  Status = "pass"
	Failed  Status = "fail"
	Skipped Status = "skip"
)

// Finding is the result of one check.
type Finding struct {
	Check  string `json:"check"`
	Status Status `json:"status"`
	// Message says what is wrong, or why the check was skipped.
	Message string `json:"message,omitempty"`
	// Advice is one sentence on what to do about a failure.
	Advice string `json:"advice,omitempty"`
}

// Examine is Binary outside of tests: it checks the plugin that argv starts and calls each
// with every finding, as it comes. One that does not start has one.
func Examine(ctx context.Context, argv []string, c Case, each func(Finding)) {
	p := program{argv, c.Env}
	k := newKit(c, p)
	defer k.close()
	for _, check := range append(contract(), processChecks(p)...) {
		finding := k.run(ctx, check)
		if ctx.Err() != nil { // which says nothing about the plugin
			return
		}
		each(finding)
		if k.dead {
			return
		}
	}
}
