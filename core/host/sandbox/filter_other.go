//go:build !linux

package sandbox

import "errors"

func filteredExec([]string, []string) error { return errors.ErrUnsupported }
