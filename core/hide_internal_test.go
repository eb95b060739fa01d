package core

import (
	"fmt"
	"testing"

	"github.com/fusemoe/fusemoe/core/data"
)

// TestHalfIsHidden counts what is taken from samples that have four modalities, or one.
func TestHalfIsHidden(t *testing.T) {
	const samples = 1000
	var ids []string
	all := make([]data.Encoded, 4)
	for m := range all {
		all[m].Name = string(rune('a' + m))
	}
	for row := range samples {
		ids = append(ids, fmt.Sprint("sample ", row))
		for m := range all {
			s := data.Sequence{Times: []float64{1}}
			if row%2 == 1 && m > 0 {
				s = data.Sequence{}
			}
			all[m].Sequences = append(all[m].Sequences, s)
		}
	}
	hidden := hideAtRandom(ids, all, 0.5)
	count := map[string]int{}
	for row := range ids {
		n := 0
		for _, e := range all {
			if hidden(row, e.Name) {
				count[e.Name]++
				n++
			}
		}
		if want := 2 - row%2; n != want {
			t.Fatalf("sample %d of %d modalities lacks %d, want %d", row, 4-row%2*3, n, want)
		}
	}
	// Of those that have four each loses half, give or take four deviations of a fair coin.
	for _, name := range []string{"b", "c", "d"} {
		if n := count[name]; n < samples/4-45 || n > samples/4+45 {
			t.Errorf("%s is hidden from %d of %d", name, n, samples/2)
		}
	}
	// The model next to it lists them in another order, and lacks the same.
	all[0], all[3] = all[3], all[0]
	again := hideAtRandom(ids, all, 0.5)
	for row := range ids {
		for _, e := range all {
			if hidden(row, e.Name) != again(row, e.Name) {
				t.Fatalf("%s of sample %d is hidden from one only", e.Name, row)
			}
		}
	}
}
