package phenotype_test

import (
	"testing"

	"github.com/fusemoe/fusemoe/core/ingest/phenotype"
)

// The sizes of the groups are those that Harutyunyan et al. list.
func TestGroups(t *testing.T) {
	sizes := []int{26, 12, 57, 5, 15, 2, 38, 40, 20, 28, 13, 16, 25, 62, 15, 17, 16, 62, 60, 24, 40, 6, 19, 145, 4}
	groups := phenotype.Groups()
	if len(groups) != 25 {
		t.Fatalf("%d groups, want 25", len(groups))
	}
	seen := map[string]bool{}
	for i, g := range groups {
		if len(g.ICD9) != sizes[i] {
			t.Errorf("%s has %d codes, want %d", g.Label, len(g.ICD9), sizes[i])
		}
		if seen[g.Label] || g.Kind != "acute" && g.Kind != "chronic" {
			t.Errorf("group %d: label %s, kind %s", i, g.Label, g.Kind)
		}
		seen[g.Label] = true
	}
}

func TestCodes(t *testing.T) {
	labels := phenotype.Labels()
	for _, c := range []struct {
		version phenotype.Version
		code    string
		want    string // empty: none
	}{
		{phenotype.ICD9, "99592", "septicemia"},
		{phenotype.ICD9, "995.92", "septicemia"},
		{phenotype.ICD9, "4019", "hypertension_essential"},
		{phenotype.ICD9, "V4585", "diabetes_uncomplicated"},
		{phenotype.ICD9, "5849", "acute_renal_failure"},
		{phenotype.ICD10, "A419", "septicemia"},
		{phenotype.ICD10, "I10", "hypertension_essential"},
		{phenotype.ICD10, "I10 ", "hypertension_essential"},
		{phenotype.ICD10, "j96.00", "respiratory_failure"},
		{phenotype.ICD10, "R6521", "septicemia"}, // one of two codes that it maps to; see the next test
		{phenotype.ICD10, "Z0000", ""},
		{phenotype.ICD9, "I10", ""},
	} {
		set := phenotype.Of(c.version, c.code)
		got := map[string]bool{}
		for i, label := range labels {
			if set.Has(i) {
				got[label] = true
			}
		}
		if c.want == "" && len(got) > 0 || c.want != "" && !got[c.want] {
			t.Errorf("ICD-%d %s: %v, want %q", c.version, c.code, got, c.want)
		}
	}
}

// Severe sepsis with shock maps to a combination of ICD-9 codes: both phenotypes are present.
func TestCombination(t *testing.T) {
	set := phenotype.Of(phenotype.ICD10, "R6521")
	n := 0
	for i := range phenotype.Labels() {
		if set.Has(i) {
			n++
		}
	}
	if n != 2 {
		t.Errorf("%d phenotypes, want septicaemia and shock", n)
	}
}
