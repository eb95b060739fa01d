package config

import (
	"cmp"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/go-viper/mapstructure/v2"
	"github.com/knadh/koanf/providers/confmap"
	"github.com/knadh/koanf/v2"
)

// store is what the layers amount to so far.
type store struct {
	koanf    *koanf.Koanf
	origins  map[string]Origin
	problems []Problem
}

// merge puts a layer on top.
func (st *store) merge(l *layer) error {
	st.problems = append(st.problems, l.problems...)
	for _, path := range l.replaces {
		st.koanf.Delete(path)
		replaceOrigins(st.origins, path)
	}
	before := len(st.problems)
	st.check(configSchema(), "", st.koanf.Raw(), l.values, l.source)
	if len(st.problems) > before {
		return nil
	}
	for path, o := range l.origins {
		st.origins[path] = o
	}
	if err := st.koanf.Load(confmap.Provider(l.values, ""), nil); err != nil {
		return fmt.Errorf("config: %s: %w", l.source, err)
	}
	return nil
}

// check refuses what cannot be put on what is there: a key beneath something that is
// no map, and a position that leaves a gap in a list.
func (st *store) check(s *schema, path string, have map[string]any, layer map[string]any, source string) {
	for name, v := range layer {
		at := join(path, name)
		beneath, isMap := v.(map[string]any)
		if !isMap {
			continue
		}
		var next *schema
		if s != nil && s.kind != free {
			next, _ = s.step(path, name)
		}
		old, exists := have[name]
		oldMap, ok := old.(map[string]any)
		if exists && !ok && next == nil {
			st.refuse(at, source, "is no section, so nothing can be set beneath it; set it as a whole")
			continue
		}
		if next != nil && next.kind == list {
			st.checkGaps(at, oldMap, beneath, source)
		}
		st.check(next, at, oldMap, beneath, source)
	}
}

func (st *store) checkGaps(path string, have, layer map[string]any, source string) {
	for _, index := range inOrder(layer) {
		i, _ := strconv.Atoi(index)
		if _, ok := have[index]; !ok && i > len(have) && layer[strconv.Itoa(i-1)] == nil {
			st.refuse(join(path, index), source, fmt.Sprintf("there are only %d; the next is %s.%d",
				len(have), path, len(have)))
		}
	}
}

func (st *store) refuse(key, source, message string) {
	st.problems = append(st.problems, Problem{Key: key, Origin: Origin{Name: source}, Message: message})
}

// config is the whole as a Config. Its types were checked layer by layer; the strict
// decoder is there so that a mistake in that cannot pass.
func (st *store) config() (*Config, error) {
	cfg := &Config{origins: st.origins}
	err := st.koanf.UnmarshalWithConf("", cfg, koanf.UnmarshalConf{
		Tag:           "yaml",
		DecoderConfig: &mapstructure.DecoderConfig{ErrorUnused: true, DecodeHook: listOfMap},
	})
	if err != nil {
		return nil, fmt.Errorf("config: decode: %w", err)
	}
	for i := range cfg.Modalities {
		m := &cfg.Modalities[i]
		m.Source = cmp.Or(m.Source, m.Name)
		m.Device = cmp.Or(m.Device, "cpu")
		m.OnError = cmp.Or(m.OnError, OnErrorStop)
		m.Replicas = cmp.Or(m.Replicas, 1)
	}
	if _, given := st.origins["model.router.top_k"]; !given && cfg.Model.Router.Kind == RouterDisjoint {
		cfg.Model.Router.TopK = disjointTopK
	}
	return cfg, nil
}

// listOfMap undoes what layer does to lists.
func listOfMap(_, to reflect.Type, v any) (any, error) {
	m, ok := v.(map[string]any)
	if !ok || to.Kind() != reflect.Slice {
		return v, nil
	}
	out := make([]any, 0, len(m))
	for _, index := range inOrder(m) {
		out = append(out, m[index])
	}
	return out, nil
}

// inOrder lists the positions that are a map's keys.
func inOrder(m map[string]any) []string {
	out := make([]string, 0, len(m))
	for index := range m {
		out = append(out, index)
	}
	slices.SortFunc(out, func(a, b string) int {
		return cmp.Or(len(a)-len(b), strings.Compare(a, b))
	})
	return out
}
