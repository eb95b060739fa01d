// Package cxr is the modality of chest X-rays: JPEG, PNG and DICOM files, each of which
// becomes one vector at its time.
//
// Its config, with the defaults:
//
//	encoder: descriptor
//	size: 224
//	components: 128
//	whiten: false
//
// An image is scaled to a square of size x size pixels, each the mean of the area that
// it covers. The descriptor needs no network and no download: it counts the directions
// of edges at several scales, the textures and the brightness of the parts of the image.
// Of these 1,113 numbers, standardised, the vector has the principal components of the
// training split.
//
//	encoder: onnx
//	onnx: {model: densenet121.onnx, black: -1024, white: 1024}
//
// A pretrained network gives its output for the image, or if that has places their mean.
//
// Of DICOM, single frames are read that are uncompressed or baseline JPEG; gdcmconv --raw
// converts others.
package cxr

import (
	"context"
	"fmt"
	"iter"
	"runtime"

	"github.com/fusemoe/fusemoe/plugins/cxr/internal/descriptor"
	"github.com/fusemoe/fusemoe/plugins/cxr/internal/pca"
	"github.com/fusemoe/fusemoe/plugins/cxr/internal/radiograph"
	"github.com/fusemoe/fusemoe/sdk"
)

// CXR is the modality. Use New.
type CXR struct {
	config     config
	threads    int
	projection *projection // nil before Fit, and for another encoder
	network    *network    // nil for another encoder
}

// New returns the modality, to be configured.
func New() *CXR { return &CXR{} }

var (
	_ sdk.Modality      = (*CXR)(nil)
	_ sdk.Fitter        = (*CXR)(nil)
	_ sdk.BatchEncoder  = (*CXR)(nil)
	_ sdk.Fingerprinter = (*CXR)(nil)
)

// maxBatch is how many samples are encoded at once: enough to keep every core busy, few
// enough to show progress.
const maxBatch = 32

// Info describes the modality.
func (*CXR) Info() sdk.Info {
	return sdk.Info{
		Name: "cxr", Version: "1.0.0", Kind: sdk.Embeddings, MaxBatch: maxBatch,
		Accepts: []string{radiograph.JPEG, radiograph.PNG, radiograph.DICOM},
	}
}

// Configure reads the config, the network if there is one, and the fitted state.
func (x *CXR) Configure(_ context.Context, c sdk.Config) (dim int, err error) {
	cfg, err := read(c)
	if err != nil {
		return 0, err
	}
	x.network.close()
	*x = CXR{config: cfg, threads: c.Threads}
	if x.threads < 1 {
		x.threads = runtime.NumCPU()
	}
	if cfg.Encoder == pretrained {
		if x.network, err = openNetwork(cfg.ONNX, cfg.Size, c.Device); err != nil {
			return 0, err
		}
		return x.network.width, nil
	}
	if len(c.State) > 0 {
		if x.projection, err = restore(c.State, cfg.Components); err != nil {
			return 0, err
		}
	}
	return cfg.Components, nil
}

// Fingerprint is that of the network, or empty.
func (x *CXR) Fingerprint() string {
	if x.network == nil {
		return ""
	}
	return x.network.print
}

// Fit finds the principal components of the descriptions of all images. Samples with an
// image that cannot be read are left out: Encode says of each what is wrong. A network
// has learned before.
func (x *CXR) Fit(ctx context.Context, samples iter.Seq2[sdk.Sample, error]) ([]byte, error) {
	if x.network != nil {
		return []byte(pretrained), nil
	}
	sums, unread := pca.NewSums(descriptor.Size()), 0
	var waiting []sdk.Sample
	add := func() error {
		for _, d := range x.describe(ctx, waiting) {
			if d.err != nil {
				unread++
				continue
			}
			sums.Add(d.images)
		}
		waiting = waiting[:0]
		return ctx.Err() // which would leave out all others
	}
	for s, err := range samples {
		if err != nil {
			return nil, err
		}
		if waiting = append(waiting, s); len(waiting) == maxBatch {
			if err := add(); err != nil {
				return nil, err
			}
		}
	}
	if err := add(); err != nil {
		return nil, err
	}
	if unread > 0 {
		sdk.Log(ctx).Warn().Int("samples", unread).Msg("left out of fitting: an image cannot be read")
	}
	if sums.Len() <= x.config.Components {
		return nil, &sdk.Diagnostic{
			Path:    "components",
			Summary: fmt.Sprintf("%d components cannot be found in %d images of the training split", x.config.Components, sums.Len()),
			Detail:  "lower it, or add images",
		}
	}
	basis := sums.Basis(x.config.Components)
	sdk.Log(ctx).Info().Int("images", sums.Len()).Float64("variance", basis.Kept).Msg("found the principal components")
	return save(project(basis, x.config.Whiten))
}

// Encode returns one vector per image.
func (x *CXR) Encode(ctx context.Context, s sdk.Sample) (sdk.Sequence, error) {
	all, err := x.EncodeBatch(ctx, []sdk.Sample{s})
	if err != nil {
		return sdk.Sequence{}, err
	}
	return all[0], nil
}

// EncodeBatch encodes several samples on all threads.
func (x *CXR) EncodeBatch(ctx context.Context, samples []sdk.Sample) ([]sdk.Sequence, error) {
	out := make([]sdk.Sequence, len(samples))
	for i, d := range x.describe(ctx, samples) {
		if d.err != nil {
			return nil, d.err
		}
		for j, it := range samples[i].Items {
			out[i].Times = append(out[i].Times, it.Time)
			v := d.images[j]
			if x.projection != nil {
				v = x.projection.apply(v)
			}
			out[i].Values = append(out[i].Values, v)
		}
	}
	return out, nil
}
