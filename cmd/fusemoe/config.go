package main

import (
	"fmt"

	"github.com/spf13/cobra"
)

func (a *app) configCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "config",
		Short: "Show or check the settings of a run",
		Example: `  fusemoe config show study.yaml --set preset=paper
  fusemoe config check study.yaml`,
	}
	cmd.AddCommand(a.configShowCommand(), a.configCheckCommand())
	group(cmd)
	return cmd
}

func (a *app) configShowCommand() *cobra.Command {
	var flags configFlags
	cmd := &cobra.Command{
		Use:   "show [CONFIG]",
		Short: "Print every setting and where it comes from",
		Long: `Print every setting of a run as YAML, with a comment that says where its value comes
from. What it prints is itself a config.`,
		Example: `  fusemoe config show
  fusemoe config show study.yaml --set preset=paper > full.yaml`,
		RunE: func(cmd *cobra.Command, args []string) error {
			cfg, err := flags.load(a, cmd, args)
			if err != nil {
				return err
			}
			return cfg.WriteYAML(a.out)
		},
	}
	flags.add(cmd)
	return cmd
}

func (a *app) configCheckCommand() *cobra.Command {
	var flags configFlags
	cmd := &cobra.Command{
		Use:   "check [CONFIG]",
		Short: "Exit with 0 if the settings of a run are valid, else say why not",
		Long: `Check the settings of a run: keys, types and combinations. Datasets and plugins are
checked when a run begins.`,
		Example: `  fusemoe config check study.yaml && fusemoe run study.yaml`,
		RunE: func(cmd *cobra.Command, args []string) error {
			cfg, err := flags.load(a, cmd, args)
			if err != nil {
				return err
			}
			_, err = fmt.Fprintf(a.out, "ok: %d modalities, %s router with %s gate\n", len(cfg.Modalities),
				cfg.Model.Router.Kind, cfg.Model.Router.Gate)
			return err
		},
	}
	flags.add(cmd)
	return cmd
}
