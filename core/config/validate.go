package config

import (
	"fmt"
	"math"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"time"
)

// Validate checks values and their combinations; a Config from Load has passed. What
// is wrong is in an *Error, all of it.
func (c *Config) Validate() error { return errorOf(c.problems()) }

func (c *Config) problems() []Problem {
	k := &checker{cfg: c}
	k.choices(configSchema(), "", reflect.ValueOf(c).Elem())
	k.modalities()
	k.plugins()
	k.model()
	k.router()
	k.pretrain()
	k.train()
	k.unique("data.tasks", c.Data.Tasks)
	k.splits()
	k.eval()
	atLeast(k, "run.parallel", c.Run.Parallel, 1)
	k.device()
	return k.found
}

var gpuName = regexp.MustCompile(`^cuda:\d{1,3}$`)

func (k *checker) device() {
	d := k.cfg.Device
	if d != "auto" && d != "cpu" && !gpuName.MatchString(d) {
		k.refuse("device", "want auto, cpu, or a GPU such as cuda:0, not %q", d)
	}
}

func (k *checker) eval() {
	atLeast(k, "eval.resamples", k.cfg.Eval.Resamples, 0)
	for i, g := range k.cfg.Eval.Subgroups {
		path := fmt.Sprintf("eval.subgroups.%d", i)
		if g.Source == "" {
			k.refuseIn(path, "source", "has no source; name one of the dataset's modalities of kind rows")
		}
		if len(g.Columns) == 0 {
			k.refuseIn(path, "columns", "has no columns; name one, or several that are 0 or 1")
		}
		k.unique(path+".columns", g.Columns)
		switch {
		case len(g.Cuts) > 0 && len(g.Columns) > 1:
			k.refuse(path+".cuts", "cuts part the values of one column, but there are %d; leave one", len(g.Columns))
		case !slices.IsSorted(g.Cuts) || len(slices.Compact(slices.Clone(g.Cuts))) < len(g.Cuts):
			k.refuse(path+".cuts", "want ascending numbers, not %v", g.Cuts)
		}
	}
}

func (k *checker) splits() {
	d := &k.cfg.Data
	k.unique("data.splits", d.Splits)
	switch {
	case d.Folds < 0 || d.Folds == 1:
		k.refuse("data.folds", "want 0 for none, or at least 2, not %d", d.Folds)
	case d.Folds > 0 && len(d.Splits) > 0:
		k.refuse("data.folds", "folds are splits too; leave out data.folds or data.splits")
	}
}

// checker collects problems.
type checker struct {
	cfg   *Config
	found []Problem
}

func (k *checker) refuse(key, format string, args ...any) {
	k.found = append(k.found, Problem{Key: key, Origin: k.cfg.Origin(key), Message: fmt.Sprintf(format, args...)})
}

// choices checks every name of a fixed set; Load has done so for what it read.
func (k *checker) choices(s *schema, path string, v reflect.Value) {
	switch s.kind {
	case section:
		for i, f := range s.fields {
			k.choices(f.schema, join(path, f.name), v.Field(i))
		}
	case choice:
		if name := v.String(); !slices.Contains(s.choices, name) {
			k.refuse(path, "%q is not one of %s", name, strings.Join(s.choices, ", "))
		}
	}
}

func atLeast[N int | float64](k *checker, key string, v, least N) {
	if f := float64(v); v < least || math.IsNaN(f) || math.IsInf(f, 1) {
		k.refuse(key, "want at least %v, not %v", least, v)
	}
}

// share checks a number in [0, 1).
func (k *checker) share(key string, v float64) {
	if !(v >= 0 && v < 1) {
		k.refuse(key, "want a share from 0 to below 1, not %v", v)
	}
}

func (k *checker) multiple(key string, v int, ofKey string, of int) {
	if v > 0 && of > 0 && v%of != 0 {
		k.refuse(key, "%d is not a multiple of %s, which is %d; try %d", v, ofKey, of, (v+of-1)/of*of)
	}
}

func (k *checker) unique(key string, names []string) {
	for i, name := range names {
		if j := slices.Index(names, name); j < i {
			k.refuse(key, "%q is there twice; remove one", name)
		}
		if name == "" {
			k.refuse(key, "element %d is empty; remove it", i)
		}
	}
}

