// Package config turns a run's settings, from wherever they come, into one typed
// and checked Config.
//
// Later layers win: defaults, the preset, the file, FUSEMOE_* environment
// variables, flags and --set key=value. The common call:
//
//	cfg, err := config.Load(config.Sources{File: "run.yaml", Environ: os.Environ()})
//
// Loading is strict. An unknown key, a wrong type or an impossible combination is a
// Problem with the key's path, where the value came from and the nearest valid name;
// an *Error lists them all. Relative paths are relative to the working directory,
// whichever file they stand in.
//
// A file may begin with "extends: other.yaml", a path relative to the file itself: it then
// says only what it changes. A list, such as modalities, replaces the other's whole list.
package config

import "time"

// Config is everything a run needs to know. Its YAML names are its keys.
type Config struct {
	// Preset names the table of model and training settings beneath the file.
	Preset Preset `yaml:"preset"`
	// Data says which dataset and which of its tasks.
	Data Data `yaml:"data"`
	// Modalities has one entry a modality, in the order of the model's inputs.
	Modalities []Modality `yaml:"modalities"`
	// Plugins says where plugins are looked for and how long they may take.
	Plugins Plugins `yaml:"plugins"`
	// Model has the sizes and choices of the network.
	Model Model `yaml:"model"`
	// Pretrain has the settings of the pretraining that may come before training.
	Pretrain Pretrain `yaml:"pretrain"`
	// Train has the settings of training.
	Train Train `yaml:"train"`
	// Eval has the settings of evaluation.
	Eval Eval `yaml:"eval"`
	// Run says what becomes of several seeds.
	Run Run `yaml:"run"`
	// Device is where the network computes: auto, cpu, or cuda:N for one GPU. Auto is the
	// first GPU where this program can use one, and the processor otherwise.
	Device string `yaml:"device"`
	// Precision is that of the factors of matrix products on a GPU; sums are float32.
	Precision Precision `yaml:"precision"`
	// Out is the run folder; empty means runs/<dataset>-<date>-<time>.
	Out string `yaml:"out"`
	// Log says what is logged and how.
	Log Log `yaml:"log"`

	origins map[string]Origin
}

// Data says which dataset and which of its tasks.
type Data struct {
	// Path is the folder with dataset.yaml; empty means the embedded example.
	Path string `yaml:"path"`
	// Tasks names what is learned; empty means the dataset's first task.
	Tasks []string `yaml:"tasks"`
	// Splits are Parquet or CSV files with the columns sample and split, in place of the
	// dataset's own splits; the run is repeated for each of several.
	Splits []string `yaml:"splits"`
	// Folds repeats the run for so many folds by patient, each of them once the test
	// split, in place of the dataset's own splits; 0 means none.
	Folds int `yaml:"folds"`
}

// Modality is one input of the model: a plugin, its settings and what it reads.
type Modality struct {
	// Name is unique in the run: letters, digits, "_" and "-".
	Name string `yaml:"name"`
	// Plugin is the name of a plugin, or a path to one when it has a slash.
	Plugin string `yaml:"plugin"`
	// Source is the dataset's item source that the plugin reads; by default Name.
	Source string `yaml:"source"`
	// Config is the plugin's own and checked by it.
	Config map[string]any `yaml:"config"`
	// Device is where the plugin computes; plugins see no GPU unless given one.
	Device string `yaml:"device"`
	// Env names environment variables that the plugin may see besides PATH, HOME,
	// TMPDIR and LANG.
	Env []string `yaml:"env"`
	// Sandbox leaves the plugin its own files, what Read lists, and nothing else: no
	// file of another patient, no network. It needs Linux 6.7.
	Sandbox bool `yaml:"sandbox"`
	// Read are the files and folders that a plugin in a sandbox may read besides its
	// own: its model, say.
	Read []string `yaml:"read"`
	// OnError says what becomes of samples that the plugin cannot encode, or does not
	// survive; by default they stop the run.
	OnError OnError `yaml:"on_error"`
	// Replicas is how many processes of the plugin encode in parallel; by default 1. It
	// changes no result.
	Replicas int `yaml:"replicas"`
}

