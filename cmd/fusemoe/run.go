package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/fusemoe/fusemoe/core"
	"github.com/fusemoe/fusemoe/core/config"
	"github.com/fusemoe/fusemoe/core/data"
	"github.com/fusemoe/fusemoe/examples"
)

func (a *app) runCommand() *cobra.Command {
	var flags configFlags
	var resume string
	cmd := &cobra.Command{
		Use:   "run [CONFIG]",
		Short: "Encode, train and evaluate",
		Long: `Encode a dataset with the plugins that a config names, train a model for each
seed, and evaluate it on the validation and test splits.

Without a config it runs the built-in example: 1,000 ICU stays of the PhysioNet
Challenge 2012 in six modalities and a summary of them.

Settings come from, the last wins: defaults, preset, config file, variables
such as FUSEMOE_TRAIN_EPOCHS, flags. The run folder holds all that comes of it.

A run that was cut short, by Ctrl-C or worse, goes on with --resume DIR after its
last finished epoch, and ends as if nothing had happened.`,
		Example: `  fusemoe run
  fusemoe run study.yaml --out runs/first
  fusemoe run study.yaml --data other --seeds 1,2,3
  fusemoe run study.yaml --set model.router.gate=softmax --set modalities.0.config.scale=none
  FUSEMOE_MODEL_ROUTER_TOP_K=2 fusemoe run study.yaml
  fusemoe run --resume runs/first`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if resume != "" {
				cfg, err := flags.resumed(a, cmd, args, resume)
				if err != nil {
					return err
				}
				return a.run(cmd.Context(), cfg, core.WithResume())
			}
			cfg, err := flags.load(a, cmd, args)
			if err != nil {
				return err
			}
			return a.run(cmd.Context(), cfg)
		},
	}
	flags.add(cmd)
	a.addDev(cmd)
	cmd.Flags().StringVar(&resume, "resume", "", "go on with the run in this folder, with its own settings")
	return cmd
}

func (a *app) run(ctx context.Context, cfg *config.Config, extra ...core.Option) (err error) {
	options, err := a.coreOptions(cfg.Log)
	if err != nil {
		return err
	}
	options = append(options, extra...)
	if cfg.Data.Path == "" {
		example, err := a.exampleData(ctx)
		if err != nil {
			return err
		}
		options = append(options, core.WithDataset(example))
	}
	rt, err := core.Open(ctx, cfg, options...)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, rt.Close()) }()
	summary, err := rt.Run(ctx)
	if err != nil {
		return err
	}
	a.progress.close()
	if err := summary.WriteTable(a.out); err != nil {
		return fmt.Errorf("%s has everything, but its table cannot be shown: %w", summary.Dir, err)
	}
	page := filepath.Join(summary.Dir, "report.html")
	if cfg.Data.Folds > 0 || len(cfg.Data.Splits) > 1 {
		page = filepath.Join(summary.Dir, "*", "report.html")
	}
	_, err = fmt.Fprintf(a.out, "\n%s shows it all.\n%s has the rest: metrics.json, predictions, checkpoint, log, figures.\n",
		page, summary.Dir)
	return err
}

// exampleData is the dataset of the built-in example. It is in memory, so the folder
// that it was unpacked to need not stay.
func (a *app) exampleData(ctx context.Context) (d *data.Dataset, err error) {
	stage := a.progress.Stage("open the "+exampleName, 0)
	dir, err := os.MkdirTemp("", "fusemoe-example-")
	if err != nil {
		return nil, fmt.Errorf("no place to unpack the built-in example, set TMPDIR to a folder that can be written: %w", err)
	}
	defer func() {
		if err = errors.Join(err, os.RemoveAll(dir)); err == nil {
			stage.Done()
		}
	}()
	if err := examples.PhysioNet2012(dir); err != nil {
		return nil, err
	}
	if d, err = data.Open(dir); err != nil {
		return nil, err
	}
	return d, ctx.Err()
}
