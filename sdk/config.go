package sdk

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
)

// Config is what Configure receives.
type Config struct {
	// JSON is the user's config, an object; empty means {}.
	JSON []byte
	// State is what Fit returned for this config, or empty before the first Fit.
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
}

// Decode reads the config into the struct that v points to, leaving fields that the
// config does not mention as they are: set defaults first. It is strict. An unknown key
// or a wrong type is a *Diagnostic with the key's path and the valid names.
func (c Config) Decode(v any) error {
	if len(bytes.TrimSpace(c.JSON)) == 0 {
		return nil
	}
	return Decode(c.JSON, v)
}

// fingerprint identifies what the results of a modality depend on.
func fingerprint(m Modality, c Config) string {
	info := m.Info()
	state := sha256.Sum256(c.State)
	parts := [][]byte{[]byte(info.Name), []byte(info.Version), canonical(c.JSON), state[:]}
	if f, ok := m.(Fingerprinter); ok {
		parts = append(parts, []byte(f.Fingerprint()))
	}
	h := sha256.New()
	for _, p := range parts {
		// The length keeps "ab","c" and "a","bc" apart.
		h.Write(binary.LittleEndian.AppendUint64(nil, uint64(len(p))))
		h.Write(p)
	}
	return hex.EncodeToString(h.Sum(nil))
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
