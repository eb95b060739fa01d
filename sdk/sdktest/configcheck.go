package sdktest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"google.golang.org/protobuf/proto"

	"github.com/fusemoe/fusemoe/sdk/modalitypb"
	"github.com/fusemoe/fusemoe/sdk/schema"
)

// configChecks are about what a plugin says of itself and about its config.
func configChecks() []check {
	return []check{
		{
			"describe", "Fill in sdk.Info completely, with constants: it must be the same at every moment.",
			describes,
		},
		{
			"config", "Give the check a config and samples that the plugin accepts; if it should accept these, mend Configure or Fit.",
			func(ctx context.Context, k *kit) error {
				_, err := k.ready(ctx)
				if _, skipped := errors.AsType[skip](err); err != nil && !skipped {
					k.unusable = err
				}
				return err
			},
		},
		{
			"schema", "Decode the config into a struct with Config.Decode, of which the schema is derived, and return its error.",
			schemaHolds,
		},
		{
			"unknown key", "Decode the config with Config.Decode, which is strict, and return its error as it is.",
			func(ctx context.Context, k *kit) error {
				if k.unusable != nil {
					return skip("needs a config that works")
				}
				const key = "sdktest_unknown"
				return k.refuses(ctx, with(k.config, key, []byte("1")), key)
			},
		},
		{
			"fingerprint", "Let the fingerprint change with every key of the config; the SDK's own does.",
			fingerprintChanges,
		},
	}
}

var (
	validName    = regexp.MustCompile(`^[a-z][a-z0-9_]*$`)
	validVersion = regexp.MustCompile(`^\d+\.\d+\.\d+([-+].+)?$`)
)

func describes(ctx context.Context, k *kit) error {
	s, err := k.target.open(ctx)
	if err != nil {
		return err
	}
	defer s.close()
	d, err := s.client.Describe(ctx, &modalitypb.DescribeRequest{})
	if err != nil {
		return failed("Describe", err)
	}
	switch kind := d.GetKind(); {
	case !validName.MatchString(d.GetName()):
		return fmt.Errorf("the name %q is not small letters, digits and _", d.GetName())
	case !validVersion.MatchString(d.GetVersion()):
		return fmt.Errorf("the version %q is not like 1.0.0", d.GetVersion())
	case kind != modalitypb.Kind_KIND_MEASUREMENTS && kind != modalitypb.Kind_KIND_EMBEDDINGS:
		return fmt.Errorf("the kind %v is neither measurements nor embeddings", kind)
	case len(d.GetMediaTypes()) == 0:
		return errors.New("it accepts no media type")
	}
	_ = s.configure(ctx, k.config, nil) // whatever comes of it, the description stays
	again, err := s.client.Describe(ctx, &modalitypb.DescribeRequest{})
	if err != nil {
		return failed("Describe", err)
	}
	if !proto.Equal(d, again) {
		return errors.New("it describes itself differently after Configure")
	}
	return nil
}

// schemaOf is the schema that the plugin tells.
func (k *kit) schema(ctx context.Context) (*schema.Schema, error) {
	s, err := k.target.open(ctx)
	if err != nil {
		return nil, err
	}
	defer s.close()
	d, err := s.client.Describe(ctx, &modalitypb.DescribeRequest{})
	if err != nil {
		return nil, failed("Describe", err)
	}
	if d.GetConfigSchema() == "" {
		return nil, skip("the plugin tells no schema of its config")
	}
	return schema.Parse([]byte(d.GetConfigSchema()))
}

// wrongs are values of every type.
func wrongs() []string { return []string{`"sdktest"`, `-1.5`, `true`, `["sdktest"]`, `{"sdktest": 1}`} }

func schemaHolds(ctx context.Context, k *kit) error {
	if k.unusable != nil { // it would refuse that config again, whatever else is wrong
		return skip("needs a config that works")
	}
	s, err := k.schema(ctx)
	if err != nil {
		return err
	}
	if err := s.Validate(k.config); err != nil {
		return fmt.Errorf("the schema does not allow the config: %w", err)
	}
	for _, p := range s.Properties {
		for _, wrong := range wrongs() {
			if p.Schema.Validate([]byte(wrong)) == nil {
				continue
			}
			if err := k.refuses(ctx, with(k.config, p.Name, []byte(wrong)), p.Name); err != nil {
				return fmt.Errorf("the schema does not allow %s for %s: %w", wrong, p.Name, err)
			}
			break
		}
	}
	return nil
}

