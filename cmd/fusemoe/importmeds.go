package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/fusemoe/fusemoe/core/ingest/extract"
	"github.com/fusemoe/fusemoe/core/ingest/meds"
)

func (a *app) importMEDSCommand() *cobra.Command {
	var f stayFlags
	var o meds.Options
	cmd := &cobra.Command{
		Use:   "meds",
		Short: "Import the Medical Event Data Standard: Parquet files of events, with labels",
		Long: `Import data of the Medical Event Data Standard. A sample is a row of the labels
(subject_id, prediction_time, boolean_value): what is known of the subject in the hours
before the prediction. Its splits are those in metadata/subject_splits.parquet, if that
is there.

Without --variables the 64 codes of which most training samples have a number become the
channels. The map goes to variables.yaml, to be edited and given to --variables; its
table is called events.`,
		Example: `  fusemoe import meds --data MEDS_cohort --labels labels/mortality.parquet --window 48 --to data/meds
  fusemoe import meds --data MEDS_cohort --labels labels/mortality --window 24 --variables mine.yaml --to data/mine`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if o.Data == "" || o.Labels == "" {
				return errors.New("import meds: give the folder of the data with --data DIR and the labels with --labels FILE")
			}
			var err error
			if o.Options, err = f.cohort(a); err != nil {
				return fmt.Errorf("import meds: %w", err)
			}
			return a.finish("meds", &o.Options, func() (*extract.Report, error) { return meds.Import(cmd.Context(), o) })
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&o.Data, "data", "", "folder with data/ and metadata/")
	flags.StringVar(&o.Labels, "labels", "", "Parquet file of labels, or a folder of them")
	flags.Float64Var(&f.Rules.Window, "window", 0, "hours before a prediction that are used")
	flags.StringVar(&f.Variables, "variables", "", "map of measurements")
	f.addSplit(cmd)
	return cmd
}
