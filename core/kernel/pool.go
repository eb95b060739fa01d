package kernel

import (
	"runtime"
	"sync"
	"sync/atomic"
	"time"
)

// Float is the element type of every kernel: float32 to train and predict,
// float64 to check gradients by finite differences.
type Float interface {
	float32 | float64
}

// Pool runs the chunks of a loop on a fixed number of goroutines. A nil pool runs
// everything on the caller's goroutine. One pool serves one caller at a time.
//
// The caller never waits for a worker to wake up: it takes chunks at once, workers
// join while any are left, and at the end it waits for those that joined.
type Pool struct {
	workers int
	spin    time.Duration
	done    sync.WaitGroup
	current loop // kept between calls, so that For allocates nothing

	busy     atomic.Bool
	turn     atomic.Uint64 // loops so far; a worker waits for it to move
	sleepers atomic.Int32
	mutex    sync.Mutex // around the sleep on awake
	awake    sync.Cond
	closed   atomic.Bool
}

// loop is one parallel loop: its workers take chunks until none is left.
type loop struct {
	body     func(lo, hi int)
	n, grain int
	next     atomic.Int64
	members  atomic.Int64 // workers at it, plus loopOpen, plus loopAwaited
	finished chan struct{}
	panicked atomic.Pointer[any]
}

// Flags in loop.members, far above any number of workers.
const (
	loopOpen    = 1 << 32 // workers may join
	loopAwaited = 1 << 33 // the last to leave signals finished
)

// spinTime is how long an idle goroutine looks for work before it sleeps. Kernels
// follow one another within microseconds, while a thread that sleeps is back after some
// fifty, which others have then worked without it.
const spinTime = 200 * time.Microsecond

const errPoolBusy = "kernel: Pool.For: a loop of this pool is running already"

// NewPool starts a pool of the given number of workers; 0 means one for each
// processor. Close it when done.
func NewPool(workers int) *Pool {
	if workers <= 0 {
		workers = runtime.GOMAXPROCS(0)
	}
	p := &Pool{workers: workers}
	p.awake.L = &p.mutex
	p.current.finished = make(chan struct{}, 1)
	if workers <= runtime.GOMAXPROCS(0) { // otherwise one would spin where another could work
		p.spin = spinTime
	}
	for range workers - 1 {
		p.done.Go(p.work)
	}
	return p
}

// Workers is the number of goroutines that share a loop, the caller's included.
func (p *Pool) Workers() int {
	if p == nil {
		return 1
	}
	return p.workers
}

// Close ends the workers. The pool must be idle.
func (p *Pool) Close() {
	if p != nil {
		p.closed.Store(true)
		p.call(p.workers)
		p.done.Wait()
	}
}

// For calls body on the chunks [0,grain), [grain,2·grain), … of [0,n), in any
// order and in parallel. Where the chunks lie depends on n and grain alone, never on
// the number of workers: a kernel that reduces by chunk and then over the chunks in
// order gives the same bits on every machine. A panic in body reaches the caller.
func (p *Pool) For(n, grain int, body func(lo, hi int)) {
	if n <= 0 {
		return
	}
	grain = max(grain, 1)
	chunks := (n + grain - 1) / grain
	if p == nil || p.workers == 1 || chunks == 1 {
		for lo := 0; lo < n; lo += grain {
			body(lo, min(lo+grain, n))
		}
		return
	}
	if !p.busy.CompareAndSwap(false, true) {
		panic(errPoolBusy)
	}
	l := &p.current
	l.body, l.n, l.grain = body, n, grain
	l.next.Store(0)
	l.members.Store(loopOpen)
	p.call(min(p.workers, chunks) - 1)
	l.run()
	l.wait(p.spin)
	l.body = nil
	p.busy.Store(false)
	if v := l.panicked.Swap(nil); v != nil {
		panic(*v)
	}
}

// call starts a turn and wakes up to the given number of sleeping workers.
func (p *Pool) call(workers int) {
	p.turn.Add(1)
	if p.sleepers.Load() == 0 {
		return
	}
	p.mutex.Lock()
	for range workers {
		p.awake.Signal()
	}
	p.mutex.Unlock()
}

// work is the life of one worker.
func (p *Pool) work() {
	for seen := uint64(0); ; {
		seen = p.next(seen)
		if p.closed.Load() {
			return
		}
		if l := &p.current; l.join() {
			l.run()
			l.leave()
		}
	}
}

// next waits until the pool's turn is another than seen and returns it.
func (p *Pool) next(seen uint64) uint64 {
	if spin(p.spin, func() bool { return p.turn.Load() != seen }) {
		return p.turn.Load()
	}
	p.mutex.Lock()
	defer p.mutex.Unlock()
	p.sleepers.Add(1)
	defer p.sleepers.Add(-1)
	for p.turn.Load() == seen {
		p.awake.Wait()
	}
	return p.turn.Load()
}

// spin polls until ready or until the time is over, and tells which.
func spin(limit time.Duration, ready func() bool) bool {
	const pollsPerYield = 1024 // about a microsecond
	for start := time.Now(); ; {
		for range pollsPerYield {
			if ready() {
				return true
			}
		}
		if time.Since(start) >= limit {
			return false
		}
		runtime.Gosched()
	}
}

// run takes chunks until none is left.
func (l *loop) run() {
	defer func() {
		if v := recover(); v != nil {
			first := v
			l.panicked.CompareAndSwap(nil, &first)
		}
	}()
	for {
		lo := int(l.next.Add(int64(l.grain))) - l.grain
		if lo >= l.n {
			return
		}
		l.body(lo, min(lo+l.grain, l.n))
	}
}

// join makes a worker a member, unless the loop is over: its fields may then be
// changing already.
func (l *loop) join() bool {
	for {
		m := l.members.Load()
		if m&loopOpen == 0 {
			return false
		}
		if l.members.CompareAndSwap(m, m+1) {
			return true
		}
	}
}

func (l *loop) leave() {
	if l.members.Add(-1) == loopAwaited {
		l.finished <- struct{}{}
	}
}

// wait closes the loop to further workers and waits for those at it.
func (l *loop) wait(limit time.Duration) {
	if l.members.Add(-loopOpen) == 0 {
		return
	}
	if spin(limit, func() bool { return l.members.Load() == 0 }) {
		return
	}
	if l.members.Add(loopAwaited) > loopAwaited {
		<-l.finished
	}
	l.members.Store(0)
}