// Plugins says where plugins are looked for and how long they may take.
type Plugins struct {
	// Dir is searched for plugins that are given by name; empty means the folder of
	// the fusemoe binary.
	Dir string `yaml:"dir"`
	// EncodeTimeout is how long a plugin may take for one batch of samples.
	EncodeTimeout time.Duration `yaml:"encode_timeout"`
	// ConfigureTimeout is how long a plugin may take to load what it needs.
	ConfigureTimeout time.Duration `yaml:"configure_timeout"`
}

// Model has the sizes and choices of the network. M is the number of modalities,
// T of Steps, D of Width.
type Model struct {
	// Steps is T, the number of points of the regular time grid over the window.
	Steps int `yaml:"steps"`
	// Width is D, the length of a modality's vector at a step; a multiple of Heads.
	Width int `yaml:"width"`
	// Heads is the number of heads of the self-attention over steps.
	Heads int `yaml:"heads"`
	// TimeWidth is the length of the time embedding: 1 linear and the rest sine
	// features; a multiple of TimeHeads.
	TimeWidth int `yaml:"time_width"`
	// TimeHeads is the number of heads of the irregular-time attention.
	TimeHeads int `yaml:"time_heads"`
	// Layers is the number of fusion layers.
	Layers int `yaml:"layers"`
	// Hidden is the inner width of the feed-forward block of a fusion layer.
	Hidden int `yaml:"hidden"`
	// Dropout is the share of activations dropped in training, in [0, 1).
	Dropout float64 `yaml:"dropout"`
	// ModalityDropout is the chance, in [0, 1), that training hides a modality that a
	// sample has; one always remains.
	ModalityDropout float64 `yaml:"modality_dropout"`
	// Missing is what stands for a modality that a sample lacks, in training and in
	// prediction. To fill in zeros or means is there to compare with.
	Missing Missing `yaml:"missing"`
	// Pooling makes one vector of a modality's T steps for the head.
	Pooling Pooling `yaml:"pooling"`
	// Imputation is the regular-grid branch of measurements (UTDE).
	Imputation Imputation `yaml:"imputation"`
	// Router is the mixture of experts of each fusion layer.
	Router Router `yaml:"router"`
}

// Imputation is the branch that fills the grid with the last observed values and is
// blended with the irregular-time attention by a learned gate.
type Imputation struct {
	// Enabled turns the branch on for modalities that are measurements.
	Enabled bool `yaml:"enabled"`
	// Kernel is the number of steps that the causal convolution sees, at least 1.
	Kernel int `yaml:"kernel"`
	// Gate says how fine the blend is: one value a step and feature, a step, or a
	// sample.
	Gate Grain `yaml:"gate"`
}

// Router is the mixture of experts that mixes modalities.
type Router struct {
	// Kind says who shares a router and a pool of experts.
	Kind RouterKind `yaml:"kind"`
	// Gate scores the experts.
	Gate Gate `yaml:"gate"`
	// Unit is what is routed on its own: a time step, or a sample with all its steps.
	Unit Unit `yaml:"unit"`
	// Experts is the number of experts in a layer; disjoint routers divide them among
	// the modalities.
	Experts int `yaml:"experts"`
	// TopK is how many experts each unit goes to; by default 4, of disjoint pools 2.
	TopK int `yaml:"top_k"`
	// Hidden is the inner width of an expert.
	Hidden int `yaml:"hidden"`
	// Noise adds Shazeer's learned noise to the scores, in training only.
	Noise bool `yaml:"noise"`
	// Balance weighs the importance loss and, where there is noise, the load loss
	// (squared coefficients of variation) of every gate; 0 leaves them out. Over an
	// accumulated step each batch is balanced together with those before it.
	Balance float64 `yaml:"balance"`
	// Entropy weighs the paper's entropy loss (NeurIPS 2024, eq. 3), which only per-modality
	// routers have; 0 leaves it out. The paper gives no value.
	Entropy float64 `yaml:"entropy"`
}

// Pretrain has the settings of a pretraining without labels: part of what was observed of
// the training split's samples, those without any label too, is hidden, and the network
// learns to fill it in. All else is as in training.
type Pretrain struct {
	// Epochs is the number of passes over the training split; 0 means no pretraining. The
	// weights of the epoch that best fills in the validation split are kept.
	Epochs int `yaml:"epochs"`
	// Hide is the share, in (0, 1), of what was observed that is hidden: of one channel, or
	// one embedding, within a time step.
	Hide float64 `yaml:"hide"`
}

