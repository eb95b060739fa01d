//go:build unix && !linux

package bench

import (
	"syscall"
	"time"
)

// cpuClock tells the processor time of this process, all threads together.
type cpuClock struct{}

func (cpuClock) findThreads() {}

func (cpuClock) now() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
