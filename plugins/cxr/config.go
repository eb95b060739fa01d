package cxr

import (
	"fmt"

	"github.com/fusemoe/fusemoe/plugins/cxr/internal/descriptor"
	"github.com/fusemoe/fusemoe/sdk"
)

// config is what the user writes, with everything that was left out filled in.
type config struct {
	// Encoder says what makes a vector of an image.
	Encoder encoder `json:"encoder" enum:"descriptor" doc:"what makes a vector of an image; descriptor needs no network"`
	// Size is the side of the square that images are scaled to, in pixels.
	Size int `json:"size" doc:"side of the square that images are scaled to, in pixels"`
	// Components is the width of the vectors.
	Components int `json:"components" doc:"width of the vectors: principal components of the training split"`
	// Whiten gives every component the same variance.
	Whiten bool `json:"whiten" doc:"give every component the same variance"`
}

type encoder string

// handmade needs no network: histograms of gradients, textures and brightness.
const handmade encoder = "descriptor"

// maxSize is more than any network for chest X-rays takes.
const maxSize = 1024

// read decodes and checks the config.
func read(c sdk.Config) (config, error) {
	cfg := config{Encoder: handmade, Size: 224, Components: 128}
	if err := c.Decode(&cfg); err != nil {
		return config{}, err
	}
	switch {
	case cfg.Size < descriptor.MinSide || cfg.Size > maxSize:
		return config{}, &sdk.Diagnostic{
			Path: "size", Summary: fmt.Sprintf("%d pixels", cfg.Size),
			Detail: fmt.Sprintf("valid: %d to %d", descriptor.MinSide, maxSize),
		}
	case cfg.Components < 1 || cfg.Components > descriptor.Size():
		return config{}, &sdk.Diagnostic{
			Path: "components", Summary: fmt.Sprintf("%d components", cfg.Components),
			Detail: fmt.Sprintf("valid: 1 to %d", descriptor.Size()),
		}
	}
	return cfg, nil
}
