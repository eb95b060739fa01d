//go:build !unix

package bench

import "time"

// cpuClock would tell the processor time, which is not known here.
type cpuClock struct{}

func (cpuClock) findThreads() {}

func (cpuClock) now() time.Duration { return 0 }
