package core

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/fusemoe/fusemoe/core/config"
	"github.com/fusemoe/fusemoe/core/data"
	"github.com/fusemoe/fusemoe/core/report/page"
)

// checkSubgroups holds eval.subgroups against the dataset.
func (rt *Runtime) checkSubgroups() error {
	for i, g := range rt.config.Eval.Subgroups {
		for _, column := range g.Columns {
			if _, err := rt.dataset.FirstRecorded(g.Source, column); err != nil {
				return fmt.Errorf("eval.subgroups.%d: %w", i, err)
			}
		}
	}
	return nil
}

// subgroups are parts of some samples, by their places among rows: those that the
// config asks for, and those that have the same modalities.
func (rt *Runtime) subgroups(rows []int) ([]page.Group, error) {
	var groups []page.Group
	for _, g := range rt.config.Eval.Subgroups {
		found, err := divide(rt.dataset, g, rows)
		if err != nil {
			return nil, err
		}
		groups = append(groups, found...)
	}
	return append(groups, rt.patternGroups(rows)...), nil
}

// divide makes the parts of one subgroup setting; one without samples is left out.
func divide(d *data.Dataset, g config.Subgroup, rows []int) ([]page.Group, error) {
	parts := namedParts{of: g.Name}
	if parts.of == "" {
		parts.of = strings.Join(g.Columns, ", ")
	}
	for _, column := range g.Columns {
		all, err := d.FirstRecorded(g.Source, column)
		if err != nil {
			return nil, err
		}
		values := make([]float64, len(rows))
		for i, r := range rows {
			values[i] = all[r]
		}
		if len(g.Columns) == 1 {
			parts.byValue(values, g.Cuts)
			break
		}
		for i, v := range values {
			if v == 1 {
				parts.add(column, i)
			}
		}
	}
	return parts.groups, nil
}

// namedParts are groups in the order in which they were named.
type namedParts struct {
	of     string
	groups []page.Group
}

func (p *namedParts) add(name string, row int) {
	i := slices.IndexFunc(p.groups, func(g page.Group) bool { return g.Name == name })
	if i < 0 {
		i = len(p.groups)
		p.groups = append(p.groups, page.Group{Of: p.of, Name: name})
	}
	p.groups[i].Rows = append(p.groups[i].Rows, row)
}

// mostValues are as many as make a part each; a column with more is cut.
const mostValues = 6

// byValue parts samples by one value of each.
func (p *namedParts) byValue(values, cuts []float64) {
	known := slices.DeleteFunc(slices.Clone(values), math.IsNaN)
	slices.Sort(known)
	distinct := slices.Compact(slices.Clone(known))
	name := func(v float64) string { return fmt.Sprintf("%g", v) }
	switch {
	case len(cuts) == 0 && len(distinct) <= mostValues:
		if slices.Equal(distinct, []float64{0, 1}) {
			name = func(v float64) string { return []string{"no", "yes"}[int(v)] }
		}
	case len(cuts) == 0:
		cuts = slices.Compact([]float64{known[len(known)/3], known[2*len(known)/3]})
		fallthrough
	default:
		name = func(v float64) string { return between(v, cuts) }
	}
	for _, v := range distinct { // in ascending order
		for i, mine := range values {
			if mine == v {
				p.add(name(v), i)
			}
		}
	}
	for i, v := range values {
		if math.IsNaN(v) {
			p.add("unknown", i)
		}
	}
}

// between names the part that a value belongs to.
func between(v float64, cuts []float64) string {
	above, _ := slices.BinarySearch(cuts, v)
	if above < len(cuts) && cuts[above] == v {
		above++ // a cut belongs to the part above it
	}
	switch above {
	case 0:
		return fmt.Sprintf("below %.4g", cuts[0])
	case len(cuts):
		return fmt.Sprintf("%.4g and above", cuts[above-1])
	}
	return fmt.Sprintf("%.4g to below %.4g", cuts[above-1], cuts[above])
}

// mostPatterns are as many combinations of modalities as are groups of their own.
const mostPatterns = 5

// patternGroups are samples with the same modalities, the most frequent ones first.
func (rt *Runtime) patternGroups(rows []int) []page.Group {
	if len(rt.encoded) < 2 {
		return nil
	}
	p := namedParts{of: "Modalities"}
	for i, r := range rows {
		p.add(rt.patternName(r), i)
	}
	slices.SortStableFunc(p.groups, func(a, b page.Group) int { return len(b.Rows) - len(a.Rows) })
	if len(p.groups) <= mostPatterns+1 {
		return p.groups
	}
	rest := page.Group{Of: p.of, Name: fmt.Sprintf("%d other combinations", len(p.groups)-mostPatterns)}
	for _, g := range p.groups[mostPatterns:] {
		rest.Rows = append(rest.Rows, g.Rows...)
	}
	slices.Sort(rest.Rows)
	return append(p.groups[:mostPatterns:mostPatterns], rest)
}

// patternName says in words which modalities a sample has.
func (rt *Runtime) patternName(row int) string {
	var has, lacks []string
	for m, there := range rt.pattern(row) {
		if there {
			has = append(has, rt.encoded[m].Name)
		} else {
			lacks = append(lacks, rt.encoded[m].Name)
		}
	}
	switch {
	case len(lacks) == 0:
		return "all"
	case len(has) < len(lacks):
		return "only " + strings.Join(has, ", ")
	}
	return "without " + strings.Join(lacks, ", ")
}

// pattern says of every modality whether a sample has it.
func (rt *Runtime) pattern(row int) []bool {
	has := make([]bool, len(rt.encoded))
	for m, e := range rt.encoded {
		has[m] = len(e.Sequences[row].Times) > 0
	}
	return has
}
