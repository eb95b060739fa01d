package core_test

import (
	"maps"
	"math"
	"path/filepath"
	"strings"
	"testing"

	"github.com/fusemoe/fusemoe/core"
	"github.com/fusemoe/fusemoe/core/data"
)

// totals is a Progress that keeps how much work each stage has.
type totals map[string]int

func (t totals) Stage(name string, total int) core.Meter {
	t[name] = total
	return t
}
func (totals) Add(int)     {}
func (totals) Note(string) {}
func (totals) Done()       {}

// TestSamplesWithoutLabelArePretrainedOn and left out of training, to which they have
// nothing to say.
func TestSamplesWithoutLabelArePretrainedOn(t *testing.T) {
	d, c := ward(t, filepath.Join(t.TempDir(), "run"))
	labels, err := d.Labels("deteriorates")
	if err != nil {
		t.Fatal(err)
	}
	training := d.Rows(data.Train)
	for _, r := range training[:30] {
		labels[r] = float32(math.NaN())
	}
	c.Train.Seeds, c.Train.Epochs, c.Pretrain.Epochs = []uint64{1}, 2, 3
	got := totals{}
	if err := runConfig(t, d, c, t.TempDir(), 0, core.WithProgress(got)); err != nil {
		t.Fatal(err)
	}
	maps.DeleteFunc(got, func(name string, _ int) bool { return !strings.Contains(name, "train seed") })
	want := totals{"pretrain seed 1": 3 * len(training), "train seed 1": 2 * (len(training) - 30)}
	if !maps.Equal(got, want) {
		t.Errorf("stages %v, want %v", got, want)
	}
}
