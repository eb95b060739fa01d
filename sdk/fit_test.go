package sdk_test

import (
	"bytes"
	"context"
	"strings"
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/fusemoe/fusemoe/sdk"
	"github.com/fusemoe/fusemoe/sdk/modalitypb"
)

// fit lets the modality learn from samples with these names and returns its state.
func fit(t *testing.T, c modalitypb.ModalityClient, names ...string) []byte {
	t.Helper()
	stream, err := c.Fit(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		if err := stream.Send(&modalitypb.FitRequest{Samples: []*modalitypb.Sample{text(name, "")}}); err != nil {
			t.Fatal(err)
		}
	}
	out, err := stream.CloseAndRecv()
	if err != nil || len(out.GetDiagnostics()) > 0 {
		t.Fatalf("got %v, %v", out, err)
	}
	return out.GetState()
}

func TestTheFingerprintChangesWithWhatResultsDependOn(t *testing.T) {
	c, _ := connect(t, fitter{})
	of := func(config string, state []byte) string {
		return configure(t, c, &modalitypb.ConfigureRequest{Config: []byte(config), State: state}).GetFingerprint()
	}
	base := of(`{"a": 1, "b": 2}`, nil)
	state := fit(t, c, "x")
	for _, same := range []string{of(`{"b":2,"a":1}`, nil), of(`{"a": 1, "b": 2}`, nil)} {
		if same != base {
			t.Error("another fingerprint for the same config")
		}
	}
	for _, other := range []string{of(`{"a": 1, "b": 3}`, nil), of(`{"a": 1, "b": 2}`, state), of("", nil)} {
		if other == base || other == "" {
			t.Error("the same fingerprint for another config or state")
		}
	}
	if of("", nil) != of("{}", nil) {
		t.Error("no config and an empty one differ")
	}
}

func TestFitSeesEverySampleAndItsStateUnlocksEncode(t *testing.T) {
	var given []byte
	c, _ := connect(t, fitter{modality{configure: func(_ context.Context, c sdk.Config) (int, error) {
		given = c.State
		return 2, nil
	}}})
	configure(t, c, &modalitypb.ConfigureRequest{})
	if _, err := encode(t.Context(), c, text("a", "x")); status.Code(err) != codes.FailedPrecondition {
		t.Errorf("encoding before the fit: %v", err)
	}
	configure(t, c, &modalitypb.ConfigureRequest{State: fit(t, c, "a", "b", "c")})
	if string(given) != "abc" {
		t.Errorf("the state came back as %q", given)
	}
	if _, err := encode(t.Context(), c, text("a", "x")); err != nil {
		t.Error(err)
	}
}

func TestStateIsForTheConfigItWasLearnedWith(t *testing.T) {
	c, _ := connect(t, fitter{})
	configure(t, c, &modalitypb.ConfigureRequest{Config: []byte(`{"a": 1, "b": 2}`)})
	state := fit(t, c, "x")
	tests := []struct {
		name, config string
		state        []byte
		want         string
	}{
		{"as it was", `{"a": 1, "b": 2}`, state, ""},
		{"written otherwise", `{"b":2,"a":1}`, state, ""},
		{"another config", `{"a": 1, "b": 3}`, state, "the fitted state belongs to another config"},
		{"cut off", `{"a": 1, "b": 2}`, state[:len(state)-1], "the fitted state is cut off"},
		{"something else", `{"a": 1, "b": 2}`, bytes.Repeat([]byte("x"), 99), "the fitted state belongs to another config"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			out := configure(t, c, &modalitypb.ConfigureRequest{Config: []byte(test.config), State: test.state})
			got := ""
			if len(out.GetDiagnostics()) > 0 {
				got = out.Diagnostics[0].GetSummary()
			}
			if got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

func TestFittingNothingIsADiagnostic(t *testing.T) {
	c, _ := connect(t, fitter{})
	configure(t, c, &modalitypb.ConfigureRequest{})
	stream, err := c.Fit(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	out, err := stream.CloseAndRecv()
	if err != nil || len(out.GetDiagnostics()) != 1 || !strings.Contains(out.Diagnostics[0].Summary, "fitted nothing") {
		t.Errorf("got %v, %v", out, err)
	}
}
