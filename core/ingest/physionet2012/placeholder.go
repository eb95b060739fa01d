// Package physionet2012 is a placeholder with the agreed signature; the importer
// takes this file's place.
package physionet2012

import (
	"context"
	"errors"
)

// Options says what is imported and where to.
type Options struct {
	Train, Val, Test, Outcomes []string
	To                         string
	Progress                   func(done, total int)
}

// Report counts what was imported.
type Report struct {
	Stays    [3]int
	Deaths   [3]int
	Empty    []string
	Warnings []string
}

// Import writes the challenge's text files as a dataset on disk.
func Import(context.Context, Options) (Report, error) {
	return Report{}, errors.New("package physionet2012 is not in this branch")
}
