package sdk

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"

	"github.com/rs/zerolog"

	"github.com/fusemoe/fusemoe/sdk/schema"
)

// Config is what Configure receives.
type Config struct {
	// JSON is the user's config, an object; empty means {}.
	JSON []byte
	// State is what Fit returned for this very config, or empty before the first Fit.
	State []byte
	// WorkDir is a private directory that the plugin may write to and finds again in
	// the next run, for downloaded weights, say. It may be empty: no such place.
	WorkDir string
	// Device is where to compute: cpu, cuda:0, cuda:1 and so on.
	Device string
	// Threads is how many processor threads to use; 0: the plugin decides.
	Threads int
	// Seed starts every random generator of the plugin.
	Seed uint64

	rehearsal *rehearsal
}

// ONNXRuntimeEnv names the variable with the path of the ONNX Runtime library, which the
// host shows to every plugin.
const ONNXRuntimeEnv = "FUSEMOE_ONNXRUNTIME"

// Decode reads the config into the struct that v points to, leaving fields that the
// config does not mention as they are: set defaults first. It is strict. An unknown key,
// a wrong type, or a text that is none of those in the field's tag enum is a *Diagnostic
// with the key's path and the valid names.
//
// The struct and its defaults are also where the config's JSON Schema comes from, with
// the tags that schema.Of knows: doc says what a key is for.
//
// Decode comes first in Configure, and its error ends Configure. The SDK relies on that:
// to learn the schema it calls Configure once, before anything else, with a Config whose
// Decode looks at the struct and returns an error.
func (c Config) Decode(v any) error {
	if c.rehearsal != nil {
		c.rehearsal.schema = schema.Of(v)
		return errRehearsal
	}
	if len(bytes.TrimSpace(c.JSON)) == 0 {
		return nil
	}
	return Decode(c.JSON, v)
}

// rehearsal is a call of Configure that only wants to know what the config may hold.
type rehearsal struct{ schema *schema.Schema }

var errRehearsal = errors.New("sdk: nothing is configured, the config is only described")

// configSchema is the JSON Schema of the config that the modality decodes, or empty if it
// does not decode any.
func configSchema(m Modality) (text string) {
	if s := m.Info().Schema; s != "" {
		return s
	}
	// An author's code that cannot be rehearsed will fail in Configure, where there is
	// somebody to tell.
	defer func() { _ = recover() }()
	r := &rehearsal{}
	log := zerolog.Nop()
	// The context has ended already: whoever does not decode first, but loads a model,
	// say, is told at once that nobody waits for it.
	ctx, cancel := context.WithCancel(log.WithContext(context.Background()))
	cancel()
	_, _ = m.Configure(ctx, Config{rehearsal: r})
	if r.schema == nil {
		return ""
	}
	out, err := json.Marshal(r.schema)
	if err != nil {
		return ""
	}
	return string(out)
}

// stateFormat is part of the fingerprint: no state of another format is taken for one of
// ours. Format 2 binds the state to its config.
const stateFormat = "state 2"

// fingerprint identifies what the results of a modality depend on.
func fingerprint(m Modality, c Config) string {
	info := m.Info()
	state := sha256.Sum256(c.State)
	parts := [][]byte{[]byte(stateFormat), []byte(info.Name), []byte(info.Version), canonical(c.JSON), state[:]}
	if f, ok := m.(Fingerprinter); ok {
		if print := f.Fingerprint(); print != "" {
			parts = append(parts, []byte(print))
		}
	}
	h := sha256.New()
	for _, p := range parts {
		// The length keeps "ab","c" and "a","bc" apart.
		h.Write(binary.LittleEndian.AppendUint64(nil, uint64(len(p))))
		h.Write(p)
	}
	return hex.EncodeToString(h.Sum(nil))
}

// stateOf binds what Fit learned to the config that it was learned with, so that no other
// config is ever given it: the digest of the config, then the state.
func stateOf(config, learned []byte) []byte {
	digest := sha256.Sum256(canonical(config))
	return append(digest[:], learned...)
}

// learned is the inverse of stateOf: the state that was learned with that config.
func learned(config, state []byte) ([]byte, error) {
	digest := sha256.Sum256(canonical(config))
	switch {
	case len(state) == 0:
		return nil, nil
	case len(state) <= len(digest):
		return nil, &Diagnostic{Summary: "the fitted state is cut off", Detail: "fit the modality again"}
	case !bytes.Equal(state[:len(digest)], digest[:]):
		return nil, &Diagnostic{Summary: "the fitted state belongs to another config", Detail: "fit the modality again"}
	}
	return state[len(digest):], nil
}

// canonical is the config without what does not matter: white space and the order of
// keys.
func canonical(config []byte) []byte {
	if len(bytes.TrimSpace(config)) == 0 {
		return []byte("{}")
	}
	d := json.NewDecoder(bytes.NewReader(config))
	d.UseNumber()
	var v any
	if d.Decode(&v) != nil {
		return config
	}
	out, err := json.Marshal(v)
	if err != nil {
		return config
	}
	return out
}
