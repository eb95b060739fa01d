package host

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"

	"google.golang.org/grpc"

	"github.com/fusemoe/fusemoe/sdk/modalitypb"
)

// encode takes batches of the encoding until there are no more, whatever happens to the
// process.
func (r *replica) encode(ctx context.Context, e *encoding) error {
	if err := r.hold(ctx); err != nil {
		return err
	}
	defer r.release()
	w := &work{replica: r, encoding: e}
	for {
		if err := r.ready(ctx); err != nil {
			return err
		}
		err := w.exchange(ctx)
		if err == nil {
			return nil
		}
		if err := w.overcome(ctx, err); err != nil {
			return err
		}
	}
}

// work is one replica's part of an encoding.
type work struct {
	*replica
	encoding *encoding

	mu   sync.Mutex
	sent []*batch // and not answered, the oldest first
	next []*batch // to be sent before any other
	all  bool     // there are no more
}

// exchange sends batches over one stream and takes the answers, until there are no more
// batches or something fails.
func (w *work) exchange(ctx context.Context) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	stream, err := w.conn.Encode(ctx)
	if err != nil {
		return w.fail(ctx, "encode", err)
	}
	s := &exchange{
		work: w, stream: stream, slots: make(chan struct{}, inFlight), suspects: len(w.next),
		patience: &patience{
			limit: cmp.Or(w.plugin.spec.EncodeTimeout, defaultEncodeTimeout),
			out:   func() { cancel(errNoAnswer) },
		},
	}
	if s.suspects > 0 {
		s.slots <- struct{}{} // one at a time, so that it is clear at which the process ends
	}
	var sending sync.WaitGroup
	sending.Go(func() { s.send(ctx) })
	err = s.receive(ctx)
	cancel(nil)
	sending.Wait()
	return err
}

// take waits for the next batch and counts it as sent; nil: there are no more, or ctx
// has ended.
func (w *work) take(ctx context.Context) *batch {
	if len(w.next) == 0 {
		select {
		case b, ok := <-w.encoding.jobs:
			if !ok {
				w.mu.Lock()
				w.all = true
				w.mu.Unlock()
				return nil
			}
			w.next = append(w.next, b)
		case <-ctx.Done():
			return nil
		}
	}
	b := w.next[0]
	w.next = w.next[1:]
	if w.most > 0 && len(b.samples) > w.most {
		head, tail := b.split(w.most)
		b, w.next = head, slices.Insert(w.next, 0, tail)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.sent = append(w.sent, b)
	return b
}

// oldest is the batch that the plugin is to answer next, or nil.
func (w *work) oldest() *batch {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.sent) == 0 {
		return nil
	}
	return w.sent[0]
}

// answered hands on the results of the oldest batch.
func (w *work) answered(ctx context.Context, results []*modalitypb.Result) error {
	w.mu.Lock()
	b := w.sent[0]
	w.sent = w.sent[1:]
	w.mu.Unlock()
	select {
	case w.encoding.answers <- answer{b, results}:
		return nil
	case <-ctx.Done():
		return w.plugin.interrupted("encode", context.Cause(ctx))
	}
}

// exchange is one stream.
type exchange struct {
	*work
	stream   grpc.BidiStreamingClient[modalitypb.EncodeRequest, modalitypb.EncodeResponse]
	slots    chan struct{} // an element for each unanswered batch
	suspects int           // batches to come that a process has not survived
	patience *patience
}

// send sends batches. Why it cannot go on, receive finds out.
func (s *exchange) send(ctx context.Context) {
	for seq := uint64(0); ; seq++ {
		select {
		case s.slots <- struct{}{}:
		case <-ctx.Done():
			return
		}
		b := s.take(ctx)
		if b == nil {
			if ctx.Err() == nil {
				_ = s.stream.CloseSend() // never fails
			}
			return
		}
		s.patience.asked()
		if s.stream.Send(&modalitypb.EncodeRequest{Seq: seq, Samples: b.samples}) != nil {
			return
		}
	}
}

// receive takes the answers until the stream ends.
func (s *exchange) receive(ctx context.Context) error {
	const op = "encode"
	for seq := uint64(0); ; seq++ {
		s.patience.begin()
		r, err := s.stream.Recv()
		s.patience.end()
		b := s.oldest()
		switch {
		case errors.Is(err, io.EOF):
			return s.atEnd()
		case err != nil:
			return s.fail(ctx, op, err)
		case b == nil:
			return s.plugin.broken(op, errors.New("it answered a batch that nobody sent"))
		case len(r.GetResults()) != len(b.samples) || r.GetSeq() != seq:
			return s.plugin.broken(op, fmt.Errorf("it answered batch %d of %d samples with %d results for batch %d",
				seq, len(b.samples), len(r.GetResults()), r.GetSeq()))
		}
		for i, result := range r.GetResults() {
			if err := check(result, s.plugin.Dim()); err != nil {
				e := s.plugin.broken(op, err)
				e.First, e.Count = b.first+i, 1
				return e
			}
		}
		s.restarts = 0
		if err := s.answered(ctx, r.GetResults()); err != nil {
			return err
		}
		<-s.slots
		if s.suspects--; s.suspects == 0 {
			<-s.slots
		}
	}
}

// atEnd tells whether the plugin ended the stream when it should.
func (s *exchange) atEnd() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case len(s.sent) > 0:
		return s.plugin.broken("encode", fmt.Errorf("it ended the stream with %d batches unanswered", len(s.sent)))
	case !s.all:
		return s.plugin.broken("encode", errors.New("it ended the stream before the last sample"))
	default:
		return nil
	}
}

func check(r *modalitypb.Result, dim int) error {
	switch r.GetResult().(type) {
	case *modalitypb.Result_Sequence:
		return r.GetSequence().Check(dim)
	case *modalitypb.Result_Error:
		return nil
	default:
		return errors.New("neither a sequence nor an error")
	}
}
