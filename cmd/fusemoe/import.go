package main

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/fusemoe/fusemoe/core"
	"github.com/fusemoe/fusemoe/core/ingest/physionet2012"
)

func (a *app) importCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "import",
		Short: "Turn hospital databases and public data sets into a dataset folder, or draw one",
		Example: `  fusemoe import physionet2012 --train set-a.tar.gz --to data/physionet2012
  fusemoe import mimic-iv --hosp mimiciv/hosp --icu mimiciv/icu --to data/mimic-iv
  fusemoe import eicu --tables eicu-crd-2.0 --to data/eicu
  fusemoe import synthetic --to data/synthetic`,
	}
	cmd.AddCommand(
		a.importPhysioNet2012Command(), a.importMIMICIVCommand(), a.importMIMICIIICommand(), a.importEICUCommand(),
		a.importCSVCommand(), a.importMEDSCommand(), a.importSyntheticCommand())
	group(cmd)
	return cmd
}

func (a *app) importPhysioNet2012Command() *cobra.Command {
	var o physionet2012.Options
	cmd := &cobra.Command{
		Use:   "physionet2012",
		Short: "Import the PhysioNet Challenge 2012: mortality of ICU patients",
		Long: `Import the text files of the PhysioNet Challenge 2012. A source is a folder or a
.tar.gz of them; outcomes are found beside it, or named by --outcomes. Without
--val a fifth of the patients of --train is set aside.

In-hospital death and length of stay become tasks. Stays without any measurement
are left out and counted.`,
		Example: `  fusemoe import physionet2012 --train set-a.tar.gz --test set-b.tar.gz --to data/physionet2012
  fusemoe import physionet2012 --train set-a --outcomes Outcomes-a.txt --to data/a`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				return misused(cmd, "%s belongs to no flag; part the sources of a split by commas, --train a,b", args[0])
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, _ []string) error {
			switch {
			case len(o.Train) == 0:
				return errors.New("import physionet2012: give at least one source with --train SRC")
			case o.To == "":
				return errors.New("import physionet2012: give the folder to write with --to DIR")
			}
			settings, err := a.logSettings()
			if err != nil {
				return err
			}
			a.start(settings)
			count := &counter{progress: a.progress, name: "import"}
			o.Progress = count.to
			report, err := physionet2012.Import(cmd.Context(), o)
			if err != nil {
				return err
			}
			count.end()
			a.progress.close()
			return writeReport(a.out, report, o.To)
		},
	}
	f := cmd.Flags()
	f.StringSliceVar(&o.Train, "train", nil, "sources of the training split, parted by commas (repeatable)")
	f.StringSliceVar(&o.Val, "val", nil, "sources of the validation split")
	f.StringSliceVar(&o.Test, "test", nil, "sources of the test split")
	f.StringSliceVar(&o.Outcomes, "outcomes", nil, "outcome files, where they are not beside their source")
	f.StringVar(&o.To, "to", "", "dataset folder to write; it must be new or empty")
	return cmd
}

// writeReport says what was imported, and what was left out.
func writeReport(w io.Writer, r physionet2012.Report, to string) error {
	var b strings.Builder
	for i, split := range []string{"train", "val", "test"} {
		fmt.Fprintf(&b, "%-6s %5d stays, %4d deaths in hospital\n", split, r.Stays[i], r.Deaths[i])
	}
	if len(r.Empty) > 0 {
		fmt.Fprintf(&b, "left out  %2d stays in which nothing was measured\n", len(r.Empty))
	}
	for _, warning := range r.Warnings {
		fmt.Fprintf(&b, "warning: %s\n", warning)
	}
	fmt.Fprintf(&b, "written to %s\n", to)
	_, err := io.WriteString(w, b.String())
	return err
}

// counter turns counts of what is done into a stage, begun at the first.
type counter struct {
	progress core.Progress
	name     string
	meter    core.Meter
	done     int
}

func (c *counter) to(done, total int) {
	if c.meter == nil {
		c.meter = c.progress.Stage(c.name, total)
	}
	c.meter.Add(done - c.done)
	c.done = done
}

func (c *counter) end() {
	if c.meter != nil {
		c.meter.Done()
	}
}
