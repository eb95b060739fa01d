package op

import (
	"testing"

	"pgregory.net/rapid"
)

// Whoever uses a buffer finds in it what was written, whatever others take and release
// meanwhile.
func TestNobodyElseWritesToABufferInUse(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		type use struct {
			buffer *buffer[float64]
			mark   float64
		}
		var b buffers[float64]
		var uses []use
		for i := range rapid.IntRange(1, 40).Draw(t, "steps") {
			switch rapid.IntRange(0, 2).Draw(t, "what") {
			case 0:
				x := b.take(rapid.IntRange(1, 4).Draw(t, "size"))
				for j := range x.values {
					x.values[j] = float64(i)
				}
				uses = append(uses, use{x, float64(i)})
			case 1:
				if len(uses) > 0 {
					u := uses[rapid.IntRange(0, len(uses)-1).Draw(t, "retained")]
					uses = append(uses, use{u.buffer.retain(), u.mark})
				}
			case 2:
				if len(uses) > 0 {
					j := rapid.IntRange(0, len(uses)-1).Draw(t, "released")
					b.release(uses[j].buffer)
					uses = append(uses[:j], uses[j+1:]...)
				}
			}
			for _, u := range uses {
				for _, v := range u.buffer.values {
					if v != u.mark {
						t.Fatalf("a buffer in use has %v, written was %v", v, u.mark)
					}
				}
			}
		}
	})
}

func TestBuffersAreUsedAgain(t *testing.T) {
	var b buffers[float64]
	small, large := b.take(3), b.take(10)
	b.release(large)
	b.release(small)
	if got := b.take(2); got != small {
		t.Error("2 values do not get the smallest that holds them")
	}
	if got := b.take(4); got != large {
		t.Error("4 values do not get the one that is left")
	}
	if len(b.free) != 0 {
		t.Errorf("%d are free, none should be", len(b.free))
	}
}
