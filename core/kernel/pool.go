package kernel

import (
	"runtime"
	"sync"
	"sync/atomic"
)

// Float is the element type of every kernel: float32 to train and predict,
// float64 to check gradients by finite differences.
type Float interface {
	float32 | float64
}

// Pool runs the chunks of a loop on a fixed number of goroutines. A nil pool runs
// everything on the caller's goroutine. One pool serves one caller at a time.
type Pool struct {
	workers int
	tasks   chan *loop
	done    sync.WaitGroup
	current loop // kept between calls, so that For allocates nothing
}

// loop is one parallel loop: its workers take chunks until none is left.
type loop struct {
	body     func(lo, hi int)
	n, grain int
	next     atomic.Int64
	pending  sync.WaitGroup
	panicked atomic.Pointer[any]
}

// NewPool starts a pool of the given number of workers; 0 means one for each
// processor. Close it when done.
func NewPool(workers int) *Pool {
	if workers <= 0 {
		workers = runtime.GOMAXPROCS(0)
	}
	p := &Pool{workers: workers, tasks: make(chan *loop)}
	for range workers - 1 {
		p.done.Go(func() {
			for l := range p.tasks {
				l.run()
				l.pending.Done()
			}
		})
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
		close(p.tasks)
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
	l := &p.current
	l.body, l.n, l.grain = body, n, grain
	l.next.Store(0)
	for range min(p.workers, chunks) - 1 {
		l.pending.Add(1)
		p.tasks <- l
	}
	l.run()
	l.pending.Wait()
	l.body = nil
	if v := l.panicked.Swap(nil); v != nil {
		panic(*v)
	}
}

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
