package train

import (
	"context"
	"errors"

	"github.com/fusemoe/fusemoe/core/kernel"
	"github.com/fusemoe/fusemoe/core/model"
	"github.com/fusemoe/fusemoe/core/op"
)

// Options are the settings of one training.
type Options struct {
	Seed   uint64
	Epochs int
	// Batch is the number of samples of one pass through the network; the gradients of
	// Accumulate passes make one optimizer step.
	Batch, Accumulate int
	// LearningRate is the highest one, WeightDecay AdamW's decoupled decay.
	LearningRate, WeightDecay float64
	// Warmup is the share of all steps over which the rate rises from 0; Cosine lets
	// it fall back to 0 afterwards.
	Warmup float64
	Cosine bool
	// Clip is the largest norm of the whole gradient; 0 means no limit.
	Clip float64
	// Average is the decay of an exponential moving average of the weights, which is
	// scored in their place; 0 means none.
	Average float64
	// Patience is how many epochs without a better score end the training; 0 means
	// that none do.
	Patience int
}

// Network is what learns: a model, or its pretraining.
type Network interface {
	// Parameters are in a fixed order, each with a unique name.
	Parameters() []*op.Parameter[float32]
	// Train runs a batch forward and backward and adds the gradients, scaled by
	// step.Weight, to those of the parameters.
	Train(pool *kernel.Pool, b model.Batch[float32], step op.Step) (model.Losses, error)
	// EndStep tells that the optimizer has used the gradients.
	EndStep()
}

// Task is what is trained on what.
type Task struct {
	Model Network
	Pool  *kernel.Pool
	// Device is where the model is and trained; nil means the processor.
	Device op.Device[float32]
	// Rows are the samples of the training split.
	Rows []int
	// Batch assembles samples; its result is read before the next call.
	Batch func(rows []int) model.Batch[float32]
	// Score judges the model's current weights on the validation split; higher is
	// better. Its details go to Epoch unread.
	Score func(ctx context.Context) (score float64, details any, err error)
	// Stepped is told of every optimizer step, Epoch of every scored epoch. Best is
	// called while the best weights so far are in the model. All may be nil.
	Stepped func(StepReport)
	Epoch   func(EpochReport) error
	Best    func(EpochReport) error
	// Saved is given a snapshot after every epoch, From is the one to go on from; nil
	// starts anew.
	Saved func(Snapshot) error
	From  *Snapshot
}

// StepReport is one optimizer step.
type StepReport struct {
	Epoch, Step, Steps int
	// Samples is how many samples the step saw.
	Samples int
	Rate    float64
	// GradientNorm is taken before clipping.
	GradientNorm float64
	Losses       model.Losses
}

// EpochReport is one scored epoch.
type EpochReport struct {
	Epoch, Step int
	// Losses are the means over the epoch.
	Losses  model.Losses
	Score   float64
	Best    bool
	Details any
}

// Result is what a training came to. The model holds the weights of the best epoch.
type Result struct {
	Best   EpochReport
	Epochs int
	// Stopped says that patience ended the training before its last epoch.
	Stopped bool
}

// ErrDiverged says that the loss is no longer a number.
var ErrDiverged = errors.New("the loss is not finite; lower train.learning_rate or set train.clip")
