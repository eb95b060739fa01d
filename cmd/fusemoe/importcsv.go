package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/fusemoe/fusemoe/core/ingest/extract"
	"github.com/fusemoe/fusemoe/core/ingest/mapped"
)

func (a *app) importCSVCommand() *cobra.Command {
	var f stayFlags
	var o mapped.Options
	cmd := &cobra.Command{
		Use:   "csv",
		Short: "Import your own tables, as a mapping file describes them",
		Long: `Import tables of your own, .csv or .csv.gz. A mapping, a YAML file, says which of them
has the stays and their outcome, which have what was recorded of them, and what their
columns are called; docs/import.md has one.

Nothing at or after the end of the window gets in, nor what was recorded before but
known after it. Splits are by patient. Memory does not grow with the tables.`,
		Example: `  fusemoe import csv --mapping mapping.yaml --to data/ward
  fusemoe import csv --mapping mapping.yaml --first-stay --min-age 18 --to data/adults`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if o.Mapping == "" {
				return errors.New("import csv: give the file that describes the tables with --mapping FILE")
			}
			var err error
			if o.Options, err = f.cohort(a); err != nil {
				return fmt.Errorf("import csv: %w", err)
			}
			return a.finish("csv", &o.Options, func() (*extract.Report, error) { return mapped.Import(cmd.Context(), o) })
		},
	}
	cmd.Flags().StringVar(&o.Mapping, "mapping", "", "YAML file that describes the tables")
	f.addCohort(cmd)
	return cmd
}
