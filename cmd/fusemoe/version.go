package main

import (
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"

	"github.com/fusemoe/fusemoe/core/kernel"
)

func (a *app) versionCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "version",
		Short:   "Print the version and the instructions that it computes with",
		Example: "  fusemoe version",
		Args:    exactly(0, "nothing more"),
		RunE: func(*cobra.Command, []string) error {
			path, err := kernel.Path()
			if err == nil {
				_, err = fmt.Fprintf(a.out, "fusemoe %s, kernels in %s\n", version(), path)
			}
			return err
		},
	}
}

// version is what the Go command has stamped into the executable.
func version() string {
	name, commit := "(devel)", ""
	if info, ok := debug.ReadBuildInfo(); ok {
		if info.Main.Version != "" {
			name = info.Main.Version
		}
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" {
				commit = ", commit " + s.Value[:min(12, len(s.Value))]
			}
		}
	}
	return fmt.Sprintf("%s (%s, %s/%s%s)", name, runtime.Version(), runtime.GOOS, runtime.GOARCH, commit)
}
