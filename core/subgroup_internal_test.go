package core

import (
	"fmt"
	"math"
	"testing"
)

// TestByValue parts values as the report of a subgroup setting does.
func TestByValue(t *testing.T) {
	nan := math.NaN()
	for name, c := range map[string]struct {
		values, cuts []float64
		want         string
	}{
		"cuts":             {[]float64{49, 50, 64.5, 90}, []float64{50, 65}, "[{below 50 [0]} {50 to below 65 [1 2]} {65 and above [3]}]"},
		"few values":       {[]float64{3, 1, 3}, nil, "[{1 [1]} {3 [0 2]}]"},
		"yes and no":       {[]float64{1, 0, nan}, nil, "[{no [1]} {yes [0]} {unknown [2]}]"},
		"thirds":           {[]float64{9, 8, 7, 6, 5, 4, 3, 2, 1}, nil, "[{below 4 [8 7 6]} {4 to below 7 [5 4 3]} {7 and above [2 1 0]}]"},
		"nothing is known": {[]float64{nan}, nil, "[{unknown [0]}]"},
	} {
		p := namedParts{}
		p.byValue(c.values, c.cuts)
		var got []struct {
			Name string
			Rows []int
		}
		for _, g := range p.groups {
			got = append(got, struct {
				Name string
				Rows []int
			}{g.Name, g.Rows})
		}
		if fmt.Sprint(got) != c.want {
			t.Errorf("%s: %v, want %s", name, got, c.want)
		}
	}
}
