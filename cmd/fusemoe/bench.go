package main

import (
	"encoding/json"

	"github.com/spf13/cobra"

	"github.com/fusemoe/fusemoe/core/bench"
)

func (a *app) benchCommand() *cobra.Command {
	var o bench.Options
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "bench",
		Short: "Measure how close this machine comes to its own peak",
		Long: `Measure the work of training on this machine: matrix products, the expert pass,
attention over irregular times and a whole step. Each is compared with the
multiply-adds that the processors could do at best, probed in between, so that
other programs disturb both.

It takes half a minute, and most of the machine. FUSEMOE_KERNEL=generic, avx2 or
avx512 chooses other instructions than the best.`,
		Example: `  fusemoe bench
  fusemoe bench --json > machine.json
  fusemoe bench --growth`,
		Args: exactly(0, "flags only"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			o.Measuring = func(work string) { a.say("measuring " + work) }
			report, err := bench.Run(cmd.Context(), o)
			if err != nil {
				return err
			}
			if !asJSON {
				return report.WriteTable(a.out)
			}
			encoder := json.NewEncoder(a.out)
			encoder.SetIndent("", "  ")
			return encoder.Encode(report)
		},
	}
	f := cmd.Flags()
	f.BoolVar(&o.Growth, "growth", false, "measure how the time of a step grows with samples, observations and modalities")
	f.BoolVar(&asJSON, "json", false, "write JSON")
	return cmd
}
