package sdk_test

import (
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/testing/protocmp"

	"github.com/fusemoe/fusemoe/sdk"
	"github.com/fusemoe/fusemoe/sdk/modalitypb"
)

func TestABadConfigIsADiagnostic(t *testing.T) {
	c, _ := connect(t, modality{configure: func(_ context.Context, c sdk.Config) (int, error) {
		var config struct {
			Max int `json:"max"`
		}
		return 1, c.Decode(&config)
	}})
	got := configure(t, c, &modalitypb.ConfigureRequest{Config: []byte(`{"mx": 1}`)})
	want := &modalitypb.ConfigureResponse{Diagnostics: []*modalitypb.Diagnostic{{
		Severity: modalitypb.Diagnostic_SEVERITY_ERROR, Path: "mx",
		Summary: "unknown key, did you mean max?", Detail: "valid: max",
	}}}
	if diff := cmp.Diff(want, got, protocmp.Transform()); diff != "" {
		t.Error(diff)
	}
	if _, err := encode(t.Context(), c, text("a", "x")); status.Code(err) != codes.FailedPrecondition {
		t.Errorf("encoding after a refused config: %v", err)
	}
}

// decoder is a modality whose config has defaults. It must not be used before it is
// configured with them.
type decoder struct {
	modality
	config struct {
		Max   float64 `json:"max" doc:"what is above is dropped"`
		Scale string  `json:"scale" enum:"log,none"`
	}
}

func (d *decoder) Configure(_ context.Context, c sdk.Config) (int, error) {
	d.config.Max, d.config.Scale = 250, "none"
	return 2, c.Decode(&d.config)
}

func TestTheSchemaIsWhatConfigureDecodes(t *testing.T) {
	d := &decoder{}
	c, _ := connect(t, d)
	configure(t, c, &modalitypb.ConfigureRequest{Config: []byte(`{"max": 7, "scale": "log"}`)})
	got, err := c.Describe(t.Context(), &modalitypb.DescribeRequest{})
	if err != nil {
		t.Fatal(err)
	}
	const want = `{"type":"object","properties":{` +
		`"max":{"type":"number","description":"what is above is dropped","default":250},` +
		`"scale":{"type":"string","default":"none","enum":["log","none"]}},"additionalProperties":false}`
	if diff := cmp.Diff(want, got.GetConfigSchema()); diff != "" {
		t.Error(diff)
	}
	if d.config.Max != 7 {
		t.Error("being described has changed the config")
	}
}

func TestAModalityThatCannotBeRehearsedHasNoSchema(t *testing.T) {
	for name, configure := range map[string]func(context.Context, sdk.Config) (int, error){
		"panics":          func(context.Context, sdk.Config) (int, error) { panic("no") },
		"decodes nothing": func(context.Context, sdk.Config) (int, error) { return 2, nil },
	} {
		c, _ := connect(t, modality{configure: configure})
		got, err := c.Describe(t.Context(), &modalitypb.DescribeRequest{})
		if err != nil || got.GetConfigSchema() != "" {
			t.Errorf("%s: %v, %v", name, got, err)
		}
	}
}
