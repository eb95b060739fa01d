package cxr

import (
	"encoding/binary"
	"encoding/json"
	"math"

	"github.com/fusemoe/fusemoe/plugins/cxr/internal/descriptor"
	"github.com/fusemoe/fusemoe/plugins/cxr/internal/pca"
	"github.com/fusemoe/fusemoe/sdk"
)

// projection maps a description to the vector of an image: a row's value is its product
// with what the description differs from the mean by.
type projection struct {
	mean []float32
	rows [][]float32
}

func (p *projection) apply(description []float32) []float32 {
	centred := make([]float32, len(description))
	for j, x := range description {
		centred[j] = x - p.mean[j]
	}
	out := make([]float32, len(p.rows))
	for i, row := range p.rows {
		var sum float32
		for j, x := range centred {
			sum += row[j] * x
		}
		out[i] = sum
	}
	return out
}

// project makes the projection on principal components. With whiten, each coordinate
// has variance 1; without, they have it on average and keep their proportions.
func project(b pca.Basis, whiten bool) *projection {
	p := &projection{mean: narrow(b.Mean)}
	var sum float64
	for _, v := range b.Variances {
		sum += v
	}
	for k, component := range b.Components {
		variance := sum / float64(len(b.Components))
		if whiten {
			variance = b.Variances[k]
		}
		row := make([]float64, len(component))
		// Directions in which nothing varies would be divided by rounding errors.
		if b.Variances[k] > 1e-9*b.Variances[0] {
			for j, d := range b.Deviation {
				if d > 0 {
					row[j] = component[j] / d / math.Sqrt(variance)
				}
			}
		}
		p.rows = append(p.rows, narrow(row))
	}
	return p
}

func narrow(values []float64) []float32 {
	out := make([]float32, len(values))
	for i, v := range values {
		out[i] = float32(v)
	}
	return out
}

// stateVersion changes when state of an older version can no longer be read.
const stateVersion = 1

// state is what Fit returns, as JSON. Numbers are float32, little endian.
type state struct {
	Version int    `json:"version"`
	Mean    []byte `json:"mean"`
	Rows    []byte `json:"rows"`
}

func save(p *projection) ([]byte, error) {
	s := state{Version: stateVersion, Mean: pack(nil, p.mean)}
	for _, row := range p.rows {
		s.Rows = pack(s.Rows, row)
	}
	return json.Marshal(s)
}

// restore reads the fitted state of that many components.
func restore(data []byte, components int) (*projection, error) {
	refuse := func(why string) error {
		return &sdk.Diagnostic{Summary: "the fitted state " + why, Detail: "fit the modality again"}
	}
	var s state
	if err := json.Unmarshal(data, &s); err != nil {
		return nil, refuse("cannot be read: " + err.Error())
	}
	width := descriptor.Size()
	switch {
	case s.Version != stateVersion:
		return nil, refuse("is of another version of this plugin")
	case len(s.Mean) != 4*width || len(s.Rows) != 4*width*components:
		return nil, refuse("does not fit its config")
	}
	p := &projection{}
	var finite bool
	if p.mean, finite = unpack(s.Mean); !finite {
		return nil, refuse("has a mean that is not finite")
	}
	for k := range components {
		row, finite := unpack(s.Rows[4*width*k : 4*width*(k+1)])
		if !finite {
			return nil, refuse("has a component that is not finite")
		}
		p.rows = append(p.rows, row)
	}
	return p, nil
}

func pack(out []byte, values []float32) []byte {
	for _, v := range values {
		out = binary.LittleEndian.AppendUint32(out, math.Float32bits(v))
	}
	return out
}

func unpack(data []byte) (values []float32, finite bool) {
	values, finite = make([]float32, len(data)/4), true
	for i := range values {
		values[i] = math.Float32frombits(binary.LittleEndian.Uint32(data[4*i:]))
		v := float64(values[i])
		finite = finite && !math.IsNaN(v) && !math.IsInf(v, 0)
	}
	return values, finite
}