// modalityName is what serves as a part of a file's name and of a parameter's.
var modalityName = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_-]*$`)

func (k *checker) modalities() {
	if len(k.cfg.Modalities) == 0 {
		k.refuse("modalities", "there are none; give at least one, such as {name: vitals, plugin: vitals}")
	}
	first := map[string]int{}
	for i, m := range k.cfg.Modalities {
		path := fmt.Sprintf("modalities.%d", i)
		j, twice := first[m.Name]
		switch {
		case m.Name == "":
			k.refuseIn(path, "name", "has no name; give one")
		case !modalityName.MatchString(m.Name):
			k.refuse(path+".name", `%q is no name; use letters, digits, "_" and "-", a letter first`, m.Name)
		case twice:
			k.refuse(path+".name", "modalities.%d has the name %q too; give each its own", j, m.Name)
		default:
			first[m.Name] = i
		}
		if m.Plugin == "" {
			k.refuseIn(path, "plugin", "has no plugin; give its name or path")
		}
		k.unique(path+".env", m.Env)
		k.unique(path+".read", m.Read)
		if len(m.Read) > 0 && !m.Sandbox {
			k.refuse(path+".read", "is what a plugin in a sandbox may read; set sandbox: true too, or remove it")
		}
		atLeast(k, path+".replicas", m.Replicas, 0) // 0: not given
		if m.OnError != "" && !slices.Contains(m.OnError.Values(), string(m.OnError)) {
			k.refuse(path+".on_error", "%q is not one of %s", m.OnError, strings.Join(m.OnError.Values(), ", "))
		}
	}
}

// refuseIn complains of a key that a modality lacks, where the modality stands.
func (k *checker) refuseIn(path, key, message string) {
	k.found = append(k.found, Problem{Key: path + "." + key, Origin: k.cfg.Origin(path), Message: message})
}

func (k *checker) plugins() {
	k.positive("plugins.encode_timeout", k.cfg.Plugins.EncodeTimeout)
	k.positive("plugins.configure_timeout", k.cfg.Plugins.ConfigureTimeout)
}

func (k *checker) positive(key string, d time.Duration) {
	if d <= 0 {
		k.refuse(key, "want a time above 0, not %v", d)
	}
}

func (k *checker) model() {
	m := &k.cfg.Model
	atLeast(k, "model.steps", m.Steps, 2) // the grid has both ends of the window
	atLeast(k, "model.width", m.Width, 1)
	atLeast(k, "model.heads", m.Heads, 1)
	k.multiple("model.width", m.Width, "model.heads", m.Heads)
	atLeast(k, "model.time_width", m.TimeWidth, 2) // one linear feature and a sine
	atLeast(k, "model.time_heads", m.TimeHeads, 1)
	k.multiple("model.time_width", m.TimeWidth, "model.time_heads", m.TimeHeads)
	atLeast(k, "model.layers", m.Layers, 1)
	atLeast(k, "model.hidden", m.Hidden, 1)
	k.share("model.dropout", m.Dropout)
	k.share("model.modality_dropout", m.ModalityDropout)
	if m.ModalityDropout > 0 && len(k.cfg.Modalities) == 1 {
		k.refuse("model.modality_dropout", "hides one of several modalities, but there is one; set it to 0")
	}
	atLeast(k, "model.imputation.kernel", m.Imputation.Kernel, 1)
	if m.Imputation.Kernel > m.Steps {
		k.refuse("model.imputation.kernel", "%d steps are more than model.steps, which is %d", m.Imputation.Kernel, m.Steps)
	}
}

func (k *checker) router() {
	r, modalities := &k.cfg.Model.Router, len(k.cfg.Modalities)
	atLeast(k, "model.router.experts", r.Experts, 1)
	atLeast(k, "model.router.top_k", r.TopK, 1)
	atLeast(k, "model.router.hidden", r.Hidden, 1)
	atLeast(k, "model.router.balance", r.Balance, 0)
	atLeast(k, "model.router.entropy", r.Entropy, 0)
	switch {
	case r.TopK > r.Experts:
		k.refuse("model.router.top_k", "%d is more than model.router.experts, which is %d", r.TopK, r.Experts)
	case r.Kind == RouterDisjoint && modalities > 0 && r.TopK > r.Experts/modalities:
		k.refuse("model.router.top_k",
			"%d is more than the %d experts of a pool: disjoint routers divide %d experts among %d modalities; "+
				"set model.router.experts to %d or more, or top_k lower",
			r.TopK, r.Experts/modalities, r.Experts, modalities, r.TopK*modalities)
	}
	if !(r.Entropy > 0) {
		return
	}
	const remedy = "; set it to 0, or model.router.kind to per_modality"
	switch {
	case r.Kind == RouterJoint:
		k.refuse("model.router.entropy", "the entropy loss compares the modalities' choices of experts and is "+
			"undefined for a joint router, which makes one choice for all"+remedy)
	case r.Kind == RouterDisjoint:
		k.refuse("model.router.entropy", "disjoint pools have no expert in common, so the entropy loss is always "+
			"-log M and teaches nothing"+remedy)
	case modalities == 1:
		k.refuse("model.router.entropy", "the entropy loss compares modalities, but there is one; set it to 0")
	}
}

func (k *checker) pretrain() {
	p := &k.cfg.Pretrain
	atLeast(k, "pretrain.epochs", p.Epochs, 0)
	if !(p.Hide > 0 && p.Hide < 1) {
		k.refuse("pretrain.hide", "want a share above 0 and below 1, not %v", p.Hide)
	}
}

func (k *checker) train() {
	t := &k.cfg.Train
	if len(t.Seeds) == 0 {
		k.refuse("train.seeds", "there are none; give at least one, such as [42]")
	}
	for i, seed := range t.Seeds {
		if slices.Index(t.Seeds, seed) < i {
			k.refuse("train.seeds", "%d is there twice; a seed's training would only be repeated", seed)
		}
	}
	atLeast(k, "train.epochs", t.Epochs, 1)
	atLeast(k, "train.batch", t.Batch, 1)
	atLeast(k, "train.accumulate", t.Accumulate, 1)
	atLeast(k, "train.eval_batch", t.EvalBatch, 1)
	if !(t.LearningRate > 0) || math.IsInf(t.LearningRate, 1) {
		k.refuse("train.learning_rate", "want a number above 0, not %v", t.LearningRate)
	}
	atLeast(k, "train.weight_decay", t.WeightDecay, 0)
	k.share("train.warmup", t.Warmup)
	atLeast(k, "train.clip", t.Clip, 0)
	atLeast(k, "train.stop.patience", t.Stop.Patience, 0)
	k.share("train.average", t.Average)
	atLeast(k, "train.keep", t.Keep, 1)
	atLeast(k, "train.threads", t.Threads, 0)
}
