package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/fusemoe/fusemoe/core"
)

// togetherPage is where several runs are shown, unless --out says otherwise.
const togetherPage = "comparison.html"

func (a *app) reportCommand() *cobra.Command {
	var out string
	var resamples int
	cmd := &cobra.Command{
		Use:   "report RUN...",
		Short: "Show a run, or several side by side, on a page",
		Long: `Set report.html and the figures of a run again, from the report.json that the run has
kept: neither the dataset nor the model is needed. fusemoe run does so at its end.

Several runs are set side by side on a page of their own: figures and curves, the
paired differences of each from the first one, and the settings in which they differ.`,
		Example: `  fusemoe report runs/first
  fusemoe report runs/softmax runs/laplace runs/gaussian --out gates.html`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return misused(cmd, "want the folder of a run, or of several")
			}
			return nil
		},
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			return nil, cobra.ShellCompDirectiveFilterDirs
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if resamples < 0 {
				return errors.New("report: --resamples: want at least 0")
			}
			if len(args) == 1 && cmd.Flags().Changed("out") {
				return errors.New("report: --out is for several runs; the report of one is report.html in its folder")
			}
			return a.setReport(cmd, args, out, resamples)
		},
	}
	cmd.Flags().StringVar(&out, "out", togetherPage, "page of several runs")
	cmd.Flags().IntVar(&resamples, "resamples", 1000, "bootstrap resamples behind the differences; 0: no intervals")
	return cmd
}

func (a *app) setReport(cmd *cobra.Command, runs []string, path string, resamples int) error {
	settings, err := a.logSettings()
	if err != nil {
		return err
	}
	options, err := a.coreOptions(settings)
	if err != nil {
		return err
	}
	if len(runs) == 1 {
		path, err = core.Report(cmd.Context(), runs[0])
	} else {
		err = core.ReportTogether(cmd.Context(), runs, path, resamples, options...)
	}
	if err != nil {
		return fmt.Errorf("report: %w", err)
	}
	a.progress.close()
	_, err = fmt.Fprintln(a.out, path)
	return err
}
