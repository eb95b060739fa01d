package sdk_test

import (
	"context"
	"errors"
	"math"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/fusemoe/fusemoe/sdk"
	"github.com/fusemoe/fusemoe/sdk/modalitypb"
)

func TestOneBadSampleDoesNotHurtTheOthers(t *testing.T) {
	secret := "Mr Smith"
	c, log := connect(t, modality{encode: func(_ context.Context, s sdk.Sample) (sdk.Sequence, error) {
		switch s.ID {
		case "panics":
			panic(secret)
		case "indexes":
			none := len(s.Items)
			_ = s.Items[none]
		case "fails":
			return sdk.Sequence{}, &sdk.Diagnostic{Summary: "no text in it", Detail: "write some"}
		}
		return sdk.Sequence{Times: []float64{4}, Values: [][]float32{{1, 2}}}, nil
	}})
	configure(t, c, &modalitypb.ConfigureRequest{})
	picture := &modalitypb.Sample{Id: "picture", Items: []*modalitypb.Item{{MediaType: "image/png"}}}
	got, err := encode(t.Context(), c, text("good", ""), text("panics", ""), text("indexes", ""), text("fails", ""),
		picture, &modalitypb.Sample{Id: "nothing"}, text("good too", ""))
	if err != nil {
		t.Fatal(err)
	}
	var summaries []string
	line := regexp.MustCompile(`:\d+`)
	for _, r := range got {
		summaries = append(summaries, line.ReplaceAllString(r.GetError().GetSummary(), ":LINE"))
	}
	want := []string{
		"", "the plugin panicked at encode_test.go:LINE with a string; its log has the stack",
		"the plugin panicked at encode_test.go:LINE: runtime error: index out of range [1] with length 1; its log has the stack",
		"no text in it", `the plugin does not read "image/png"`, "", "",
	}
	if diff := cmp.Diff(want, summaries); diff != "" {
		t.Error(diff)
	}
	if n := got[5].GetSequence().GetLength(); n != 0 {
		t.Errorf("a sample without items has %d vectors", n)
	}
	if n := got[6].GetSequence().GetLength(); n != 1 {
		t.Errorf("the sample after the bad ones has %d vectors", n)
	}
	if !strings.Contains(log.String(), "encode_test.go") || strings.Contains(log.String(), "server.go") || strings.Contains(log.String(), secret) {
		t.Errorf("want the stack in the log, and nothing of the sample: %s", log)
	}
}

func TestWhatIsNoSequenceIsRefused(t *testing.T) {
	nan, inf := float32(math.NaN()), math.Inf(1)
	now, pair := []float64{0}, [][]float32{{1, 2}}
	tests := []struct {
		name string
		q    sdk.Sequence
		want string
	}{
		{"no times", sdk.Sequence{Values: pair}, "1 vectors at 0 times"},
		{"narrow", sdk.Sequence{Times: now, Values: [][]float32{{1}}}, "vector 0 has 1 values; Configure promised 2"},
		{"not a number", sdk.Sequence{Times: now, Values: [][]float32{{1, nan}}}, "value 1 of row 0 is not finite"},
		{"infinite time", sdk.Sequence{Times: []float64{inf}, Values: pair}, "time of row 0 is not finite"},
		{"back in time", sdk.Sequence{Times: []float64{2, 1}, Values: [][]float32{{1, 2}, {1, 2}}}, "before that of the row"},
		{"few flags", sdk.Sequence{Times: now, Values: pair, Observed: [][]bool{{true}}}, "1 observed flags"},
		{"no flags", sdk.Sequence{Times: now, Values: pair, Observed: [][]bool{}}, "flags for 0 vectors"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			c, _ := connect(t, modality{encode: func(context.Context, sdk.Sample) (sdk.Sequence, error) { return test.q, nil }})
			configure(t, c, &modalitypb.ConfigureRequest{})
			got, err := encode(t.Context(), c, text("a", ""))
			if err != nil {
				t.Fatal(err)
			}
			if s := got[0].GetError().GetSummary(); !strings.Contains(s, test.want) {
				t.Errorf("got %q, want %q in it", s, test.want)
			}
		})
	}
}

func TestUnobservedValuesMayBeAnything(t *testing.T) {
	q := sdk.Sequence{
		Times: []float64{1, 1}, Values: [][]float32{{float32(math.NaN()), 5}, {6, 7}},
		Observed: [][]bool{{false, true}, {true, false}},
	}
	c, _ := connect(t, modality{encode: func(context.Context, sdk.Sample) (sdk.Sequence, error) { return q, nil }})
	configure(t, c, &modalitypb.ConfigureRequest{})
	got, err := encode(t.Context(), c, text("a", ""))
	if err != nil {
		t.Fatal(err)
	}
	_, values, observed, err := got[0].GetSequence().Unpack(2)
	if err != nil || !slices.Equal(values, []float32{0, 5, 6, 0}) ||
		!slices.Equal(observed, []bool{false, true, true, false}) {
		t.Errorf("got %v, %v, %v", values, observed, err)
	}
}

// batcher encodes the length of each text, and fails if one of a batch is empty.
type batcher struct {
	modality
	batches *int
}

func (b batcher) EncodeBatch(ctx context.Context, samples []sdk.Sample) ([]sdk.Sequence, error) {
	*b.batches++
	out := make([]sdk.Sequence, len(samples))
	for i, s := range samples {
		q, err := b.Encode(ctx, s)
		if err != nil {
			return nil, err
		}
		out[i] = q
	}
	return out, nil
}

func TestABatchThatFailsIsEncodedOneByOne(t *testing.T) {
	batches := 0
	c, _ := connect(t, batcher{batches: &batches, modality: modality{
		encode: func(_ context.Context, s sdk.Sample) (sdk.Sequence, error) {
			n := len(s.Items[0].Data)
			if n == 0 {
				return sdk.Sequence{}, errors.New("empty")
			}
			return sdk.Sequence{Times: []float64{0}, Values: [][]float32{{float32(n), 0}}}, nil
		},
	}})
	configure(t, c, &modalitypb.ConfigureRequest{})
	for _, middle := range []string{"bb", ""} {
		got, err := encode(t.Context(), c, text("1", "a"), text("2", middle), text("3", "ccc"))
		if err != nil {
			t.Fatal(err)
		}
		if failed := got[1].GetError() != nil; failed != (middle == "") {
			t.Errorf("the text %q gave %v", middle, got[1])
		}
		if _, v, _, err := got[2].GetSequence().Unpack(2); err != nil || v[0] != 3 {
			t.Errorf("the text after %q gave %v, %v", middle, v, err)
		}
	}
	if batches != 2 {
		t.Errorf("%d batches, want 2", batches)
	}
}

func TestCancelEndsTheCallAndTheNextOneWorks(t *testing.T) {
	entered := make(chan struct{})
	c, _ := connect(t, modality{encode: func(ctx context.Context, s sdk.Sample) (sdk.Sequence, error) {
		if s.ID == "slow" {
			close(entered)
			<-ctx.Done()
			return sdk.Sequence{}, ctx.Err()
		}
		return sdk.Sequence{}, nil
	}})
	configure(t, c, &modalitypb.ConfigureRequest{})
	ctx, cancel := context.WithCancel(t.Context())
	go func() { <-entered; cancel() }()
	if _, err := encode(ctx, c, text("slow", "")); status.Code(err) != codes.Canceled {
		t.Errorf("got %v, want cancelled", err)
	}
	if _, err := encode(t.Context(), c, text("quick", "")); err != nil {
		t.Error(err)
	}
}
