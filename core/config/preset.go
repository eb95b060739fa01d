package config

import (
	"embed"
	"time"
)

// Default is the configuration beneath all others, without modalities. The sizes are
// the published ones (Han et al., 2024, Table 6); what the table leaves out is AdamW
// with decay, warm-up and a cosine, clipped at norm 1.
func Default() *Config {
	return &Config{
		Preset:  PresetDefault,
		Plugins: Plugins{EncodeTimeout: 2 * time.Minute, ConfigureTimeout: 10 * time.Minute},
		Model: Model{
			Steps: 48, Width: 128, Heads: 8, TimeWidth: 64, TimeHeads: 8,
			Layers: 3, Hidden: 512, Dropout: 0.1, Missing: MissingIndicator, Pooling: PoolLast,
			Imputation: Imputation{Enabled: true, Kernel: 1, Gate: GrainFeature},
			Router: Router{
				Kind: RouterPerModality, Gate: GateLaplace, Unit: UnitStep,
				Experts: 16, TopK: 4, Hidden: 512, Balance: 0.01,
			},
		},
		Pretrain: Pretrain{Hide: 0.3},
		Train: Train{
			Seeds: []uint64{42}, Epochs: 8, Batch: 2, Accumulate: 16, EvalBatch: 8,
			LearningRate: 4e-4, WeightDecay: 0.01, Warmup: 0.1, Schedule: ScheduleCosine, Clip: 1,
			Stop: Stop{Metric: MetricAUROC}, ClassWeight: ClassWeightNone, Keep: 2,
		},
		Eval:   Eval{Resamples: 1000, Calibration: CalibrationNone},
		Run:    Run{Parallel: 1, Track: TrackNone},
		Device: "auto", Precision: PrecisionFloat32,
		Log: Log{Level: LevelInfo, Format: FormatConsole},
	}
}

// disjointTopK replaces the default of model.router.top_k for disjoint pools, which
// are too small for 4 (Table 6).
const disjointTopK = 2

// presetFiles are configs like a user's, one a preset that differs from Default.
//
//go:embed presets/*.yaml
var presetFiles embed.FS

// presetText is the YAML of a preset, nil where it is Default itself.
func presetText(p Preset) []byte {
	text, err := presetFiles.ReadFile("presets/" + string(p) + ".yaml")
	if err != nil {
		return nil // not a file of presets: the default, or a name refused elsewhere
	}
	return text
}
