package ecg

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/fusemoe/fusemoe/plugins/internal/onnx"
	"github.com/fusemoe/fusemoe/sdk"
)

// pretrained says which network reads the records, and how it wants them.
type pretrained struct {
	onnx.Config
	Rate  int      `json:"rate" doc:"samples a second that it was trained with"`
	Leads []string `json:"leads" doc:"its leads, in order"`
	Gain  float64  `json:"gain" doc:"what it is given for 1 mV"`
}

func defaultPretrained() pretrained {
	return pretrained{Rate: rate, Leads: slices.Clone(leadNames[:]), Gain: 1}
}

// onnxProblem finds what is wrong with the settings of a pretrained network.
func (c *config) onnxProblem() *sdk.Diagnostic {
	p := c.ONNX
	switch {
	case c.Encoder != onnxEncoder && !reflect.DeepEqual(p, defaultPretrained()):
		return &sdk.Diagnostic{Path: "onnx", Summary: fmt.Sprintf("is there, but the encoder is %s", c.Encoder)}
	case p.Rate < minRate || p.Rate > rate:
		return onnx.At("rate", fmt.Sprintf("%d is not from %d to %d", p.Rate, minRate, rate), "give what the network was trained with")
	case p.Gain <= 0:
		return onnx.At("gain", fmt.Sprintf("%g is not above 0", p.Gain), "1 for a network that takes mV, 1000 for µV")
	case len(p.Leads) == 0:
		return onnx.At("leads", "no lead is named", "name those of the network, in its order")
	}
	for i, name := range p.Leads {
		if leadOf(name) < 0 {
			return onnx.At(fmt.Sprintf("leads[%d]", i), fmt.Sprintf("%q is no lead", name), "valid: "+strings.Join(leadNames[:], ", "))
		}
	}
	return nil
}

// network makes vectors of records with a pretrained network, each in a run of its own.
type network struct {
	config    pretrained
	threads   int
	leads     []int // that it takes, in its order
	length    int   // samples of a lead
	last      bool  // the leads of a moment lie together, as Keras has them
	resampler *resampler
	session   *onnx.Network
	width     int
	print     string
}

// openNetwork reads the network and tries it on a flat record. Errors are *sdk.Diagnostic.
func openNetwork(cfg config, device string, threads int) (*network, error) {
	c := cfg.ONNX
	model, err := onnx.Read(c.Config)
	if err != nil {
		return nil, err
	}
	n := &network{config: c, threads: threads, print: model.Fingerprint, resampler: newResampler(rate, c.Rate)}
	for _, name := range c.Leads {
		n.leads = append(n.leads, leadOf(name))
	}
	input, err := model.Only(3)
	if err != nil {
		return nil, err
	}
	if err := n.fit(input, cfg.Seconds); err != nil {
		return nil, err
	}
	output, err := model.Output(c.Output, 2, 3)
	if err != nil {
		return nil, err
	}
	if n.session, err = model.Open(device, []string{input.Name}, output.Name); err != nil {
		return nil, err
	}
	vector, err := n.vector(n.prepare(&tracing{}))
	if err != nil {
		n.close()
		return nil, onnx.At("model", fmt.Sprintf("the network does not take a record of %d samples: %v", n.length, err),
			"set seconds and onnx.rate to what it was trained with")
	}
	n.width = len(vector)
	return n, nil
}

func (n *network) close() {
	if n != nil {
		n.session.Close()
	}
}

// fit finds out how the input has its leads, and how long they are.
func (n *network) fit(input onnx.Value, seconds float64) error {
	first, second := input.Shape[1], input.Shape[2]
	count := int64(len(n.leads))
	n.last = first != count && second == count
	leads, length := first, second
	if n.last {
		leads, length = second, first
	}
	if leads > 0 && leads != count {
		return onnx.At("leads", fmt.Sprintf("has %d leads, which the network's input does not: %s", count, input), "name the leads that it takes, in its order")
	}
	n.length = int(math.Round(seconds * float64(n.config.Rate)))
	if length <= 0 {
		return nil
	}
	if int(length) > n.length {
		return &sdk.Diagnostic{
			Path:    "seconds",
			Summary: fmt.Sprintf("the network takes %d samples at %d Hz, more than %g s have", length, n.config.Rate, seconds),
			Detail:  fmt.Sprintf("set seconds: %g", math.Ceil(float64(length)/float64(n.config.Rate))),
		}
	}
	n.length = int(length)
	return nil
}

func (n *network) names() []string {
	names := make([]string, n.width)
	for i := range names {
		names[i] = fmt.Sprintf("onnx:%d", i+1)
	}
	return names
}

// prepare is the leads of the network, cut or filled up with zeros to its length. A lead that is missing is zero.
func (n *network) prepare(t *tracing) prepared {
	out := make(prepared, len(n.leads))
	for i, lead := range n.leads {
		out[i] = make([]float64, n.length)
		if x := t.leads[lead]; x != nil {
			copy(out[i], n.resampler.apply(x))
		}
	}
	return out
}

// vector is that of one record. An output with moments has their mean.
func (n *network) vector(p prepared) ([]float32, error) {
	count := len(p)
	input := onnx.Tensor{Shape: []int64{1, int64(count), int64(n.length)}, Floats: make([]float32, count*n.length)}
	if n.last {
		input.Shape = []int64{1, int64(n.length), int64(count)}
	}
	for i, lead := range p {
		for k, x := range lead {
			at := i*n.length + k
			if n.last {
				at = k*count + i
			}
			input.Floats[at] = float32(x * n.config.Gain)
		}
	}
	values, shape, err := n.session.Run(input)
	if err != nil {
		return nil, err
	}
	if len(values) == 0 || shape[0] != 1 {
		return nil, fmt.Errorf("for 1 record it gives %d", shape)
	}
	if len(shape) == 2 {
		return values, nil
	}
	width, moments := int(shape[1]), int(shape[2])
	if n.last {
		width, moments = moments, width
	}
	out := make([]float32, width)
	for i := range out {
		var sum float64
		for k := range moments {
			at := i*moments + k
			if n.last {
				at = k*width + i
			}
			sum += float64(values[at])
		}
		out[i] = float32(sum / float64(moments))
	}
	return out, nil
}

func (n *network) vectors(of []prepared) ([][]float32, error) {
	out := make([][]float32, len(of))
	var g errgroup.Group
	g.SetLimit(n.threads)
	for i, p := range of {
		g.Go(func() (err error) {
			out[i], err = n.vector(p)
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return nil, fmt.Errorf("the network failed: %w", err)
	}
	return out, nil
}

// A pretrained network has learned before.
func (n *network) learn(prepared) {}

func (n *network) learned(context.Context) (json.RawMessage, error) {
	return json.RawMessage("{}"), nil
}

func (n *network) restore(json.RawMessage) error { return nil }
