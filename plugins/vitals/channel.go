package vitals

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strconv"

	"github.com/fusemoe/fusemoe/sdk"
	"github.com/fusemoe/fusemoe/sdk/schema"
)

// channel is one quantity of the rows. In the config its name alone will do.
type channel struct {
	Name string `json:"name"`
	// Columns are where it is charted; the name if there are none.
	Columns columns `json:"column" doc:"in the rows, if it is not the name; of several the first with a plausible value in a row counts"`
	// Min and Max bound what is plausible. Values outside are dropped: they are
	// mistakes of typing, units or sensors.
	Min *float64 `json:"min" doc:"the least plausible value, in the unit of the channel; what is below is dropped"`
	Max *float64 `json:"max" doc:"the largest plausible value; what is above is dropped"`
	// Log takes log(1+x), for channels with few very large values. Values of which there
	// is no logarithm are dropped too.
	Log bool `json:"log" doc:"take log(1+x), for channels with few very large values"`
	// Levels make codes ranks, Categories features that are 0 or 1. Other codes are dropped.
	Levels     []float64  `json:"levels" doc:"codes of an ordinal channel, from the lowest: each becomes its rank, from 0"`
	Categories []category `json:"categories" doc:"codes of a categorical channel, each a number or an object; each becomes a feature name=category, 0 or 1"`
}

// columns are the columns of one quantity. In the config a single one needs no list.
type columns []column

// column is one of the rows and how its values become the channel's: factor·x + offset. In the config its name
// alone will do.
type column struct {
	Name   string  `json:"name"`
	Factor float64 `json:"factor" doc:"for a column in another unit: values become factor·x + offset"`
	Offset float64 `json:"offset" doc:"-17.7778 with the factor 0.555556 makes °F °C"`
}

// category is the codes that mean one thing. In the config one code alone will do.
type category struct {
	Name  string    `json:"name" doc:"in the name of the feature, if not the code"`
	Codes []float64 `json:"codes"`
}

// ConfigSchema says that a channel is a name or an object.
func (channel) ConfigSchema() *schema.Schema {
	type plain channel
	return &schema.Schema{AnyOf: []*schema.Schema{schema.Of(""), schema.Of(plain{})}}
}

// UnmarshalJSON reads a name or an object.
func (c *channel) UnmarshalJSON(data []byte) error {
	if len(data) > 0 && data[0] == '"' {
		return json.Unmarshal(data, &c.Name)
	}
	type plain channel
	return sdk.Decode(data, (*plain)(c))
}

// ConfigSchema says that columns are one or a list.
func (columns) ConfigSchema() *schema.Schema {
	return &schema.Schema{AnyOf: []*schema.Schema{schema.Of(column{}), schema.Of([]column{})}}
}

// UnmarshalJSON reads one column or a list.
func (c *columns) UnmarshalJSON(data []byte) error {
	if len(data) > 0 && data[0] == '[' {
		return sdk.Decode(data, (*[]column)(c))
	}
	*c = make(columns, 1)
	return sdk.Decode(data, &(*c)[0])
}

// ConfigSchema says that a column is a name or an object.
func (column) ConfigSchema() *schema.Schema {
	type plain column
	return &schema.Schema{AnyOf: []*schema.Schema{schema.Of(""), schema.Of(plain{Factor: 1})}}
}

// UnmarshalJSON reads a name or an object.
func (c *column) UnmarshalJSON(data []byte) error {
	c.Factor = 1
	if len(data) > 0 && data[0] == '"' {
		return json.Unmarshal(data, &c.Name)
	}
	type plain column
	return sdk.Decode(data, (*plain)(c))
}

// ConfigSchema says that a category is a code or an object.
func (category) ConfigSchema() *schema.Schema {
	type plain category
	return &schema.Schema{AnyOf: []*schema.Schema{schema.Of(0.0), schema.Of(plain{})}}
}

// UnmarshalJSON reads a code or an object.
func (c *category) UnmarshalJSON(data []byte) error {
	if len(data) == 0 || data[0] == '{' {
		type plain category
		return sdk.Decode(data, (*plain)(c))
	}
	c.Codes = make([]float64, 1)
	if json.Unmarshal(data, &c.Codes[0]) != nil {
		return &sdk.Diagnostic{
			Summary: "neither a code, which is a number, nor an object",
			Detail:  "rows hold numbers only: write codes for texts into them, and here {name: AF, codes: [2]}",
		}
	}
	return nil
}

// complete fills in what was left out.
func (c *channel) complete() {
	if len(c.Columns) == 0 {
		c.Columns = columns{{Name: c.Name, Factor: 1}}
	}
	// Empty, not nil, as when they are read from the state.
	c.Levels, c.Categories = append([]float64{}, c.Levels...), append([]category{}, c.Categories...)
	for i := range c.Categories {
		if one := &c.Categories[i]; one.Name == "" && len(one.Codes) > 0 {
			one.Name = strconv.FormatFloat(one.Codes[0], 'g', -1, 64)
		}
	}
}

