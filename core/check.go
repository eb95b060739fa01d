package core

import (
	"fmt"

	"github.com/fusemoe/fusemoe/core/config"
	"github.com/fusemoe/fusemoe/core/data"
	"github.com/fusemoe/fusemoe/core/model"
)

// checkDataset holds the config against the dataset: sources and splits.
func (rt *Runtime) checkDataset() error {
	for i, m := range rt.config.Modalities {
		if !hasSource(rt.dataset, sourceOf(m)) {
			return fmt.Errorf("modalities.%d.source: the dataset has no modality %q; it has %s",
				i, sourceOf(m), sourceNames(rt.dataset))
		}
	}
	for _, split := range []data.Split{data.Train, data.Val, data.Test} {
		if len(rt.dataset.Rows(split)) == 0 {
			return fmt.Errorf("the dataset has no sample in split %s; training needs train, val and test", split)
		}
	}
	return nil
}

// checkJudging makes sure that every epoch can be judged on the validation split by the
// metric that the user chose: else no epoch would be the best.
func (rt *Runtime) checkJudging() error {
	metric := rt.config.Train.Stop.Metric
	for _, t := range rt.network.Tasks {
		labels, err := rt.dataset.Labels(t.Name)
		if err != nil {
			return fmt.Errorf("data.tasks: %w", err)
		}
		counts := labelStatistics(t, labels, rt.dataset.Rows(data.Val))
		switch {
		case total(counts.known) == 0:
			return fmt.Errorf("no label of task %s is known in split val, on which training is judged; "+
				"add labels, or leave the task out of data.tasks", t.Name)
		case t.Kind != model.Regression && metric != config.MetricLoss && !counts.varied(t):
			return fmt.Errorf("train.stop.metric: there is no %s of task %s on split val, which has one class only; "+
				"move samples between the splits, or set the metric to %s", metric, t.Name, config.MetricLoss)
		}
	}
	return nil
}
