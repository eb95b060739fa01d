package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/fusemoe/fusemoe/core"
	"github.com/fusemoe/fusemoe/core/report"
)

func (a *app) compareCommand() *cobra.Command {
	var format string
	var resamples int
	cmd := &cobra.Command{
		Use:   "compare RUN RUN...",
		Short: "Say whether one run is better than another",
		Long: `Compare each further run with the first one on the test samples that both have:
every metric of both, and the difference with its 95 % interval by paired bootstrap
over patients. Of a run with several seeds their ensemble counts, where it has one
(run.ensemble), and otherwise the mean of their metrics.

In place of a run folder, a CSV file with the columns of predictions.csv does, so
that any other model can be compared with a run.`,
		Example: `  fusemoe compare runs/softmax runs/laplace
  fusemoe compare runs/first boosting.csv
  fusemoe compare runs/none runs/a runs/b --format json > differences.json`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) < 2 {
				return misused(cmd, "want two runs or more, not %d", len(args))
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if format != "table" && format != "json" {
				return fmt.Errorf("compare: --format %s: want table or json", format)
			}
			if resamples < 0 {
				return errors.New("compare: --resamples: want at least 0")
			}
			return a.compare(cmd.Context(), args, resamples, format)
		},
	}
	f := cmd.Flags()
	f.StringVar(&format, "format", "table", "table, or json")
	f.IntVar(&resamples, "resamples", 1000, "bootstrap resamples behind the intervals; 0: no intervals")
	_ = cmd.RegisterFlagCompletionFunc("format", cobra.FixedCompletions([]string{"table", "json"}, cobra.ShellCompDirectiveNoFileComp))
	return cmd
}

func (a *app) compare(ctx context.Context, runs []string, resamples int, format string) error {
	settings, err := a.logSettings()
	if err != nil {
		return err
	}
	options, err := a.coreOptions(settings)
	if err != nil {
		return err
	}
	all, err := core.Compare(ctx, runs, resamples, options...)
	if err != nil {
		return fmt.Errorf("compare: %w", err)
	}
	a.progress.close()
	if format == "json" {
		return report.WriteComparisonsJSON(a.out, all)
	}
	return report.WriteComparisons(a.out, all)
}