// problem finds what is wrong with a channel, given the names and columns before it.
func (c *channel) problem(names, columns map[string]bool) *sdk.Diagnostic {
	switch {
	case c.Name == "":
		return &sdk.Diagnostic{Path: ".name", Summary: "no name"}
	case names[c.Name]:
		return &sdk.Diagnostic{Path: ".name", Summary: fmt.Sprintf("%s is there twice", c.Name)}
	case c.Min != nil && c.Max != nil && *c.Min > *c.Max:
		return &sdk.Diagnostic{Path: ".min", Summary: fmt.Sprintf("%g is above max, %g", *c.Min, *c.Max)}
	}
	if d := c.codeProblem(); d != nil {
		return d
	}
	for _, f := range c.features() {
		if names[f] {
			return &sdk.Diagnostic{Path: ".name", Summary: fmt.Sprintf("%s is there twice", f)}
		}
		names[f] = true
	}
	names[c.Name] = true
	for i, from := range c.Columns {
		path := ".column"
		if len(c.Columns) > 1 {
			path = fmt.Sprintf(".column[%d]", i)
		}
		switch {
		case from.Name == "":
			return &sdk.Diagnostic{Path: path + ".name", Summary: "no name"}
		case columns[from.Name]:
			return &sdk.Diagnostic{Path: path, Summary: fmt.Sprintf("%s is read already", from.Name)}
		case from.Factor == 0:
			return &sdk.Diagnostic{Path: path + ".factor", Summary: "0 makes all values the same"}
		}
		columns[from.Name] = true
	}
	return nil
}

// codeProblem finds what is wrong with the codes of a channel.
func (c *channel) codeProblem() *sdk.Diagnostic {
	key := ".levels"
	if len(c.Categories) > 0 {
		key = ".categories"
	}
	switch coded := len(c.Levels)+len(c.Categories) > 0; {
	case !coded:
		return nil
	case len(c.Levels) > 0 && len(c.Categories) > 0:
		return &sdk.Diagnostic{Path: key, Summary: "a channel has levels or categories, not both"}
	case c.Min != nil || c.Max != nil || c.Log:
		return &sdk.Diagnostic{
			Path: key, Summary: "codes have no min, max and log", Detail: "codes that are not listed are dropped anyway",
		}
	case len(c.Levels) == 1:
		return &sdk.Diagnostic{Path: key, Summary: "one level says nothing"}
	}
	names, codes := make(map[string]bool), make(map[float32]bool)
	if d := repeated(codes, c.Levels, ".levels"); d != nil {
		return d
	}
	for i, one := range c.Categories {
		path := fmt.Sprintf(".categories[%d]", i)
		switch {
		case len(one.Codes) == 0:
			return &sdk.Diagnostic{Path: path + ".codes", Summary: "no code"}
		case names[one.Name]:
			return &sdk.Diagnostic{Path: path + ".name", Summary: fmt.Sprintf("%s is there twice", one.Name)}
		}
		names[one.Name] = true
		if d := repeated(codes, one.Codes, path+".codes"); d != nil {
			return d
		}
	}
	return nil
}

// repeated finds a code that is there twice, given those before.
func repeated(before map[float32]bool, codes []float64, path string) *sdk.Diagnostic {
	for i, code := range codes {
		if before[float32(code)] {
			return &sdk.Diagnostic{Path: fmt.Sprintf("%s[%d]", path, i), Summary: fmt.Sprintf("%g is there twice", code)}
		}
		before[float32(code)] = true
	}
	return nil
}

// find is the index of x in codes, which are compared as rows hold them; -1: none.
func find(codes []float64, x float64) int {
	return slices.IndexFunc(codes, func(code float64) bool { return float32(code) == float32(x) })
}

// width is how many features the channel becomes.
func (c *channel) width() int { return max(1, len(c.Categories)) }

// features are the names of what the channel becomes.
func (c *channel) features() []string {
	if len(c.Categories) == 0 {
		return []string{c.Name}
	}
	var names []string
	for _, one := range c.Categories {
		names = append(names, c.Name+"="+one.Name)
	}
	return names
}

// values are what the channel makes of a number in one of its columns, one for each of its features, and
// whether it is plausible.
func (c *channel) values(into []float64, from *column, charted float32) bool {
	x := from.Factor*float64(charted) + from.Offset
	if math.IsNaN(x) || math.IsInf(x, 0) || c.Min != nil && x < *c.Min || c.Max != nil && x > *c.Max {
		return false
	}
	switch {
	case len(c.Levels) > 0:
		rank := find(c.Levels, x)
		into[0] = float64(rank)
		return rank >= 0
	case len(c.Categories) > 0:
		i := slices.IndexFunc(c.Categories, func(one category) bool { return find(one.Codes, x) >= 0 })
		if i >= 0 {
			clear(into)
			into[i] = 1
		}
		return i >= 0
	case c.Log:
		x = math.Log1p(x)
	}
	if math.IsNaN(x) || math.IsInf(x, 0) {
		return false
	}
	into[0] = x
	return true
}