// Train has the settings of training.
type Train struct {
	// Seeds has one entry a training; results are reported as mean and deviation.
	Seeds []uint64 `yaml:"seeds"`
	// Epochs is the largest number of passes over the training split.
	Epochs int `yaml:"epochs"`
	// Batch is the number of samples in one pass through the network.
	Batch int `yaml:"batch"`
	// Accumulate is the number of batches whose gradients make one step.
	Accumulate int `yaml:"accumulate"`
	// EvalBatch is the number of samples in one pass without gradients; it changes
	// the speed and no result.
	EvalBatch int `yaml:"eval_batch"`
	// LearningRate is AdamW's, at its highest.
	LearningRate float64 `yaml:"learning_rate"`
	// WeightDecay is AdamW's, applied to matrices, decoupled from the gradient.
	WeightDecay float64 `yaml:"weight_decay"`
	// Warmup is the share of all steps, in [0, 1), over which the rate rises from 0.
	Warmup float64 `yaml:"warmup"`
	// Schedule is what the learning rate does after the warm-up.
	Schedule Schedule `yaml:"schedule"`
	// Clip is the largest norm of the whole gradient; 0 means no limit.
	Clip float64 `yaml:"clip"`
	// Stop chooses the best epoch and ends training early.
	Stop Stop `yaml:"stop"`
	// ClassWeight says how classes of unequal size count in the loss.
	ClassWeight ClassWeight `yaml:"class_weight"`
	// Average is the decay, in [0, 1), of an exponential moving average of the
	// weights that is evaluated in their place; 0 means none.
	Average float64 `yaml:"average"`
	// Keep is how many of the last epochs a resumed run can go back to, should the disk have
	// damaged the last of them; at least 1. The best epoch is kept besides.
	Keep int `yaml:"keep"`
	// Threads is how many cores compute; 0 means all. It changes no result.
	Threads int `yaml:"threads"`
}

// Stop chooses the best epoch and ends training early.
type Stop struct {
	// Metric of the validation split says which epoch is best; a regression task
	// always goes by its error. Of several tasks the mean counts.
	Metric Metric `yaml:"metric"`
	// Patience is how many epochs without a better one end the training; 0 means
	// none do.
	Patience int `yaml:"patience"`
}

// Eval has the settings of evaluation.
type Eval struct {
	// Resamples is the number of bootstrap resamples, of patients, behind each 95 %
	// interval; 0 means no intervals.
	Resamples int `yaml:"resamples"`
	// Calibration is fitted on the validation split once training has ended, and
	// applied to every probability from then on, those of predict too.
	Calibration Calibration `yaml:"calibration"`
	// Subgroups are parts of the test samples that the report looks at on their own.
	Subgroups []Subgroup `yaml:"subgroups"`
}

// Subgroup divides samples by what was first recorded of them.
type Subgroup struct {
	// Name is the report's for it; by default the column's.
	Name string `yaml:"name"`
	// Source is one of the dataset's modalities, of kind rows.
	Source string `yaml:"source"`
	// Columns are one column, whose values make the parts, or several, each of which is
	// a part: the samples in which it is 1.
	Columns []string `yaml:"columns"`
	// Cuts part the values of one column, each belonging to the part above it; by default
	// a column with many values is parted into thirds.
	Cuts []float64 `yaml:"cuts"`
}

// Run says what becomes of several seeds.
type Run struct {
	// Ensemble also reports the mean of the seeds' probabilities, or values, which predict
	// then gives; a run of one seed has none.
	Ensemble bool `yaml:"ensemble"`
	// Parallel is how many seeds are trained side by side; they share the cores, and each
	// needs memory of its own. It changes no result.
	Parallel int `yaml:"parallel"`
	// Track also writes what every epoch comes to in the format of an experiment tracker.
	Track Track `yaml:"track"`
}

// Log says what is logged and how.
type Log struct {
	// Level is the least severe level that is shown.
	Level Level `yaml:"level"`
	// Format is for people or for machines.
	Format Format `yaml:"format"`
}
