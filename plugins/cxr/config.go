package cxr

import (
	"fmt"
	"reflect"

	"github.com/fusemoe/fusemoe/plugins/cxr/internal/descriptor"
	"github.com/fusemoe/fusemoe/sdk"
)

// config is what the user writes, with everything that was left out filled in.
type config struct {
	// Encoder says what makes a vector of an image.
	Encoder encoder `json:"encoder" enum:"descriptor,onnx" doc:"what makes a vector of an image; descriptor needs no network"`
	// Size is the side of the square that images are scaled to, in pixels.
	Size int `json:"size" doc:"side of the square that images are scaled to, in pixels"`
	// Components is the width of the vectors.
	Components int `json:"components" doc:"of descriptor, width of the vectors: principal components of the training split"`
	// Whiten gives every component the same variance.
	Whiten bool `json:"whiten" doc:"of descriptor, give every component the same variance"`
	// ONNX is for the encoder of that name.
	ONNX networkConfig `json:"onnx"`
}

type encoder string

const (
	// handmade needs no network: histograms of gradients, textures and brightness.
	handmade   encoder = "descriptor"
	pretrained encoder = "onnx"
)

// maxSize is more than any network for chest X-rays takes.
const maxSize = 1024

// defaults have the pixels of torchxrayvision for a network: most of those that know
// chest X-rays are in it.
func defaults() config {
	return config{Encoder: handmade, Size: 224, Components: 128, ONNX: networkConfig{Black: -1024, White: 1024}}
}

// read decodes and checks the config.
func read(c sdk.Config) (config, error) {
	cfg := defaults()
	if err := c.Decode(&cfg); err != nil {
		return config{}, err
	}
	if key := cfg.unused(); key != "" {
		return config{}, &sdk.Diagnostic{
			Path: key, Summary: fmt.Sprintf("is there, but the encoder is %s", cfg.Encoder), Detail: "set encoder, or leave it out",
		}
	}
	least := descriptor.MinSide
	if cfg.Encoder == pretrained {
		least = 1
	}
	switch {
	case cfg.Size < least || cfg.Size > maxSize:
		return config{}, &sdk.Diagnostic{
			Path: "size", Summary: fmt.Sprintf("%d pixels", cfg.Size), Detail: fmt.Sprintf("valid: %d to %d", least, maxSize),
		}
	case cfg.Components < 1 || cfg.Components > descriptor.Size():
		return config{}, &sdk.Diagnostic{
			Path: "components", Summary: fmt.Sprintf("%d components", cfg.Components),
			Detail: fmt.Sprintf("valid: 1 to %d", descriptor.Size()),
		}
	}
	return cfg, cfg.ONNX.problem()
}

// unused is a key that would have no effect, or empty.
func (c config) unused() string {
	d := defaults()
	switch {
	case c.Encoder == handmade && !reflect.DeepEqual(c.ONNX, d.ONNX):
		return "onnx"
	case c.Encoder == pretrained && c.Components != d.Components:
		return "components"
	case c.Encoder == pretrained && c.Whiten:
		return "whiten"
	}
	return ""
}
