package core

import (
	"errors"
	"slices"
	"testing"

	"go.uber.org/goleak"

	"github.com/fusemoe/fusemoe/core/checkpoint"
)

func TestLaterWritesWhatWasThereInOrder(t *testing.T) {
	defer goleak.VerifyNone(t)
	var l later
	weights := []float32{1, 2}
	var written []float32
	write := func(tensors []checkpoint.Tensor) error {
		written = append(written, tensors[0].Data...)
		return nil
	}
	for epoch := range 3 {
		weights[0] = float32(epoch)
		for range 2 {
			if err := l.addCopy([]checkpoint.Tensor{{Data: weights}}, write); err != nil {
				t.Fatal(err)
			}
		}
		if err := l.add(func() error { written = append(written, -1); return nil }); err != nil {
			t.Fatal(err)
		}
		l.start()
		weights[0] = 100 // the next epoch trains
	}
	if err := l.finish(); err != nil {
		t.Fatal(err)
	}
	if want := []float32{0, 2, 0, 2, -1, 1, 2, 1, 2, -1, 2, 2, 2, 2, -1}; !slices.Equal(written, want) {
		t.Errorf("%v was written, want %v", written, want)
	}
}

func TestLaterTellsFailures(t *testing.T) {
	full := errors.New("disk full")
	for name, c := range map[string]struct {
		work func() error
		want error
	}{
		"error": {func() error { return full }, full},
		"panic": {func() error { panic("bug") }, ErrInternal},
	} {
		t.Run(name, func(t *testing.T) {
			defer goleak.VerifyNone(t)
			var l later
			after := false
			err := errors.Join(l.add(c.work), l.add(func() error { after = true; return nil }))
			if err != nil {
				t.Fatal(err)
			}
			l.start()
			if err := l.add(func() error { return nil }); !errors.Is(err, c.want) {
				t.Errorf("the next epoch is told %v, want %v", err, c.want)
			}
			if after {
				t.Error("what comes after a failure was done")
			}
			if err := l.finish(); err != nil {
				t.Errorf("told twice: %v", err)
			}
		})
	}
}

// What is too large to be copied is written before the training goes on, after what came
// before it.
func TestLaterWritesLargeTensorsAtOnce(t *testing.T) {
	var l later
	var order []int
	large := []checkpoint.Tensor{{Data: make([]float32, copyLimit+1)}}
	err := errors.Join(
		l.add(func() error { order = append(order, 1); return nil }),
		l.addCopy(large, func(tensors []checkpoint.Tensor) error {
			if &tensors[0].Data[0] != &large[0].Data[0] {
				t.Error("it was copied")
			}
			order = append(order, 2)
			return nil
		}),
	)
	if err != nil || !slices.Equal(order, []int{1, 2}) {
		t.Errorf("%v, works %v", err, order)
	}
}
