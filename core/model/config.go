package model

import (
	"fmt"

	"github.com/fusemoe/fusemoe/core/kernel"
	"github.com/fusemoe/fusemoe/routing"
)

// Config is the size and shape of the network. The published values are in Table 6
// of the paper.
type Config struct {
	// Steps is the number T of grid points that every modality is carried onto.
	Steps int
	// Width is the embedding width D, divided among Heads in self-attention.
	Width, Heads int
	// TimeWidth is the width of the time embedding, divided among TimeHeads in the
	// irregular-time attention.
	TimeWidth, TimeHeads int
	// Layers is the number of fusion layers, Hidden the width of their feed-forward
	// block.
	Layers, Hidden int
	// Dropout is the rate everywhere; ModalityDropout the chance that a present
	// modality is taken for missing in training.
	Dropout, ModalityDropout float64
	// Missing is what stands for a modality that a sample lacks.
	Missing    Missing
	Pooling    kernel.Pooling
	Imputation Imputation
	Router     routing.Config
	// Balance and Entropy are the coefficients of the auxiliary losses.
	Balance, Entropy float64
}

// Imputation is the regular-grid branch of measurement modalities (UTDE).
type Imputation struct {
	Enabled bool
	// Kernel is the number of taps of the causal convolution.
	Kernel int
	// Gate says how finely the branch is blended with the attention.
	Gate kernel.Level
}

// Modality is what the network must know about one modality: nothing else about it
// reaches the core.
type Modality struct {
	Name string
	// Width is the number D of values in a row of its sequences.
	Width int
	// Measurements says that the values are channels, each observed or not; otherwise
	// a row is one dense embedding.
	Measurements bool
	// Mean is the mean of each value in the training data, which the imputation branch
	// takes for what was never observed, and Means for a modality that is missing; nil
	// for zeros.
	Mean []float64
}

// TaskKind is the form of a prediction.
type TaskKind string

// The four forms of a prediction.
const (
	Binary     TaskKind = "binary"
	Multilabel TaskKind = "multilabel"
	Multiclass TaskKind = "multiclass"
	Regression TaskKind = "regression"
)

// Task is one prediction head.
type Task struct {
	Name string
	Kind TaskKind
	// Outputs is the number of logits: labels, classes or values; 1 for binary.
	Outputs int
	// Weight scales the loss of each positive label or class; nil means 1.
	Weight []float64
	// Mean and Deviation standardise the target of a regression; a zero Deviation
	// leaves it as it is.
	Mean, Deviation float64
}

// Columns is the number of label columns: one class index, or one for each output.
func (t Task) Columns() int {
	if t.Kind == Multiclass {
		return 1
	}
	return t.Outputs
}

func (c Config) validate(modalities []Modality, tasks []Task) error {
	switch {
	case len(modalities) == 0:
		return fmt.Errorf("model: no modalities")
	case len(tasks) == 0:
		return fmt.Errorf("model: no tasks")
	case c.Steps < 2:
		return fmt.Errorf("model: %d steps; the time grid needs at least 2", c.Steps)
	case c.Width < 1 || c.Heads < 1 || c.Width%c.Heads != 0:
		return fmt.Errorf("model: width %d is not divisible by %d heads", c.Width, c.Heads)
	case c.TimeWidth < 2 || c.TimeHeads < 1 || c.TimeWidth%c.TimeHeads != 0:
		return fmt.Errorf("model: time width %d is not divisible by %d heads", c.TimeWidth, c.TimeHeads)
	case c.Layers < 1 || c.Hidden < 1:
		return fmt.Errorf("model: layers and hidden width must be at least 1")
	}
	for _, m := range modalities {
		if m.Width < 1 {
			return fmt.Errorf("model: modality %s has no values", m.Name)
		}
	}
	return c.Router.Validate(len(modalities))
}
