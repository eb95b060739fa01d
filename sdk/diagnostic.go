package sdk

import (
	"errors"
	"strings"

	"github.com/fusemoe/fusemoe/sdk/modalitypb"
)

// Diagnostic is an error that a user can put right.
type Diagnostic struct {
	// Path is the config key or the item that the message is about, such as
	// channels[2].min; empty: all of it.
	Path string
	// Summary says in one line what is wrong.
	Summary string
	// Detail says what to do about it.
	Detail string
}

// Error is path, summary and detail in one line.
func (d *Diagnostic) Error() string {
	var b strings.Builder
	if d.Path != "" {
		b.WriteString(d.Path + ": ")
	}
	b.WriteString(d.Summary)
	if d.Detail != "" {
		b.WriteString("; " + d.Detail)
	}
	return b.String()
}

// diagnose turns an author's error into the message that reaches the user.
func diagnose(err error) *modalitypb.Diagnostic {
	m := &modalitypb.Diagnostic{Severity: modalitypb.Diagnostic_SEVERITY_ERROR, Summary: err.Error()}
	if d, ok := errors.AsType[*Diagnostic](err); ok {
		m.Path, m.Detail = d.Path, d.Detail
		// What wraps the diagnostic stays in the summary; path and detail have
		// their own places.
		m.Summary = strings.Replace(m.Summary, d.Error(), d.Summary, 1)
	}
	return m
}
