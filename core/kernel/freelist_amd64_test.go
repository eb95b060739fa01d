package kernel

import (
	"sync"
	"testing"
)

func TestFreeListGivesBackWhatWasPut(t *testing.T) {
	var l freeList[int]
	x := l.get()
	*x = 7
	l.put(x)
	if y := l.get(); y != x {
		t.Error("did not return the one that was free")
	}
	if y := l.get(); y == x {
		t.Error("returned one that is in use")
	}
}

func TestFreeListNeverLendsTwice(t *testing.T) {
	var l freeList[int]
	var callers sync.WaitGroup
	for range 8 {
		callers.Go(func() {
			for range 2000 {
				x := l.get()
				*x++
				if *x != 1 {
					t.Error("two callers have the same")
				}
				*x--
				l.put(x)
			}
		})
	}
	callers.Wait()
}

func TestFreeListTakesAnyNumber(t *testing.T) {
	var l freeList[int]
	for range 2 * freeSlots {
		l.put(new(int))
	}
	seen := map[*int]bool{}
	for range 2 * freeSlots {
		seen[l.get()] = true
	}
	if len(seen) != 2*freeSlots {
		t.Errorf("%d different ones, want %d", len(seen), 2*freeSlots)
	}
}
