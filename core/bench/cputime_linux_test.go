package bench

import (
	"runtime"
	"sync"
	"sync/atomic"
	"testing"

	"golang.org/x/sys/unix"
)

// A thread that runs elsewhere counts with what it has run by now, not by its last tick: a
// clock that is read later never tells less than the thread itself.
func TestCPUClockSeesRunningThreads(t *testing.T) {
	var own atomic.Int64
	var busy sync.WaitGroup
	thread, stop := make(chan int, 1), make(chan struct{})
	busy.Go(func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		thread <- unix.Gettid()
		for {
			var now unix.Timespec
			if err := unix.ClockGettime(unix.CLOCK_THREAD_CPUTIME_ID, &now); err != nil {
				t.Error(err)
				return
			}
			own.Store(now.Nano())
			select {
			case <-stop:
				return
			default:
			}
		}
	})
	var all cpuClock
	one := cpuClock{clocks: []int32{threadClock(<-thread)}}
	all.findThreads()
	for range 10_000 {
		least := own.Load()
		if seen := one.now().Nanoseconds(); seen < least {
			t.Errorf("the thread has run %d ns, of which its clock tells %d", least, seen)
			break
		}
		if seen := all.now().Nanoseconds(); seen < least {
			t.Errorf("a thread has run %d ns, of which the clocks of %d threads tell %d", least, len(all.clocks), seen)
			break
		}
	}
	close(stop)
	busy.Wait()
}
