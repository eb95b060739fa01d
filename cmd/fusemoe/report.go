package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/fusemoe/fusemoe/core"
)

func (a *app) reportCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "report RUN",
		Short: "Set the report of a run again",
		Long: `Set report.html and the figures of a run again, from the report.json that the run has
kept: neither the dataset nor the model is needed. fusemoe run does so at its end.`,
		Example: `  fusemoe report runs/first`,
		Args:    exactly(1, "the folder of a run"),
		RunE: func(cmd *cobra.Command, args []string) error {
			path, err := core.Report(cmd.Context(), args[0])
			if err != nil {
				return fmt.Errorf("report: %w", err)
			}
			_, err = fmt.Fprintln(a.out, path)
			return err
		},
	}
}
