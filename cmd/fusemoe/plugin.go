package main

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/fusemoe/fusemoe/core"
	"github.com/fusemoe/fusemoe/core/config"
	"github.com/fusemoe/fusemoe/plugins/vitals"
	"github.com/fusemoe/fusemoe/sdk"
)

// builtins are the plugins that are this executable, started again.
func builtins() map[string]func() sdk.Modality {
	return map[string]func() sdk.Modality{
		"vitals": func() sdk.Modality { return vitals.New() },
	}
}

// coreOptions opens the log and tells the library of it, of the progress display and
// of the built-in plugins.
func (a *app) coreOptions(settings config.Log) ([]core.Option, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("cannot find this executable, which is also its plugins: %w", err)
	}
	log := a.start(settings)
	options := []core.Option{core.WithLogger(log), core.WithProgress(a.progress)}
	for _, name := range slices.Sorted(maps.Keys(builtins())) {
		options = append(options, core.WithBuiltin(name, self, "plugin", "serve", name))
	}
	if a.dev {
		options = append(options, core.WithDev())
	}
	return options, nil
}

func (a *app) pluginCommand() *cobra.Command {
	serve := &cobra.Command{
		Use:     "serve NAME",
		Short:   "Be a built-in plugin; run starts it",
		Example: "  fusemoe plugin serve vitals",
		Args:    exactly(1, "the name of a plugin"),
		RunE: func(_ *cobra.Command, args []string) error {
			plugin, ok := builtins()[args[0]]
			if !ok {
				return fmt.Errorf("plugin serve: no built-in plugin %q; there are %s", args[0],
					strings.Join(slices.Sorted(maps.Keys(builtins())), ", "))
			}
			sdk.Serve(plugin())
			return errors.New("plugin serve: the plugin has returned")
		},
	}
	cmd := &cobra.Command{
		Use:     "plugin",
		Short:   "Serve a built-in plugin",
		Example: "  fusemoe plugin serve vitals",
		Hidden:  true,
	}
	cmd.AddCommand(serve, a.pluginLockCommand())
	group(cmd)
	return cmd
}
