package core

import (
	"fmt"

	"github.com/fusemoe/fusemoe/core/config"
	"github.com/fusemoe/fusemoe/core/data"
	"github.com/fusemoe/fusemoe/core/kernel"
	"github.com/fusemoe/fusemoe/core/model"
	"github.com/fusemoe/fusemoe/routing"
)

// network is the model's description in the manifest of a checkpoint: all that is
// needed to build it again.
type network struct {
	Config     model.Config     `json:"config"`
	Modalities []model.Modality `json:"modalities"`
	Tasks      []model.Task     `json:"tasks"`
	// Window and TimeUnit are the dataset's: a prediction on another scale of time
	// would be meaningless.
	Window   float64 `json:"window"`
	TimeUnit string  `json:"time_unit"`
	// EvalBatch is how many samples are predicted at a time.
	EvalBatch int `json:"eval_batch"`
}

// modelConfig translates the user's settings.
func modelConfig(c config.Model) model.Config {
	return model.Config{
		Steps: c.Steps, Width: c.Width, Heads: c.Heads, TimeWidth: c.TimeWidth, TimeHeads: c.TimeHeads,
		Layers: c.Layers, Hidden: c.Hidden, Dropout: c.Dropout, ModalityDropout: c.ModalityDropout,
		Missing: map[config.Missing]model.Missing{
			config.MissingIndicator: model.Indicator, config.MissingZero: model.Zeros, config.MissingMean: model.Means,
		}[c.Missing],
		Pooling: map[config.Pooling]kernel.Pooling{
			config.PoolLast: kernel.LastStep, config.PoolMean: kernel.MeanSteps, config.PoolAttention: kernel.AttentionSteps,
		}[c.Pooling],
		Imputation: model.Imputation{
			Enabled: c.Imputation.Enabled, Kernel: c.Imputation.Kernel,
			Gate: map[config.Grain]kernel.Level{
				config.GrainFeature: kernel.PerFeature, config.GrainStep: kernel.PerStep, config.GrainSample: kernel.PerSample,
			}[c.Imputation.Gate],
		},
		Router: routing.Config{
			Kind: routing.Kind(c.Router.Kind),
			Gate: map[config.Gate]kernel.Gate{
				config.GateSoftmax: kernel.Softmax, config.GateLaplace: kernel.Laplace, config.GateGaussian: kernel.Gaussian,
			}[c.Router.Gate],
			Unit: routing.Unit(c.Router.Unit), Experts: c.Router.Experts, TopK: c.Router.TopK,
			Hidden: c.Router.Hidden, Noise: c.Router.Noise,
		},
		Balance: c.Router.Balance, Entropy: c.Router.Entropy,
	}
}

// modelTasks describes the heads, with class weights and target scales from the
// training split.
func modelTasks(d *data.Dataset, names []string, weight config.ClassWeight) ([]model.Task, error) {
	var tasks []model.Task
	for _, name := range names {
		task, err := d.Task(name)
		if err != nil {
			return nil, fmt.Errorf("data.tasks: %w", err)
		}
		labels, err := d.Labels(name)
		if err != nil {
			return nil, fmt.Errorf("data.tasks: %w", err)
		}
		t := model.Task{Name: name, Kind: model.TaskKind(task.Kind.String()), Outputs: len(task.Columns)}
		if task.Kind == data.Multiclass {
			t.Outputs = len(task.Classes)
		}
		counts := labelStatistics(t, labels, d.Rows(data.Train))
		if task.Kind == data.Regression {
			t.Mean, t.Deviation = counts.meanDeviation()
		} else if weight == config.ClassWeightBalanced {
			t.Weight = counts.balanced(t)
		}
		tasks = append(tasks, t)
	}
	return tasks, nil
}
