package kernel

import (
	"sync/atomic"
	"unsafe"
)

// freeList keeps what one call is done with for the next. Unlike a sync.Pool it
// hands it to any processor and never drops it, so that a steady state allocates
// nothing, and it costs some nanoseconds, which matters to products that take 100.
type freeList[T any] struct {
	slots [freeSlots]atomic.Pointer[T]
}

// freeSlots is how many can be kept: more than calls run at one time.
const freeSlots = 64

// get returns one that is free, or a new zero T.
func (l *freeList[T]) get() *T {
	start := ownSlot()
	for i := range uintptr(freeSlots) {
		slot := &l.slots[(start+i)%freeSlots]
		if slot.Load() != nil {
			if x := slot.Swap(nil); x != nil {
				return x
			}
		}
	}
	return new(T)
}

func (l *freeList[T]) put(x *T) {
	start := ownSlot()
	for i := range uintptr(freeSlots) {
		if l.slots[(start+i)%freeSlots].CompareAndSwap(nil, x) {
			return
		}
	}
}

// ownSlot spreads goroutines over the slots by where their stacks lie, which are at
// least 2 KiB apart, so that each mostly finds its own again.
func ownSlot() uintptr {
	var here byte
	return uintptr(unsafe.Pointer(&here)) >> 11
}
