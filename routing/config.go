package routing

import (
	"errors"
	"fmt"

	"github.com/fusemoe/fusemoe/core/kernel"
)

// Kind says which gates decide about which experts.
type Kind string

// The three routers of the paper (section 2.2).
const (
	Joint       Kind = "joint"
	PerModality Kind = "per_modality"
	Disjoint    Kind = "disjoint"
)

// Unit says what one routing decision is about.
type Unit string

// A decision is made for every time step, as the paper's token, or once for the
// flattened sequence of a sample, as in the authors' released code.
const (
	Step   Unit = "step"
	Sample Unit = "sample"
)

// Config describes a router.
type Config struct {
	Kind Kind
	Gate kernel.Gate
	Unit Unit
	// Experts is the number of experts in all, TopK how many of them a token visits,
	// Hidden the width of an expert's hidden layer.
	Experts, TopK, Hidden int
	// Noise adds learned noise to the logits in training (Shazeer et al. 2017).
	Noise bool
	// Entropy asks for the entropy regulariser, which only a per-modality router has.
	Entropy bool
}

// Shape is what a router is built for.
type Shape struct {
	Modalities, Steps, Width int
}

// ErrConfig marks a combination that no router can have.
var ErrConfig = errors.New("routing")

// Validate reports the first impossible combination for m modalities.
func (c Config) Validate(m int) error {
	switch {
	case c.Kind != Joint && c.Kind != PerModality && c.Kind != Disjoint:
		return fmt.Errorf("%w: unknown router %q", ErrConfig, c.Kind)
	case c.Unit != Step && c.Unit != Sample:
		return fmt.Errorf("%w: unknown unit %q", ErrConfig, c.Unit)
	case c.Experts < 1 || c.TopK < 1 || c.Hidden < 1 || m < 1:
		return fmt.Errorf("%w: experts, top-k, hidden width and modalities must be at least 1", ErrConfig)
	case c.TopK > c.Experts:
		return fmt.Errorf("%w: top-k %d exceeds the %d experts", ErrConfig, c.TopK, c.Experts)
	case c.Kind == Disjoint && c.Experts/m < c.TopK:
		return fmt.Errorf("%w: %d experts divided among %d modalities leave %d, fewer than top-k %d",
			ErrConfig, c.Experts, m, c.Experts/m, c.TopK)
	case c.Entropy && c.Kind == Joint:
		return fmt.Errorf("%w: a joint router has one distribution, so its entropy loss is undefined", ErrConfig)
	case c.Entropy && c.Kind == Disjoint:
		return fmt.Errorf("%w: disjoint pools never overlap, so the entropy loss is the constant -log(modalities)", ErrConfig)
	}
	return nil
}

// pools divides n experts among m modalities; the first n mod m get one more.
func pools(n, m int) []int {
	sizes := make([]int, m)
	for i := range sizes {
		sizes[i] = n / m
		if i < n%m {
			sizes[i]++
		}
	}
	return sizes
}
