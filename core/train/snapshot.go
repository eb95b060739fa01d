package train

import (
	"fmt"
	"math"
)

// Snapshot is a training between two epochs: all that the rest of it depends on. A
// training that goes on from it ends with the same bits as an undisturbed one.
type Snapshot struct {
	// Epoch and Step are those that are done, Pass the runs of the network so far,
	// which the random numbers of the next ones continue from.
	Epoch int    `json:"epoch"`
	Step  int    `json:"step"`
	Pass  uint64 `json:"pass"`
	// Updates counts those of the averaged weights.
	Updates int `json:"updates"`
	// BestEpoch and BestStep are when the score was best; BestScore is nil where it
	// never was a number.
	BestEpoch int      `json:"best_epoch"`
	BestStep  int      `json:"best_step"`
	BestScore *float64 `json:"best_score"`
	// Arrays has the weights, the optimizer's moments, the averaged and the best
	// weights, each under its kind and the parameter's name.
	Arrays []Array `json:"-"`
}

// Array is one named array of a snapshot. Its data is the training's own: it is to be
// used before the training goes on.
type Array struct {
	Name  string
	Shape []int
	Data  []float32
}

// arrays names everything that a training changes.
func (t *trainer) arrays() []Array {
	var all []Array
	for i, p := range t.Model.Parameters() {
		add := func(kind string, data []float32) {
			all = append(all, Array{Name: kind + "/" + p.Name, Shape: p.Shape, Data: data})
		}
		add("weights", p.Value)
		add("first", t.optimizer.first[i])
		add("second", t.optimizer.second[i])
		add("best", t.best[i])
		if t.average != nil {
			add("average", t.average.mean[i])
		}
	}
	return all
}

// snapshot describes the training after a judged epoch.
func (t *trainer) snapshot(r Result) Snapshot {
	s := Snapshot{
		Epoch: r.Epochs, Step: t.step, Pass: t.pass,
		BestEpoch: r.Best.Epoch, BestStep: r.Best.Step, Arrays: t.arrays(),
	}
	if !math.IsInf(r.Best.Score, -1) {
		s.BestScore = &r.Best.Score
	}
	if t.average != nil {
		s.Updates = t.average.updates
	}
	return s
}

// resume puts the training where the snapshot was taken.
func (t *trainer) resume(s *Snapshot) (Result, error) {
	kept := make(map[string][]float32, len(s.Arrays))
	for _, a := range s.Arrays {
		kept[a.Name] = a.Data
	}
	t.best = weights(nil).keep(t.Model.Parameters())
	for _, a := range t.arrays() {
		data, ok := kept[a.Name]
		if !ok || len(data) != len(a.Data) {
			return Result{}, fmt.Errorf("the snapshot does not fit this model: %s is missing or of another size", a.Name)
		}
		copy(a.Data, data)
	}
	t.step, t.pass, t.optimizer.step = s.Step, s.Pass, s.Step
	if t.average != nil {
		t.average.updates = s.Updates
	}
	r := Result{Epochs: s.Epoch, Best: EpochReport{Epoch: s.BestEpoch, Step: s.BestStep, Score: math.Inf(-1), Best: true}}
	if s.BestScore != nil {
		r.Best.Score = *s.BestScore
	}
	return r, nil
}
