package cxr

import (
	"errors"
	"fmt"
	"slices"

	"github.com/fusemoe/fusemoe/plugins/cxr/internal/radiograph"
	"github.com/fusemoe/fusemoe/plugins/internal/onnx"
	"github.com/fusemoe/fusemoe/sdk"
)

// networkConfig says which network looks at the images, and what it expects of them.
type networkConfig struct {
	onnx.Config
	// Black and White are what the network is given for the ends of the range of brightness.
	Black float32 `json:"black" doc:"value of a black pixel; torchxrayvision has -1024, most others 0"`
	White float32 `json:"white" doc:"value of a white pixel; torchxrayvision has 1024, others 1 or 255"`
	// Mean and Deviation then standardise each channel; empty: 0 and 1.
	Mean      []float32 `json:"mean" doc:"taken off each channel after that, such as [0.485,0.456,0.406] for ImageNet"`
	Deviation []float32 `json:"deviation" doc:"each channel is divided by after that, such as [0.229,0.224,0.225]"`
	// Channels is how many times the network is given the brightness.
	Channels int `json:"channels" doc:"1 or 3; 0: what the network says"`
}

// network makes a vector of an image with a pretrained network.
type network struct {
	config  networkConfig
	session *onnx.Network
	size    int
	// last says that a pixel's channels lie together, as Keras has them.
	last  bool
	width int
	print string
}

// openNetwork reads the network and tries it on a black image. Errors are *sdk.Diagnostic.
func openNetwork(c networkConfig, size int, device string) (*network, error) {
	model, err := onnx.Read(c.Config)
	if err != nil {
		return nil, err
	}
	n := &network{config: c, size: size, print: model.Fingerprint}
	input, err := model.Only(4)
	if err != nil {
		return nil, err
	}
	if err := n.fit(input); err != nil {
		return nil, err
	}
	output, err := model.Output(c.Output, 2, 4)
	if err != nil {
		return nil, err
	}
	if n.session, err = model.Open(device, []string{input.Name}, output.Name); err != nil {
		return nil, err
	}
	vector, err := n.vector(radiograph.New(size, size))
	if err != nil {
		n.close()
		return nil, onnx.At("model", fmt.Sprintf("the network does not take an image of %d x %d pixels: %v", size, size, err),
			"set size to what the network was trained with")
	}
	n.width = len(vector)
	return n, nil
}

func (n *network) close() {
	if n != nil {
		n.session.Close()
	}
}

// fit finds out how the input has its pixels, and whether those of the config fit.
func (n *network) fit(input onnx.Value) error {
	sides, channels := input.Shape[2:], input.Shape[1]
	if n.last = !few(channels) && few(input.Shape[3]); n.last {
		sides, channels = input.Shape[1:3], input.Shape[3]
	}
	switch {
	case n.config.Channels == 0 && channels <= 0:
		return onnx.At("channels", "the network does not say how many channels it takes: "+input.String(), "set onnx.channels to 1 or 3")
	case n.config.Channels == 0:
		n.config.Channels = int(channels)
	case channels > 0 && channels != int64(n.config.Channels):
		return onnx.At("channels", "the network takes another number: "+input.String(), "leave onnx.channels out")
	}
	if !few(int64(n.config.Channels)) {
		return onnx.At("model", "the network's input is no image of 1 or 3 channels: "+input.String(), "export a network for images")
	}
	for _, side := range sides {
		if side > 0 && side != int64(n.size) {
			return &sdk.Diagnostic{
				Path: "size", Summary: fmt.Sprintf("the network takes images of %d x %d pixels, not %d", sides[0], sides[1], n.size),
				Detail: fmt.Sprintf("set size: %d; a network must take squares", side),
			}
		}
	}
	for key, values := range map[string][]float32{"mean": n.config.Mean, "deviation": n.config.Deviation} {
		if len(values) != 0 && len(values) != n.config.Channels {
			return onnx.At(key, fmt.Sprintf("it has %d numbers for %d channels", len(values), n.config.Channels), "give one for each channel")
		}
	}
	return nil
}

// few tells whether n is the number of channels of a gray or a colour image.
func few(n int64) bool { return n == 1 || n == 3 }

// vector is that of an image of the network's size. An output with places has their mean.
func (n *network) vector(m *radiograph.Image) ([]float32, error) {
	size, channels := int64(n.size), int64(n.config.Channels)
	shape := []int64{1, channels, size, size}
	if n.last {
		shape = []int64{1, size, size, channels}
	}
	values, shape, err := n.session.Run(onnx.Tensor{Shape: shape, Floats: n.pixels(m)})
	if err != nil {
		return nil, err
	}
	if len(values) == 0 || shape[0] != 1 {
		return nil, fmt.Errorf("for 1 image it gives %d", shape)
	}
	if len(shape) == 2 {
		return values, nil
	}
	return averaged(values, shape, n.last)
}

// pixels are the values that the network is given.
func (n *network) pixels(m *radiograph.Image) []float32 {
	c := n.config
	out := make([]float32, c.Channels*len(m.Pix))
	for channel := range c.Channels {
		mean, deviation := float32(0), float32(1)
		if len(c.Mean) > 0 {
			mean = c.Mean[channel]
		}
		if len(c.Deviation) > 0 {
			deviation = c.Deviation[channel]
		}
		first, step := channel*len(m.Pix), 1
		if n.last {
			first, step = channel, c.Channels
		}
		for i, x := range m.Pix {
			out[first+i*step] = (c.Black + x*(c.White-c.Black) - mean) / deviation
		}
	}
	return out
}

// averaged is the mean over the places of a map of features, as networks pool.
func averaged(values []float32, shape []int64, last bool) ([]float32, error) {
	width := shape[1]
	if last {
		width = shape[3]
	}
	places := len(values) / int(width)
	if places*int(width) != len(values) {
		return nil, errors.New("its output has another size than it says")
	}
	out := make([]float32, width)
	for k := range out {
		first, step := k*places, 1
		if last {
			first, step = k, len(out)
		}
		var sum float64
		for i := range places {
			sum += float64(values[first+i*step])
		}
		out[k] = float32(sum / float64(places))
	}
	return out, nil
}

// problem finds what cannot be meant.
func (c networkConfig) problem() error {
	switch {
	case c.Black == c.White:
		return onnx.At("white", fmt.Sprintf("black and white are both %g", c.White), "give what the network was trained with")
	case slices.Contains(c.Deviation, 0):
		return onnx.At("deviation", "nothing can be divided by 0", "give what the network was trained with")
	case c.Channels != 0 && !few(int64(c.Channels)):
		return onnx.At("channels", fmt.Sprintf("%d channels", c.Channels), "valid: 1 or 3; 0: what the network says")
	}
	return nil
}
