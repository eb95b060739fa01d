package core

import (
	"errors"
	"fmt"
	"slices"

	"github.com/fusemoe/fusemoe/core/config"
	"github.com/fusemoe/fusemoe/core/data"
)

// needs is all that a training depends on and that may have changed while it lay still:
// the settings, the samples and their labels, and what the plugins made of them.
type needs struct {
	Settings []config.Setting `json:"settings"`
	Dataset  data.Identity    `json:"dataset"`
	// Modalities are in the order of the model's inputs.
	Modalities []encodedNeed `json:"modalities"`
}

type encodedNeed struct {
	Name string `json:"name"`
	// Encoded is a hash of every sample's sequence.
	Encoded string `json:"encoded"`
}

// describeNeeds says what a training of the runtime depends on now. Prepare must have run.
func (rt *Runtime) describeNeeds() (n needs, err error) {
	if n.Settings, err = rt.config.Training(); err != nil {
		return n, err
	}
	if n.Dataset, err = rt.dataset.Identity(rt.network.taskNames()); err != nil {
		return n, err
	}
	for _, e := range rt.encoded {
		n.Modalities = append(n.Modalities, encodedNeed{e.Name, e.Fingerprint()})
	}
	return n, nil
}

const adviceNew = "start a new run"

var errChanged = errors.New("changed since the run was interrupted")

// same says what is not as it was, the first thing that a user would have changed.
func (n needs) same(now needs) error {
	changed := func(what string) error {
		return fmt.Errorf("%s %w: put back what was there, or %s", what, errChanged, adviceNew)
	}
	for i, s := range now.Settings {
		if i >= len(n.Settings) || n.Settings[i].Key != s.Key {
			return changed("the settings of the training")
		}
		if then := n.Settings[i].Value; then != s.Value {
			return changed(fmt.Sprintf("%s in config.yaml, from %s to %s,", s.Key, then, s.Value))
		}
	}
	switch {
	case n.Dataset.Samples != now.Dataset.Samples:
		return changed("the samples of the dataset, or their patients,")
	case n.Dataset.Splits != now.Dataset.Splits:
		return changed("the splits of the dataset")
	case len(n.Dataset.Labels) != len(now.Dataset.Labels):
		return changed("data.tasks in config.yaml")
	}
	for task, hash := range now.Dataset.Labels {
		if n.Dataset.Labels[task] != hash {
			return changed("the labels of task " + task)
		}
	}
	if !slices.EqualFunc(n.Modalities, now.Modalities, func(a, b encodedNeed) bool { return a.Name == b.Name }) {
		return changed("the list of modalities in config.yaml")
	}
	for i, m := range now.Modalities {
		if n.Modalities[i].Encoded != m.Encoded {
			return changed("the data of modality " + m.Name + ", or its plugin or the plugin's config,")
		}
	}
	return nil
}
