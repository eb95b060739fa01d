package host

import (
	"sync"
	"time"
)

// patience runs out when an answer takes longer than the limit. Time that the host itself
// takes between two answers does not count.
type patience struct {
	limit time.Duration
	out   func()

	mu         sync.Mutex
	unanswered int
	timer      *time.Timer // runs while somebody waits for an answer
	waiting    bool
}

// asked says that one more batch waits for its answer.
func (p *patience) asked() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.unanswered++
	p.run()
}

// begin says that the host waits for the next answer.
func (p *patience) begin() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.waiting = true
	p.run()
}

// end says that an answer is there, or the end.
func (p *patience) end() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.waiting = false
	p.unanswered = max(0, p.unanswered-1)
	if p.timer != nil {
		p.timer.Stop()
		p.timer = nil
	}
}

func (p *patience) run() {
	if p.waiting && p.unanswered > 0 && p.timer == nil {
		p.timer = time.AfterFunc(p.limit, p.out)
	}
}