// refuses checks that the plugin refuses a config for what stands at a key.
func (k *kit) refuses(ctx context.Context, config []byte, key string) error {
	s, err := k.target.open(ctx)
	if err != nil {
		return err
	}
	defer s.close()
	err = s.configure(ctx, config, nil)
	r, ok := errors.AsType[refused](err)
	switch {
	case err == nil:
		return fmt.Errorf("Configure accepted a bad value of %s", key)
	case !ok:
		return fmt.Errorf("want a diagnostic about %s: %w", key, err)
	case !strings.HasPrefix(r.GetPath(), key):
		return fmt.Errorf("Configure refused a bad value of %s with the path %q", key, r.GetPath())
	}
	return nil
}

// with is the config with one key set.
func with(config []byte, key string, value []byte) []byte {
	members := map[string]json.RawMessage{}
	_ = json.Unmarshal(config, &members) // what is no object has no members
	members[key] = value
	out, _ := json.Marshal(members) // both were JSON before
	return out
}

// variants are other configs that the plugin may accept as well, each with one key
// changed.
func variants(s *schema.Schema, config []byte) [][]byte {
	var members map[string]json.RawMessage
	_ = json.Unmarshal(config, &members)
	var all [][]byte
	for _, p := range s.Properties {
		now := members[p.Name]
		if now == nil {
			now = p.Schema.Default
		}
		var values []json.RawMessage
		values = append(values, p.Schema.Enum...)
		var list []json.RawMessage
		if json.Unmarshal(now, &list) == nil && len(list) > 1 {
			shorter, _ := json.Marshal(list[1:])
			values = append(values, shorter)
		}
		values = append(values, json.RawMessage("true"), json.RawMessage("false"), doubled(now), json.RawMessage("7"))
		for _, v := range values {
			if len(v) > 0 && !bytes.Equal(v, now) && p.Schema.Validate(v) == nil {
				all = append(all, with(config, p.Name, v))
			}
		}
	}
	return all
}

// doubled is twice a number, or nothing.
func doubled(value json.RawMessage) json.RawMessage {
	var x float64
	if json.Unmarshal(value, &x) != nil {
		return nil
	}
	out, _ := json.Marshal(2 * x)
	return out
}

// other finds a config that the plugin accepts and that is not the given one.
func (k *kit) other(ctx context.Context, s *session) ([]byte, error) {
	described, err := k.schema(ctx)
	if err != nil {
		return nil, err
	}
	for _, config := range variants(described, k.config) {
		if s.configure(ctx, config, nil) == nil {
			return config, nil
		}
	}
	return nil, skip("no other config was found that the plugin accepts")
}

func fingerprintChanges(ctx context.Context, k *kit) error {
	if k.unusable != nil {
		return skip("needs a config that works")
	}
	s, err := k.target.open(ctx)
	if err != nil {
		return err
	}
	defer s.close()
	prints := map[string]bool{}
	for _, config := range [][]byte{k.config, k.config} {
		if err := s.configure(ctx, config, nil); err != nil {
			return err
		}
		prints[s.print] = true
	}
	if len(prints) != 1 {
		return errors.New("the same config has two fingerprints")
	}
	config, err := k.other(ctx, s)
	if err != nil {
		return err
	}
	if prints[s.print] {
		return fmt.Errorf("the fingerprint does not change with the config: %s", changed(k.config, config))
	}
	return nil
}

// changed names the keys that two configs differ in.
func changed(a, b []byte) string {
	var x, y map[string]json.RawMessage
	_, _ = json.Unmarshal(a, &x), json.Unmarshal(b, &y)
	var keys []string
	for _, key := range slices.Sorted(maps.Keys(y)) {
		if !bytes.Equal(x[key], y[key]) {
			keys = append(keys, key)
		}
	}
	return strings.Join(keys, ", ")
}
