package host

import (
	"context"
	"sync"

	"github.com/fusemoe/fusemoe/sdk/modalitypb"
)

const (
	// inFlight is how many batches of a process may be unanswered: one at work, one ready.
	inFlight = 2
	// ahead is how many batches a process may be before the slowest of its like.
	ahead = 2 * inFlight
)

// Encode encodes the samples and calls each with the number of the sample, from 0, and its
// result, in order. A result is a sequence that Check accepts or what is wrong with that
// sample alone. An error of samples or of each ends the call and is returned as it is. The
// samples are read ahead, on another goroutine than each is called on.
//
// If a process dies or hangs, another one encodes the batches that it has not answered.
func (p *Plugin) Encode(ctx context.Context, samples Samples, each func(i int, r *modalitypb.Result) error) error {
	ctx, cancel := p.call(ctx)
	defer cancel(nil)
	e := &encoding{
		cancel:  cancel,
		jobs:    make(chan *batch),
		answers: make(chan answer),
		window:  make(chan struct{}, ahead*len(p.replicas)),
	}
	var working sync.WaitGroup
	working.Go(func() { e.failed(e.read(ctx, p.batches("encode", samples))) })
	for _, r := range p.replicas {
		working.Go(func() { e.failed(r.encode(ctx, e)) })
	}
	go func() {
		working.Wait()
		close(e.answers)
	}()
	e.collect(each)
	return e.err
}

// encoding is one Encode of all replicas.
type encoding struct {
	cancel  context.CancelCauseFunc
	jobs    chan *batch
	answers chan answer
	window  chan struct{} // an element for each batch that was read and not delivered

	once sync.Once
	err  error // the first
}

// answer is the results of a batch.
type answer struct {
	*batch
	results []*modalitypb.Result
}

// failed ends the encoding, unless err is nil.
func (e *encoding) failed(err error) {
	if err != nil {
		e.once.Do(func() { e.err = err })
		e.cancel(err)
	}
}

// read hands out the batches. Only the end of the samples closes jobs.
func (e *encoding) read(ctx context.Context, batches func(yield func(*batch, error) bool)) error {
	for b, err := range batches {
		if err != nil {
			return err
		}
		select {
		case e.window <- struct{}{}:
		case <-ctx.Done():
			return nil
		}
		select {
		case e.jobs <- b:
		case <-ctx.Done():
			return nil
		}
	}
	close(e.jobs)
	return nil
}

// collect puts the answers in order and hands them on until there are no more.
func (e *encoding) collect(each func(i int, r *modalitypb.Result) error) {
	early := make(map[int]answer)
	next := 0
	refused := false
	for a := range e.answers {
		early[a.first] = a
		for !refused {
			a, ok := early[next]
			if !ok {
				break
			}
			delete(early, next)
			for i, r := range a.results {
				if err := each(a.first+i, r); err != nil {
					e.failed(err)
					refused = true
					break
				}
			}
			if next += len(a.results); !a.part {
				<-e.window
			}
		}
	}
}
