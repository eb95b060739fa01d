package host

import (
	"errors"
	"fmt"
	"strings"

	"google.golang.org/grpc/status"

	"github.com/fusemoe/fusemoe/sdk/modalitypb"
)

// Error is a failure of a plugin: it did not start, died, hung, or broke the contract.
type Error struct {
	// Plugin is the name of the modality.
	Plugin string
	// Op is what the plugin was to do: start, describe, configure, fit or encode.
	Op string
	// Exit is how the process ended, such as "exit status 2" or "signal: killed"; empty
	// if it did not end.
	Exit string
	// Stderr are the last lines that the process wrote, or the first ones of its panic.
	Stderr []string
	// Advice says what the user can do about it.
	Advice string
	// Err is the cause.
	Err error
	// First and Count say at which samples of a call it happened; Count 0: at none in
	// particular.
	First, Count int
}

// Error is one sentence on what happened, one of advice, and the plugin's last lines.
func (e *Error) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "plugin %s: %s: %v", e.Plugin, e.Op, e.Err)
	switch {
	case e.Count == 1:
		fmt.Fprintf(&b, " at sample %d", e.First)
	case e.Count > 1:
		fmt.Fprintf(&b, " at samples %d to %d", e.First, e.First+e.Count-1)
	}
	if e.Exit != "" {
		fmt.Fprintf(&b, " (%s)", e.Exit)
	}
	if e.Advice != "" {
		fmt.Fprintf(&b, "; %s", e.Advice)
	}
	for i, line := range e.Stderr {
		if i == 0 {
			b.WriteString("\n  what the plugin wrote:")
		}
		b.WriteString("\n    | " + line)
	}
	return b.String()
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// DiagnosticError is what a plugin finds wrong with its config or with the data.
type DiagnosticError struct {
	// Plugin is the name of the modality.
	Plugin string
	// Op is what the plugin was to do: configure or fit.
	Op string
	// Key is where the plugin's config stands in the user's, such as
	// modalities.0.config; the paths of the diagnostics continue it. It may be empty.
	Key string
	// Diagnostics has at least one error.
	Diagnostics []*modalitypb.Diagnostic
}

// Error has one line per diagnostic.
func (e *DiagnosticError) Error() string {
	lines := make([]string, len(e.Diagnostics))
	for i, d := range e.Diagnostics {
		lines[i] = fmt.Sprintf("modality %s: %s: %s", e.Plugin, e.Op, sentence(e.Key, d))
	}
	return strings.Join(lines, "\n")
}

// sentence is a diagnostic in one line.
func sentence(key string, d *modalitypb.Diagnostic) string {
	s := d.GetSummary()
	if path := d.GetPath(); path != "" {
		if key != "" {
			path = key + "." + path
		}
		s = path + ": " + s
	}
	if d.GetDetail() != "" {
		s += "; " + d.GetDetail()
	}
	return s
}

// callError is an error of a call in the words of whoever raised it, without gRPC's.
type callError struct{ err error }

func (e callError) Error() string { return status.Convert(e.err).Message() }
func (e callError) Unwrap() error { return e.err }

var (
	errStopped     = errors.New("the plugin was stopped")
	errEnded       = errors.New("the process ended")
	errNoHandshake = errors.New("it did not say that it is ready")
	errNoAnswer    = errors.New("it did not answer")
	errCut         = errors.New("the connection to it broke")
	errExhausted   = errors.New("it ran out of memory, or of room in a message")
	errOther       = errors.New("another plugin did not start")
)

// adviceOnExit explains the ends of processes that puzzle people.
func adviceOnExit(exit string) string {
	switch {
	case strings.Contains(exit, "killed") || strings.Contains(exit, "status 137"):
		return "somebody killed it; most often the system does when memory runs out"
	case strings.Contains(exit, "illegal instruction") || strings.Contains(exit, "status 132"):
		return "it was built for another processor; build it on this machine"
	case strings.Contains(exit, "status 127") || strings.Contains(exit, "status 126"):
		return "its command could not be run; check the plugin's path and that its interpreter is installed"
	default:
		return "this is a fault of the plugin"
	}
}
