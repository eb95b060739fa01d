package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/fusemoe/fusemoe/core"
	"github.com/fusemoe/fusemoe/core/data"
	"github.com/fusemoe/fusemoe/core/report"
	"github.com/fusemoe/fusemoe/core/report/page"
)

// explainFlags are what explain is asked.
type explainFlags struct {
	question          core.Question
	data, format, out string
	seed              uint64
}

// explanations are the ways to write one.
var explanations = map[string]func(report.Explanation, io.Writer) error{
	"text": report.Explanation.WriteText,
	"json": report.Explanation.WriteJSON,
	"html": func(e report.Explanation, w io.Writer) error { return page.WriteExplanation(w, e) },
}

func (a *app) explainCommand() *cobra.Command {
	var flags explainFlags
	cmd := &cobra.Command{
		Use:   "explain RUN --sample ID",
		Short: "Say why the model predicts what it does of one sample",
		Long: `Say why the model of a run predicts what it does of one sample: what each modality
adds, which observations mattered most, which experts it used and why these are not
those of the other samples.

The sample is one of the run's own dataset, or of the folder of --data. It shows what
was recorded of a patient: treat it as you treat the dataset.`,
		Example: `  fusemoe explain runs/first --sample 132539
  fusemoe explain runs/first --sample 132539 --format html --out 132539.html
  fusemoe explain runs/first --sample new-1 --data new-patients --task phenotypes --output sepsis`,
		Args: exactly(1, "the folder of one run"),
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			return nil, cobra.ShellCompDirectiveFilterDirs
		},
		RunE: func(cmd *cobra.Command, args []string) error { return a.explain(cmd, args[0], flags) },
	}
	a.addDev(cmd)
	f := cmd.Flags()
	f.StringVar(&flags.question.Sample, "sample", "", "identifier of the sample")
	f.StringVar(&flags.question.Task, "task", "", "task to explain (default the model's first)")
	f.StringVar(&flags.question.Output, "output", "", "label or class to explain (default that of the highest score)")
	f.StringVar(&flags.data, "data", "", "dataset folder (default the run's own dataset)")
	f.StringVar(&flags.format, "format", "text", "text, json, or html: a page")
	f.StringVar(&flags.out, "out", "", "file to write, in place of standard output")
	f.Uint64Var(&flags.seed, "seed", 0, "seed of the training to use (default the run's lowest)")
	return cmd
}

func (a *app) explain(cmd *cobra.Command, run string, flags explainFlags) (err error) {
	write := explanations[flags.format]
	switch {
	case flags.question.Sample == "":
		return misused(cmd, "give the identifier of a sample with --sample ID")
	case write == nil:
		return fmt.Errorf("explain: --format %s: want text, json or html", flags.format)
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
	p, err := core.OpenRun(cmd.Context(), run, options...)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, p.Close()) }()
	d, err := a.samples(cmd.Context(), p, flags.data)
	if err != nil {
		return err
	}
	e, err := p.Explain(cmd.Context(), d, flags.question)
	if err != nil {
		return fmt.Errorf("explain: %w", err)
	}
	a.progress.close()
	return writeTo(flags.out, a.out, func(w io.Writer) error { return write(e, w) })
}

// samples opens the dataset in a folder, or the one that a run was trained on.
func (a *app) samples(ctx context.Context, p *core.Predictor, path string) (*data.Dataset, error) {
	var with []data.Option
	switch {
	case path != "":
		with = append(with, data.Unlabelled())
	case p.Data() == "":
		return a.exampleData(ctx)
	default:
		path = p.Data()
	}
	stage := a.progress.Stage("open "+filepath.Base(path), 0)
	d, err := data.Open(path, with...)
	if err != nil {
		return nil, err
	}
	stage.Done()
	return d, ctx.Err()
}
