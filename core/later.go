package core

import (
	"slices"

	"github.com/fusemoe/fusemoe/core/checkpoint"
)

// later writes what an epoch leaves while the next one trains: disks take their time to
// say that something is safe. Its works are done one after another, in the order in which
// they were added, and those of an epoch before any of the next is added.
type later struct {
	works  []func() error
	done   chan error // of the works under way, nil where none are
	copied []float32
}

// copyLimit is how many numbers are copied to be written later, 64 MB of them. A training
// with more waits for the disk: its epochs take much longer than that, and memory is dear.
const copyLimit = 16 << 20

// add adds a work. What it needs must stay as it is.
func (l *later) add(work func() error) error {
	if err := l.settle(); err != nil {
		return err
	}
	l.works = append(l.works, work)
	return nil
}

// addCopy adds a work on tensors that will change.
func (l *later) addCopy(tensors []checkpoint.Tensor, work func([]checkpoint.Tensor) error) error {
	if err := l.settle(); err != nil {
		return err
	}
	size := 0
	for _, t := range tensors {
		size += len(t.Data)
	}
	l.works = append(l.works, func() error { return work(tensors) })
	if size > copyLimit {
		return l.finish()
	}
	copies := slices.Grow(l.copied, size)
	for i, t := range tensors {
		from := len(copies)
		copies = append(copies, t.Data...)
		tensors[i].Data = copies[from:]
	}
	l.copied = copies
	return nil
}

// start begins the works that were added.
func (l *later) start() {
	works, done := l.works, make(chan error, 1)
	l.works, l.done = nil, done
	go func() {
		var err error
		defer func() { done <- err }()
		defer recovered("keep an epoch", &err)
		for _, work := range works {
			if err = work(); err != nil {
				return
			}
		}
	}()
}

// settle waits for the works under way.
func (l *later) settle() error {
	if l.done == nil {
		return nil
	}
	err := <-l.done
	l.done, l.copied = nil, l.copied[:0]
	return err
}

// finish does all that is left to do.
func (l *later) finish() error {
	if err := l.settle(); err != nil {
		return err
	}
	l.start()
	return l.settle()
}
