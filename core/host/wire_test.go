//go:build unix

package host_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/rs/zerolog"

	"github.com/fusemoe/fusemoe/core/host"
	"github.com/fusemoe/fusemoe/sdk"
	"github.com/fusemoe/fusemoe/sdk/modalitypb"
)

// wideDim is the width of an image's vector.
const wideDim = 1024

// wide makes of each item, whatever it holds, a vector of wideDim values.
type wide struct{}

func (*wide) Info() sdk.Info {
	return sdk.Info{Name: "wide", Version: "1.0.0", Kind: sdk.Embeddings, Accepts: []string{"text/plain"}}
}

func (*wide) Configure(_ context.Context, c sdk.Config) (int, error) {
	return wideDim, c.Decode(&struct{}{})
}

func (*wide) Encode(_ context.Context, s sdk.Sample) (q sdk.Sequence, err error) {
	values := make([]float32, len(s.Items)*wideDim)
	for i, item := range s.Items {
		v := values[i*wideDim : (i+1)*wideDim]
		v[0] = float32(len(item.Data))
		q.Times, q.Values = append(q.Times, item.Time), append(q.Values, v)
	}
	return q, nil
}

// gRPC's own limit is 4 MiB a message; images are larger, and so are long recordings.
func TestLargeMessagesPassBothWays(t *testing.T) {
	const items = 5000 // of 4 KiB each way: 20 MiB
	sample := &modalitypb.Sample{Id: "a"}
	for i := range items {
		sample.Items = append(sample.Items, &modalitypb.Item{
			Time: float64(i), MediaType: "text/plain", Payload: &modalitypb.Item_Data{Data: make([]byte, 4*wideDim)},
		})
	}
	for name, spec := range map[string]host.Spec{
		"go": animal(t, "wide"), "python": python(t, fmt.Sprintf(`{"width": %d}`, wideDim)),
	} {
		t.Run(name, func(t *testing.T) {
			p := start(t, &lines{}, spec).Plugin("m")
			if err := fitted(t.Context(), p); err != nil {
				t.Fatal(err)
			}
			err := p.Encode(t.Context(), func(yield func(*modalitypb.Sample, error) bool) { yield(sample, nil) },
				func(_ int, r *modalitypb.Result) error {
					if times, values, _, err := r.GetSequence().Unpack(wideDim); err != nil || len(times) != items || values[0] != 4*wideDim {
						t.Errorf("%d vectors came back, %v", len(times), err)
					}
					return nil
				})
			if err != nil {
				t.Error(err)
			}
		})
	}
}

// fitted makes a plugin ready that learns first.
func fitted(ctx context.Context, p *host.Plugin) error {
	if !p.Describe().GetFits() {
		return nil
	}
	state, err := p.Fit(ctx, texts("a"), nil)
	if err != nil {
		return err
	}
	return p.Configure(ctx, state)
}

// BenchmarkEncodeWire measures what a process of its own costs: the bytes a second that
// reach a plugin, as many of which come back as vectors. The samples are 512 stays of five
// items that become 1024 numbers each.
func BenchmarkEncodeWire(b *testing.B) {
	const samples, items = 512, 5
	sample := &modalitypb.Sample{Id: "a"}
	for i := range items {
		sample.Items = append(sample.Items, &modalitypb.Item{
			Time: float64(i), MediaType: "text/plain",
			Payload: &modalitypb.Item_Data{Data: []byte(strings.Repeat("x", 4*wideDim))},
		})
	}
	all := func(yield func(*modalitypb.Sample, error) bool) {
		for range samples {
			if !yield(sample, nil) {
				return
			}
		}
	}
	for _, kind := range []struct {
		name string
		spec func(testing.TB) host.Spec
	}{
		{"go", func(tb testing.TB) host.Spec { return animal(tb, "wide") }},
		{"python", func(tb testing.TB) host.Spec { return python(tb, fmt.Sprintf(`{"width": %d}`, wideDim)) }},
		{"inprocess", func(testing.TB) host.Spec { return host.Spec{Name: "m", InProcess: &wide{}} }},
	} {
		b.Run(kind.name, func(b *testing.B) {
			fleet, err := host.Start(b.Context(), zerolog.Nop(), []host.Spec{kind.spec(b)})
			if err != nil {
				b.Fatal(err)
			}
			defer fleet.Stop()
			p := fleet.Plugin("m")
			if err := fitted(b.Context(), p); err != nil {
				b.Fatal(err)
			}
			b.SetBytes(samples * items * 4 * wideDim)
			for b.Loop() {
				if err := p.Encode(b.Context(), all, func(int, *modalitypb.Result) error { return nil }); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
