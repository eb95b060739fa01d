package config

// Preset names a table of model and training settings.
type Preset string

// The presets.
const (
	// PresetDefault has the published sizes with a modern training recipe.
	PresetDefault Preset = "default"
	// PresetPaper has the published training recipe too (Han et al., 2024, Table 6).
	PresetPaper Preset = "paper"
	// PresetSmall has sizes for a few CPU cores.
	PresetSmall Preset = "small"
)

// Values lists the presets.
func (Preset) Values() []string { return names(PresetDefault, PresetPaper, PresetSmall) }

// Pooling makes one vector of a modality's steps.
type Pooling string

// The poolings.
const (
	PoolLast      Pooling = "last"
	PoolMean      Pooling = "mean"
	PoolAttention Pooling = "attention"
)

// Values lists the poolings.
func (Pooling) Values() []string { return names(PoolLast, PoolMean, PoolAttention) }

// Missing is what stands for a modality that a sample lacks.
type Missing string

// The fillings.
const (
	// MissingIndicator is a learned sequence, one a modality.
	MissingIndicator Missing = "indicator"
	// MissingZero is one row of zeros, as if it had been recorded.
	MissingZero Missing = "zero"
	// MissingMean is one row of the training split's means.
	MissingMean Missing = "mean"
)

// Values lists the fillings.
func (Missing) Values() []string { return names(MissingIndicator, MissingZero, MissingMean) }

// Grain is how fine the imputation gate is.
type Grain string

// The grains, the finest first.
const (
	GrainFeature Grain = "feature"
	GrainStep    Grain = "step"
	GrainSample  Grain = "sample"
)

// Values lists the grains.
func (Grain) Values() []string { return names(GrainFeature, GrainStep, GrainSample) }

// RouterKind says who shares a router and a pool of experts.
type RouterKind string

// The routers.
const (
	// RouterPerModality has a router for each modality and one pool for all.
	RouterPerModality RouterKind = "per_modality"
	// RouterJoint has one router on the modalities side by side.
	RouterJoint RouterKind = "joint"
	// RouterDisjoint has a router and a pool for each modality.
	RouterDisjoint RouterKind = "disjoint"
)

// Values lists the routers.
func (RouterKind) Values() []string { return names(RouterPerModality, RouterJoint, RouterDisjoint) }

// Gate scores the experts for a vector x.
type Gate string

// The gates.
const (
	GateLaplace  Gate = "laplace"  // -‖x-W‖
	GateSoftmax  Gate = "softmax"  // x·W + β
	GateGaussian Gate = "gaussian" // -‖x-W‖²
)

// Values lists the gates.
func (Gate) Values() []string { return names(GateLaplace, GateSoftmax, GateGaussian) }

// Unit is what is routed on its own.
type Unit string

// The routing units.
const (
	UnitStep   Unit = "step"
	UnitSample Unit = "sample"
)

// Values lists the routing units.
func (Unit) Values() []string { return names(UnitStep, UnitSample) }

// Schedule is what the learning rate does after the warm-up.
type Schedule string

// The schedules.
const (
	ScheduleCosine   Schedule = "cosine"
	ScheduleConstant Schedule = "constant"
)

// Values lists the schedules.
func (Schedule) Values() []string { return names(ScheduleCosine, ScheduleConstant) }

// Metric compares epochs on the validation split.
type Metric string

// The metrics.
const (
	MetricAUROC Metric = "auroc"
	MetricAUPRC Metric = "auprc"
	MetricLoss  Metric = "loss"
)

// Values lists the metrics.
func (Metric) Values() []string { return names(MetricAUROC, MetricAUPRC, MetricLoss) }

// ClassWeight says how classes of unequal size count in the loss.
type ClassWeight string

// The class weights.
const (
	ClassWeightNone     ClassWeight = "none"
	ClassWeightBalanced ClassWeight = "balanced"
)

// Values lists the class weights.
func (ClassWeight) Values() []string { return names(ClassWeightNone, ClassWeightBalanced) }

// Calibration is how scores become probabilities that can be taken at their word.
type Calibration string

// The calibrations.
const (
	CalibrationNone        Calibration = "none"
	CalibrationTemperature Calibration = "temperature" // one number divides the logits
	CalibrationIsotonic    Calibration = "isotonic"    // a non-decreasing function
)

// Values lists the calibrations.
func (Calibration) Values() []string {
	return names(CalibrationNone, CalibrationTemperature, CalibrationIsotonic)
}

// Track is an experiment tracker whose format the figures of a run are also written in.
type Track string

// The trackers.
const (
	TrackNone        Track = "none"
	TrackTensorBoard Track = "tensorboard" // an event file beside the log of each training
	TrackMLflow      Track = "mlflow"      // a file store beside the run folder
)

// Values lists the trackers.
func (Track) Values() []string { return names(TrackNone, TrackTensorBoard, TrackMLflow) }

// OnError is what becomes of samples that a plugin cannot encode.
type OnError string

// The ways to go on.
const (
	// OnErrorStop ends the run with an error that names the sample's place.
	OnErrorStop OnError = "stop"
	// OnErrorSkip takes the modality for missing in the sample, and says how many.
	OnErrorSkip OnError = "skip"
)

// Values lists the ways to go on.
func (OnError) Values() []string { return names(OnErrorStop, OnErrorSkip) }

// Precision is that of the factors of matrix products on a GPU.
type Precision string

// The precisions.
const (
	PrecisionFloat32 Precision = "float32"
	// PrecisionTF32 has 10 bits of mantissa.
	PrecisionTF32 Precision = "tf32"
	// PrecisionBF16 has 7.
	PrecisionBF16 Precision = "bf16"
)

// Values lists the precisions.
func (Precision) Values() []string { return names(PrecisionFloat32, PrecisionTF32, PrecisionBF16) }

// Level is the severity of a log line.
type Level string

// The levels.
const (
	LevelDebug Level = "debug"
	LevelInfo  Level = "info"
	LevelWarn  Level = "warn"
	LevelError Level = "error"
)

// Values lists the levels.
func (Level) Values() []string { return names(LevelDebug, LevelInfo, LevelWarn, LevelError) }

// Format is how log lines look.
type Format string

// The formats.
const (
	FormatConsole Format = "console"
	FormatJSON    Format = "json"
)

// Values lists the formats.
func (Format) Values() []string { return names(FormatConsole, FormatJSON) }

func names[S ~string](values ...S) []string {
	out := make([]string, len(values))
	for i, v := range values {
		out[i] = string(v)
	}
	return out
}
