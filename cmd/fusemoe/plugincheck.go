package main

import (
	"encoding/json"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/fusemoe/fusemoe/core/host/sandbox"
	"github.com/fusemoe/fusemoe/sdk/sdktest"
)

func (a *app) pluginCheckCommand() *cobra.Command {
	var input pluginInput
	var asJSON bool
	var around surroundings
	cmd := &cobra.Command{
		Use:   "check PLUGIN",
		Short: "Check that a plugin keeps the contract",
		Long: `Start a plugin, an executable in any language or a folder with a plugin.json, and
check that it keeps what plugins promise. Each failure comes with advice. Samples
make the check worth more.`,
		Example: `  fusemoe plugin check ./gait/gait
  fusemoe plugin check ./sleep --config sleep.yaml --samples nights.json
  fusemoe plugin check vitals --config channels.yaml --json`,
		Args: exactly(1, "the plugin's path"),
		RunE: func(cmd *cobra.Command, args []string) error {
			argv, err := pluginArgv(args[0])
			if err != nil {
				return fmt.Errorf("plugin check: %w", err)
			}
			box, err := around.box(args[0])
			if err != nil {
				return fmt.Errorf("plugin check: %w", err)
			}
			if box != nil {
				argv = sandbox.Command(box.Wrapper, sandbox.Rules{Read: box.Read}, argv)
			}
			c := sdktest.Case{Env: around.env}
			settings, err := input.settings()
			if err == nil {
				c.Config = string(settings)
				c.Samples, err = input.read(args[0])
			}
			if err != nil {
				return fmt.Errorf("plugin check: %w", err)
			}
			findings := newFindings(a.out, asJSON)
			sdktest.Examine(cmd.Context(), argv, c, findings.add)
			if err := cmd.Context().Err(); err != nil {
				return err
			}
			return findings.close()
		},
	}
	input.add(cmd, "samples")
	around.add(cmd)
	cmd.Flags().BoolVar(&asJSON, "json", false, "print one JSON object per check, a line each")
	return cmd
}

// findings prints what a check finds, as it comes, and counts it.
type findings struct {
	out    io.Writer
	asJSON bool
	count  map[sdktest.Status]int
	err    error // of writing
}

func newFindings(out io.Writer, asJSON bool) *findings {
	return &findings{out: out, asJSON: asJSON, count: map[sdktest.Status]int{}}
}

func (f *findings) add(one sdktest.Finding) {
	f.count[one.Status]++
	if f.err != nil {
		return
	}
	switch {
	case f.asJSON:
		f.err = json.NewEncoder(f.out).Encode(one)
	case one.Status == sdktest.Failed:
		_, f.err = fmt.Fprintf(f.out, "FAIL  %s: %s\n      %s\n", one.Check, one.Message, one.Advice)
	case one.Status == sdktest.Skipped:
		_, f.err = fmt.Fprintf(f.out, "skip  %s: %s\n", one.Check, one.Message)
	default:
		_, f.err = fmt.Fprintf(f.out, "ok    %s\n", one.Check)
	}
}

// close prints the count; failures are an error.
func (f *findings) close() error {
	if f.err != nil {
		return f.err
	}
	failed := f.count[sdktest.Failed]
	if failed > 0 {
		return fmt.Errorf("plugin check: %d of %d checks failed", failed, failed+f.count[sdktest.Passed])
	}
	if f.asJSON {
		return nil
	}
	_, err := fmt.Fprintf(f.out, "%d checks passed, %d skipped\n", f.count[sdktest.Passed], f.count[sdktest.Skipped])
	return err
}
