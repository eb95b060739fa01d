package main

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/fusemoe/fusemoe/core/data/synth"
)

func (a *app) importSyntheticCommand() *cobra.Command {
	var o synth.Options
	cmd := &cobra.Command{
		Use:   "synthetic",
		Short: "Draw a synthetic cohort: charts, notes, ECGs and chest images of nobody",
		Long: `Draw patients who never lived, and write what a hospital would have of them: a
table of measurements, notes, 12-lead ECGs as WFDB records and chest images as
JPEG, with outcomes. It is there to try everything with data that may be shown to
anybody, and is no evidence for anything clinical.

The same number of samples and the same seed give the same files. 2,000 samples
take about 180 MB.`,
		Example: `  fusemoe import synthetic --to data/synthetic
  fusemoe run examples/four-modalities/config.yaml --data data/synthetic
  fusemoe import synthetic --samples 200 --seed 7 --to data/small`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if o.To == "" {
				return errors.New("import synthetic: give the folder to write with --to DIR")
			}
			settings, err := a.logSettings()
			if err != nil {
				return err
			}
			a.start(settings)
			count := &counter{progress: a.progress, name: "draw"}
			o.Progress = count.to
			report, err := synth.Write(cmd.Context(), o)
			if err != nil {
				return fmt.Errorf("import synthetic: %w", err)
			}
			count.end()
			a.progress.close()
			return writeSynthetic(a.out, report, o.To)
		},
	}
	f := cmd.Flags()
	f.IntVar(&o.Samples, "samples", 2000, "how many patients, 20 or more")
	f.Uint64Var(&o.Seed, "seed", 1, "decides everything about them")
	f.StringVar(&o.To, "to", "", "dataset folder to write; it must be new or empty")
	return cmd
}

// writeSynthetic says what was drawn.
func writeSynthetic(w io.Writer, r synth.Report, to string) error {
	var b strings.Builder
	total := 0
	for i, split := range []string{"train", "val", "test"} {
		fmt.Fprintf(&b, "%-13s %5d stays, %4d deaths in hospital\n", split, r.Samples[i], r.Deaths[i])
		total += r.Samples[i]
	}
	for _, c := range r.Having {
		fmt.Fprintf(&b, "%-13s %5d stays, %4.1f %%\n", c.Modality, c.Samples, 100*float64(c.Samples)/float64(total))
	}
	fmt.Fprintf(&b, "The true probabilities have AUROC %.3f on the test split: nothing can expect more.\nwritten to %s\n", r.Bound, to)
	fmt.Fprintf(&b, "next: fusemoe run examples/four-modalities/config.yaml --data %s\n", to)
	_, err := io.WriteString(w, b.String())
	return err
}
