package cxr

import (
	"context"
	"fmt"
	"runtime/debug"

	"golang.org/x/sync/errgroup"

	"github.com/fusemoe/fusemoe/plugins/cxr/internal/descriptor"
	"github.com/fusemoe/fusemoe/plugins/cxr/internal/radiograph"
	"github.com/fusemoe/fusemoe/sdk"
)

// described is the descriptions of a sample's images, or why there are none.
type described struct {
	images [][]float32
	err    error
}

// describe describes the images of each sample, on all threads.
func (x *CXR) describe(ctx context.Context, samples []sdk.Sample) []described {
	out := make([]described, len(samples))
	var group errgroup.Group
	group.SetLimit(x.threads)
	for i, s := range samples {
		group.Go(func() error {
			out[i] = x.describeOne(ctx, s)
			return nil
		})
	}
	_ = group.Wait() // errors are in out
	return out
}

func (x *CXR) describeOne(ctx context.Context, s sdk.Sample) (d described) {
	defer func() {
		// Unlike in Encode, nobody else would catch it on this goroutine.
		if recover() != nil {
			sdk.Log(ctx).Error().Str("stack", string(debug.Stack())).Msg("an image made the plugin panic")
			d.err = &sdk.Diagnostic{Summary: "an image made the plugin panic; its log has the stack", Detail: "tell the plugin's author"}
		}
	}()
	for i, it := range s.Items {
		v, err := x.describeImage(ctx, it)
		if err != nil {
			return described{err: fmt.Errorf("image %d of %d: %w", i+1, len(s.Items), err)}
		}
		d.images = append(d.images, v)
	}
	return d
}

// describeImage is the descriptor of an image, or the network's vector.
func (x *CXR) describeImage(ctx context.Context, it sdk.Item) ([]float32, error) {
	m, err := image(ctx, it)
	if err != nil {
		return nil, err
	}
	m = m.Resize(x.config.Size, x.config.Size)
	if x.network == nil {
		return descriptor.Of(m), nil
	}
	v, err := x.network.vector(m)
	if err != nil {
		return nil, fmt.Errorf("the network failed: %w", err)
	}
	return v, nil
}

// image decodes an item.
func image(ctx context.Context, it sdk.Item) (*radiograph.Image, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if it.Path != "" {
		return radiograph.Read(ctx, it.Path, it.MediaType)
	}
	return radiograph.Decode(ctx, it.Data, it.MediaType)
}
