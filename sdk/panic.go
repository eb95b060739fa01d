package sdk

import (
	"context"
	"fmt"
	"path/filepath"
	"runtime"
	"strings"
)

// guard calls the author's code with a context that has the logger, and returns a panic
// in it as an error.
func (s *server) guard(ctx context.Context, call func(context.Context) error) (err error) {
	defer func() {
		if v := recover(); v != nil {
			// The value of a panic may quote the sample. The stack does not.
			stack := stackOfPanic()
			s.log.Error().Str("stack", strings.Join(stack, "; ")).Msg("the plugin panicked")
			where := ""
			if len(stack) > 0 {
				place, _, _ := strings.Cut(stack[0], " ")
				where = " at " + filepath.Base(place)
			}
			err = fmt.Errorf("the plugin panicked%s with a %T; its log has the stack", where, v)
			if bug, ok := v.(runtime.Error); ok {
				err = fmt.Errorf("the plugin panicked%s: %w; its log has the stack", where, bug)
			}
		}
	}()
	return call(s.log.WithContext(ctx))
}

// deepest bounds the frames of a stack that are told: an endless recursion has millions.
const deepest = 32

// stackOfPanic is where a panic that is being recovered happened, file:line and function,
// the innermost first. What called the author's code is left out.
func stackOfPanic() (stack []string) {
	pcs := make([]uintptr, deepest)
	const self = 3 // runtime.Callers, this function and the one that recovers
	frames := runtime.CallersFrames(pcs[:runtime.Callers(self, pcs)])
	for {
		f, more := frames.Next()
		switch {
		case strings.HasPrefix(f.Function, "github.com/fusemoe/fusemoe/sdk.(*server)."):
			return stack
		case f.Function != "" && !strings.HasPrefix(f.Function, "runtime."):
			stack = append(stack, fmt.Sprintf("%s:%d %s", f.File, f.Line, filepath.Base(f.Function)))
		}
		if !more {
			return stack
		}
	}
}
