// Package page sets the report of a run, or of several side by side, as one HTML file that needs no other.
//
//	task := page.NewTask(results, tested)
//	err := page.Write(file, []page.Run{{Dataset: dataset, Tasks: []page.Task{task}}})
//
// What a page says of a run is plain data, which report.json in the run folder keeps: the page can be set
// again without the dataset and the model.
package page

import (
	"encoding/json"
	"math"

	"github.com/fusemoe/fusemoe/core/eval"
)

// Run is what a page says of one run.
type Run struct {
	// Name is how the page calls the run, Version the fusemoe that wrote it.
	Name    string `json:"name"`
	Version string `json:"version"`
	// Settings is the whole config, as YAML; Changed are the settings that differ from the preset's.
	Settings string    `json:"settings"`
	Changed  []Setting `json:"changed"`

	Dataset    Dataset    `json:"dataset"`
	Modalities []Modality `json:"modalities"`
	Patterns   []Pattern  `json:"patterns"`
	Model      Model      `json:"model"`
	Trainings  []Training `json:"trainings"`
	Tasks      []Task     `json:"tasks"`
}

// Setting is one of a config.
type Setting struct {
	Key   string `json:"key"`
	Value string `json:"value"`
}

// Dataset is what a run was about.
type Dataset struct {
	Name     string  `json:"name"`
	Window   float64 `json:"window"`
	TimeUnit string  `json:"time_unit"`
	Splits   []Split `json:"splits"`
}

// Split is one part of a dataset.
type Split struct {
	Name     string  `json:"name"`
	Samples  int     `json:"samples"`
	Patients int     `json:"patients"`
	Labels   []Label `json:"labels"`
}

// Label is what is known of one label of a split: how many are positive, or mean and standard deviation of
// a regression's values.
type Label struct {
	Name      string `json:"name"`
	Known     int    `json:"known"`
	Positives int    `json:"positives"`
	Mean      Number `json:"mean"`
	Deviation Number `json:"deviation"`
}

// Modality is one input of the model.
type Modality struct {
	Name     string   `json:"name"`
	Plugin   string   `json:"plugin"`
	Source   string   `json:"source"`
	Kind     string   `json:"kind"`
	Width    int      `json:"width"`
	Features []string `json:"features,omitempty"`
	// Present is how many samples of each split have it, Length the median number of its vectors in those.
	Present []int `json:"present"`
	Length  int   `json:"length"`
}

// Pattern is a combination of modalities and how many samples of each split have just those.
type Pattern struct {
	Present []bool `json:"present"`
	Samples []int  `json:"samples"`
}

// Model is the network in a few words.
type Model struct {
	Router     string  `json:"router"`
	Gate       string  `json:"gate"`
	Unit       string  `json:"unit"`
	Experts    int     `json:"experts"`
	TopK       int     `json:"top_k"`
	Layers     int     `json:"layers"`
	Width      int     `json:"width"`
	Steps      int     `json:"steps"`
	Parameters int     `json:"parameters"`
	Balance    float64 `json:"balance"`
	Entropy    float64 `json:"entropy"`
}

// Training is one seed's.
type Training struct {
	Seed   uint64  `json:"seed"`
	Epochs []Epoch `json:"epochs"`
	// Pretraining are the epochs of what preceded it, if anything did.
	Pretraining []Epoch `json:"pretraining,omitempty"`
	// Experts is what the routers did with the test split.
	Experts eval.ExpertUseResult `json:"experts"`
}

// Epoch is a line of training.jsonl.
type Epoch struct {
	Epoch  int                `json:"epoch"`
	Losses map[string]float64 `json:"losses"`
	Score  Number             `json:"score"`
	Best   bool               `json:"best"`
	// Validation has the metrics of each task.
	Validation map[string]Figures `json:"val"`
	// Experts is what the routers did with the validation split; nil in runs of former versions.
	Experts *eval.ExpertUseResult `json:"experts,omitempty"`
}

// bestOf is the last epoch that was the best so far; 0 where there is none.
func bestOf(epochs []Epoch) (best int) {
	for _, e := range epochs {
		if e.Best {
			best = e.Epoch
		}
	}
	return best
}

// Number is a float64 that is null in JSON where it is no finite number.
type Number float64

// MarshalJSON writes a number or null.
func (n Number) MarshalJSON() ([]byte, error) {
	if math.IsNaN(float64(n)) || math.IsInf(float64(n), 0) {
		return []byte("null"), nil
	}
	return json.Marshal(float64(n))
}

// UnmarshalJSON reads what MarshalJSON wrote: null is NaN.
func (n *Number) UnmarshalJSON(text []byte) error {
	*n = Number(math.NaN())
	if string(text) == "null" {
		return nil
	}
	return json.Unmarshal(text, (*float64)(n))
}

// Figures are metrics by name; what else an object of metrics holds, such as intervals, is left out.
type Figures map[string]Number

// UnmarshalJSON reads the figures of eval.Metrics.
func (f *Figures) UnmarshalJSON(text []byte) error {
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(text, &fields); err != nil {
		return err
	}
	*f = Figures{}
	for name, field := range fields {
		var v Number
		if json.Unmarshal(field, &v) == nil {
			(*f)[name] = v
		}
	}
	return nil
}

// value is the figure of that name, NaN where there is none.
func (f Figures) value(name string) float64 {
	if v, ok := f[name]; ok {
		return float64(v)
	}
	return math.NaN()
}
