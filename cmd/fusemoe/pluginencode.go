package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strconv"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/fusemoe/fusemoe/core/host"
	"github.com/fusemoe/fusemoe/sdk"
	"github.com/fusemoe/fusemoe/sdk/modalitypb"
	"github.com/fusemoe/fusemoe/sdk/sdktest"
)

func (a *app) pluginEncodeCommand() *cobra.Command {
	var input pluginInput
	var around surroundings
	cmd := &cobra.Command{
		Use:   "encode PLUGIN",
		Short: "Show what a plugin makes of samples",
		Long: `Start a plugin and print what it makes of the samples in a file. A plugin that learns
from the training split learns from these samples.`,
		Example: `  fusemoe plugin encode ./gait/gait --sample gait/testdata/samples.json
  fusemoe plugin encode vitals --config channels.yaml --sample stays.json`,
		Args: exactly(1, "the plugin's name or path"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := a.pluginEncode(cmd.Context(), args[0], input, around); err != nil {
				return fmt.Errorf("plugin encode: %w", err)
			}
			return nil
		},
	}
	input.add(cmd, "sample")
	around.add(cmd)
	return cmd
}

func (a *app) pluginEncode(ctx context.Context, name string, input pluginInput, around surroundings) error {
	argv, err := pluginArgv(name)
	if err != nil {
		return err
	}
	box, err := around.box(name)
	if err != nil {
		return err
	}
	config, err := input.settings()
	if err != nil {
		return err
	}
	samples, err := input.read(name)
	if err != nil {
		return err
	}
	if len(samples) == 0 {
		return errors.New("no samples; give a file with --sample FILE")
	}
	settings, err := a.logSettings()
	if err != nil {
		return err
	}
	modality := filepath.Base(name)
	fleet, err := host.Start(ctx, a.start(settings), []host.Spec{{Name: modality, Command: argv, Config: config, Env: around.env, Sandbox: box}})
	if err != nil {
		return err
	}
	defer fleet.Stop()
	plugin := fleet.Plugin(modality)
	if plugin.Describe().GetFits() {
		state, err := plugin.Fit(ctx, messages(samples), nil)
		if err != nil {
			return err
		}
		if err := plugin.Configure(ctx, state); err != nil {
			return err
		}
	}
	refused := 0
	err = plugin.Encode(ctx, messages(samples), func(i int, r *modalitypb.Result) error {
		if r.GetError() != nil {
			refused++
		}
		return writeResult(a.out, samples[i].ID, plugin, r)
	})
	if err == nil && refused > 0 {
		err = fmt.Errorf("%d of %d samples could not be encoded", refused, len(samples))
	}
	return err
}

func messages(samples []sdk.Sample) host.Samples {
	return func(yield func(*modalitypb.Sample, error) bool) {
		for _, s := range samples {
			if !yield(sdktest.Message(s), nil) {
				return
			}
		}
	}
}

// maxColumns is how many values of a vector are shown: what fits on a line.
const maxColumns = 8

// writeResult writes the vectors of one sample, a line each. A value that was not observed
// is a point.
func writeResult(out io.Writer, id string, plugin *host.Plugin, r *modalitypb.Result) error {
	if bad := r.GetError(); bad != nil {
		_, err := fmt.Fprintf(out, "%s: cannot be encoded: %s\n", id, joined(bad.GetSummary(), bad.GetDetail()))
		return err
	}
	dim := plugin.Dim()
	times, values, observed, err := r.GetSequence().Unpack(dim)
	if err != nil {
		return err
	}
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	if len(times) == 0 {
		_, err := fmt.Fprintf(out, "%s: nothing; the modality is missing in it\n", id)
		return err
	}
	_, _ = fmt.Fprintf(out, "%s: %d x %d\n", id, len(times), dim) // Flush tells
	shown := min(dim, maxColumns)
	_, _ = fmt.Fprintln(w, strings.Join(header(plugin.Features(), dim, shown), "\t")+"\t")
	for i, t := range times {
		row := []string{number(t, 64)}
		for j := range shown {
			k := i*dim + j
			if observed != nil && !observed[k] {
				row = append(row, ".")
				continue
			}
			row = append(row, number(float64(values[k]), 32))
		}
		_, _ = fmt.Fprintln(w, strings.Join(row, "\t")+"\t")
	}
	return w.Flush()
}

// joined is a sentence and, if there is one, its second half.
func joined(summary, detail string) string {
	if detail == "" {
		return summary
	}
	return summary + "; " + detail
}

// header names the columns: the features, if they have names, or their numbers.
func header(features []string, dim, shown int) []string {
	names := []string{"time"}
	for j := range shown {
		name := strconv.Itoa(j)
		if j < len(features) {
			name = features[j]
		}
		names = append(names, name)
	}
	if dim > shown {
		names = append(names, fmt.Sprintf("and %d more", dim-shown))
	}
	return names
}

func number(x float64, bits int) string { return strconv.FormatFloat(x, 'g', 6, bits) }
