// Package phenotype finds the 25 phenotypes of the clinical benchmarks among the codes
// of diagnoses: groups of ICD-9-CM codes, which ICD-10-CM codes reach through the general
// equivalence mapping. Both lists are data files beside this one and name their source.
//
//	set := phenotype.Of(phenotype.ICD10, "A419") // septicaemia
package phenotype

import (
	"bytes"
	_ "embed" // the definitions
	"encoding/csv"
	"fmt"
	"strings"
	"sync"
)

// Version is that of a code's classification.
type Version int

// The versions that the tables have.
const (
	ICD9  Version = 9
	ICD10 Version = 10
)

// Set is a set of phenotypes: bit i is that of Labels()[i].
type Set uint32

// Has tells whether phenotype i is in the set.
func (s Set) Has(i int) bool { return s>>i&1 == 1 }

// Group is one phenotype.
type Group struct {
	CCS   string // number of its group in the Clinical Classifications Software
	Label string // name of its column
	Kind  string // acute or chronic
	Title string
	ICD9  []string
}

//go:embed groups.csv
var groupsFile []byte

//go:embed gem.csv
var gemFile []byte

// definitions are what the files say, read once.
var definitions = sync.OnceValue(func() (d struct {
	groups []Group
	sets   map[Version]map[string]Set
},
) {
	d.sets = map[Version]map[string]Set{ICD9: {}, ICD10: {}}
	for i, row := range rows(groupsFile) {
		g := Group{CCS: row[0], Label: row[1], Kind: row[2], Title: row[3], ICD9: strings.Fields(row[4])}
		d.groups = append(d.groups, g)
		for _, code := range g.ICD9 {
			d.sets[ICD9][code] |= 1 << i
		}
	}
	for _, row := range rows(gemFile) {
		d.sets[ICD10][row[0]] |= d.sets[ICD9][row[1]]
	}
	return d
})

// rows reads an embedded file; that it is well-formed is a test's business.
func rows(text []byte) [][]string {
	r := csv.NewReader(bytes.NewReader(text))
	r.Comment = '#'
	all, err := r.ReadAll()
	if err != nil || len(all) == 0 {
		panic(fmt.Sprintf("phenotype: a file of definitions is broken: %v", err))
	}
	return all[1:]
}

// Groups are the phenotypes in the order of the benchmarks.
func Groups() []Group { return definitions().groups }

// Labels are the names of the phenotypes as columns.
func Labels() []string {
	var labels []string
	for _, g := range Groups() {
		labels = append(labels, g.Label)
	}
	return labels
}

// Of is the set of phenotypes that a code belongs to. Points and blanks in it are ignored.
func Of(v Version, code string) Set {
	code = strings.ToUpper(strings.NewReplacer(".", "", " ", "").Replace(code))
	return definitions().sets[v][code]
}
