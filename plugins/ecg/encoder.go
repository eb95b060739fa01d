package ecg

import (
	"context"
	"encoding/json"
	"reflect"

	"github.com/fusemoe/fusemoe/sdk"
)

// encoder makes vectors of tracings. What it needs of each is prepared in parallel; the rest is done by one
// goroutine for many at once.
type encoder interface {
	// names are those of the values of a vector.
	names() []string
	// prepare is what the encoder needs of a tracing.
	prepare(t *tracing) prepared
	// learn takes in one tracing of the training split.
	learn(p prepared)
	// learned ends learning and returns what restore needs, as JSON. There was at least one tracing.
	learned(ctx context.Context) (json.RawMessage, error)
	// restore makes the encoder as it was when it had learned. Its error ends the sentence "the fitted state …".
	restore(learned json.RawMessage) error
	// vectors are those of tracings.
	vectors(of []prepared) ([][]float32, error)
}

// prepared is what an encoder takes from a tracing, in rows: leads, or one row of measurements.
type prepared [][]float64

// stateVersion changes when state of an older version can no longer be read.
const stateVersion = 2

// state is what Fit returns, as JSON.
type state struct {
	Version int             `json:"version"`
	Config  config          `json:"config"` // that it was fitted with
	Learned json.RawMessage `json:"learned"`
}

// restore gives the encoder fitted state, if it belongs to the config.
func restore(to encoder, data []byte, cfg config) error {
	refuse := func(why string) error {
		return &sdk.Diagnostic{Summary: "the fitted state " + why, Detail: "fit the modality again"}
	}
	var s state
	if err := sdk.Decode(data, &s); err != nil {
		return refuse("cannot be read: " + err.Error())
	}
	switch {
	case s.Version != stateVersion:
		return refuse("is of another version of this plugin")
	case !reflect.DeepEqual(s.Config, cfg):
		return refuse("belongs to another config")
	}
	if err := to.restore(s.Learned); err != nil {
		return refuse(err.Error())
	}
	return nil
}
