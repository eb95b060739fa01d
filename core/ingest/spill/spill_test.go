package spill_test

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/fusemoe/fusemoe/core/ingest/spill"
)

func Example() {
	dir, _ := os.MkdirTemp("", "spill")
	defer os.RemoveAll(dir)
	s, err := spill.Create(filepath.Join(dir, "chart"), 2)
	if err != nil {
		panic(err)
	}
	_ = s.Add(spill.Measurement{Sample: 1, Second: 60, Channel: 0, Value: 80})
	_ = s.Add(spill.Measurement{Sample: 0, Second: 90, Channel: 2, Value: 37})
	_ = s.Add(spill.Measurement{Sample: 0, Second: 90, Channel: 1, Value: 120})
	_ = s.Rows(context.Background(), func(sample int, second int32, channels []uint16, values []float32) error {
		fmt.Println(sample, second, channels, values)
		return nil
	})
	fmt.Println(s.Close())
	// Output:
	// 0 90 [1 2] [120 37]
	// 1 60 [0] [80]
	// <nil>
}

// What comes back is what a stable sort in memory gives, and nothing stays on the disk.
func TestSameAsInMemory(t *testing.T) {
	dir := t.TempDir()
	rapid.Check(t, func(t *rapid.T) {
		samples := rapid.IntRange(1, 200).Draw(t, "samples")
		var list []spill.Measurement
		for i := range rapid.IntRange(0, 300).Draw(t, "measurements") {
			list = append(list, spill.Measurement{
				Sample: int32(rapid.IntRange(0, samples-1).Draw(t, "sample")), Second: int32(rapid.IntRange(0, 5).Draw(t, "second")),
				Channel: uint16(rapid.IntRange(0, 3).Draw(t, "channel")), Value: float32(i),
			})
		}
		s, err := spill.Create(filepath.Join(dir, "spill"), samples)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range list {
			if err := s.Add(m); err != nil {
				t.Fatal(err)
			}
		}
		var got []spill.Measurement
		err = s.Rows(context.Background(), func(sample int, second int32, channels []uint16, values []float32) error {
			for i, c := range channels {
				if i > 0 && c <= channels[i-1] {
					t.Fatal("channels are not ascending")
				}
				got = append(got, spill.Measurement{Sample: int32(sample), Second: second, Channel: c, Value: values[i]})
			}
			return nil
		})
		if err != nil || s.Len() != len(list) {
			t.Fatal(err, s.Len())
		}
		// Rows of one second come one after the other: sorting by channel undoes that.
		order := func(a, b spill.Measurement) int {
			return cmp.Or(cmp.Compare(a.Sample, b.Sample), cmp.Compare(a.Second, b.Second), cmp.Compare(a.Channel, b.Channel))
		}
		slices.SortStableFunc(list, order)
		if !slices.IsSortedFunc(got, func(a, b spill.Measurement) int {
			return cmp.Or(cmp.Compare(a.Sample, b.Sample), cmp.Compare(a.Second, b.Second))
		}) {
			t.Fatal("samples and times are not ascending")
		}
		slices.SortStableFunc(got, order)
		if !slices.Equal(list, got) {
			t.Fatalf("%v, want %v", got, list)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		if left, _ := os.ReadDir(dir); len(left) > 0 {
			t.Fatalf("left behind: %v", left)
		}
	})
}
