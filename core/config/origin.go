package config

import (
	"strconv"
	"strings"
)

// Origin is where a value came from.
type Origin struct {
	// Name is "default", "preset paper", a file's name, "env FUSEMOE_X", or a flag.
	Name string
	// Line is counted from 1; 0 where there are no lines.
	Line int
}

var defaultOrigin = Origin{Name: "default"}

// String is Name, or Name:Line.
func (o Origin) String() string {
	if o.Line == 0 {
		return o.Name
	}
	return o.Name + ":" + strconv.Itoa(o.Line)
}

// Origin tells where the value of a key such as "model.router.gate" came from. It
// knows keys that hold a value, not those that have keys of their own. A Config that
// was not loaded has only defaults.
func (c *Config) Origin(key string) Origin {
	if o, ok := c.origins[key]; ok {
		return o
	}
	return defaultOrigin
}

// replaceOrigins forgets all that lies beneath key.
func replaceOrigins(origins map[string]Origin, key string) {
	for k := range origins {
		if k == key || strings.HasPrefix(k, key+".") {
			delete(origins, k)
		}
	}
}
