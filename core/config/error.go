package config

import (
	"slices"
	"strings"
)

// Problem is one thing wrong with a configuration.
type Problem struct {
	// Key is the path of the setting, such as "model.router.gate", or empty where the
	// trouble is with a whole source.
	Key string
	// Origin is where the setting came from.
	Origin Origin
	// Message says what is wrong and what to do.
	Message string
}

// String is one line: where, key, message.
func (p Problem) String() string {
	parts := make([]string, 0, 3)
	if p.Origin.Name != "" && p.Origin != defaultOrigin {
		parts = append(parts, p.Origin.String())
	}
	if p.Key != "" {
		parts = append(parts, p.Key)
	}
	return strings.Join(append(parts, p.Message), ": ")
}

// Error is everything that is wrong with a configuration.
type Error struct {
	Problems []Problem
}

// Error has one line a problem, in the order of the sources and of their lines.
func (e *Error) Error() string {
	lines := make([]string, len(e.Problems))
	for i, p := range e.Problems {
		lines[i] = p.String()
	}
	return strings.Join(lines, "\n")
}

// errorOf is an *Error, or nil where there are no problems.
func errorOf(problems []Problem) error {
	if len(problems) == 0 {
		return nil
	}
	slices.SortStableFunc(problems, func(a, b Problem) int {
		if a.Origin.Name != b.Origin.Name {
			return 0 // sources keep the order in which they were read
		}
		return a.Origin.Line - b.Origin.Line
	})
	return &Error{Problems: problems}
}
