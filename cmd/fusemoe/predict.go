package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/fusemoe/fusemoe/core"
	"github.com/fusemoe/fusemoe/core/data"
	"github.com/fusemoe/fusemoe/core/report"
)

// predictFlags are what predict is asked.
type predictFlags struct {
	data, split, format, out string
	seed                     uint64
	hide                     float64
}

func (a *app) predictCommand() *cobra.Command {
	var flags predictFlags
	cmd := &cobra.Command{
		Use:   "predict RUN",
		Short: "Apply what a run has learned to a dataset",
		Long: `Apply what a run has learned to the samples of a dataset folder. Predictions go to
standard output, or to the file of --out.`,
		Example: `  fusemoe predict runs/first --data new-patients > predictions.csv
  fusemoe predict runs/first --data study --split test --format jsonl --out test.jsonl
  fusemoe predict runs/first --data study --split test --hide 0.5 --out half.csv`,
		Args: exactly(1, "the folder of one run"),
		RunE: func(cmd *cobra.Command, args []string) error { return a.predict(cmd, args[0], flags) },
	}
	a.addDev(cmd)
	f := cmd.Flags()
	f.StringVar(&flags.data, "data", "", "dataset folder")
	f.StringVar(&flags.split, "split", "", "only this split: train, val, test (default all samples)")
	f.StringVar(&flags.format, "format", "csv", "csv, or jsonl: one JSON object a line")
	f.StringVar(&flags.out, "out", "", "file to write, in place of standard output")
	f.Uint64Var(&flags.seed, "seed", 0, "seed of the training to use (default the run's lowest)")
	f.Float64Var(&flags.hide, "hide", 0, "hide this share of each sample's modalities, drawn at random, to see how predictions bear it")
	return cmd
}

func (a *app) predict(cmd *cobra.Command, run string, flags predictFlags) (err error) {
	if flags.data == "" {
		return errors.New("predict: give the dataset folder with --data DIR")
	}
	format := report.Format(flags.format)
	if format != report.CSV && format != report.JSONLines {
		return fmt.Errorf("predict: --format %s: want %s or %s", format, report.CSV, report.JSONLines)
	}
	if !(flags.hide >= 0 && flags.hide < 1) {
		return fmt.Errorf("predict: --hide %v: want a share from 0 to below 1, such as 0.5", flags.hide)
	}
	var split *data.Split
	if flags.split != "" {
		s, err := data.ParseSplit(flags.split)
		if err != nil {
			return fmt.Errorf("predict: --split: %w", err)
		}
		split = &s
	}
	settings, err := a.logSettings()
	if err != nil {
		return err
	}
	options, err := a.coreOptions(settings)
	if err != nil {
		return err
	}
	if cmd.Flags().Changed("seed") {
		options = append(options, core.WithSeed(flags.seed))
	}
	options = append(options, core.WithHidden(flags.hide))
	p, err := core.OpenRun(cmd.Context(), run, options...)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, p.Close()) }()
	return writeTo(flags.out, a.out, func(w io.Writer) error {
		return p.PredictDataset(cmd.Context(), flags.data, split, w, format)
	})
}

// writeTo runs write on stdout or, where path is given, on a file that appears under
// its name only when it is whole.
func writeTo(path string, stdout io.Writer, write func(io.Writer) error) (err error) {
	if path == "" {
		return write(stdout)
	}
	partial := filepath.Join(filepath.Dir(path), "."+filepath.Base(path)+".partial")
	if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() {
		return fmt.Errorf("--out: %s is there and is no file; name a file", path)
	}
	file, err := os.Create(partial)
	if err != nil {
		return fmt.Errorf("--out: cannot write in %s: %w", filepath.Dir(path), reason(err))
	}
	err = errors.Join(write(file), file.Sync(), file.Close())
	if err == nil {
		err = os.Rename(partial, path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(partial))
	}
	return nil
}

// reason drops the path of an error of the file system, of a file that nobody named.
func reason(err error) error {
	var p *fs.PathError
	if errors.As(err, &p) {
		return p.Err
	}
	return err
}
