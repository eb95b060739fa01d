package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/fusemoe/fusemoe/core"
	"github.com/fusemoe/fusemoe/core/lock"
)

// addDev adds the flag that runs plugins unverified.
func (a *app) addDev(cmd *cobra.Command) {
	cmd.Flags().BoolVar(&a.dev, "dev", false, "run plugins that are not locked too, while you write one")
}

func (a *app) pluginLockCommand() *cobra.Command {
	var dir string
	var around surroundings
	cmd := &cobra.Command{
		Use:   "lock PLUGIN...",
		Short: "Agree to plugins as they are now",
		Long: `Agree to plugins as they are now: write their hashes to fusemoe.lock in this folder.
Other plugins than those do not run, nor those once a byte of them has changed. Keep
the file with the configs.

A plugin is named as configs name it: a path with a slash, or a name of what is in the
plugin folder. The built-in plugins are part of fusemoe and need no lock.`,
		Example: `  fusemoe plugin lock ./plugins/gait
  fusemoe plugin lock gait posture --dir /opt/fusemoe/plugins
  fusemoe plugin lock ./examples/python-notes --env PYTHONPATH`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return misused(cmd, "want the plugins to lock")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error { return a.lockPlugins(cmd, args, dir, around) },
	}
	cmd.Flags().StringVar(&dir, "dir", "", "folder of plugins that are given by name, as plugins.dir in configs")
	around.add(cmd)
	return cmd
}

func (a *app) lockPlugins(cmd *cobra.Command, plugins []string, dir string, around surroundings) error {
	settings, err := a.logSettings()
	if err != nil {
		return err
	}
	log := a.start(settings)
	for _, plugin := range plugins {
		if _, ok := builtins()[plugin]; ok {
			return fmt.Errorf("lock: %s is built in and needs no lock", plugin)
		}
		box, err := around.box(plugin)
		if err != nil {
			return fmt.Errorf("lock: %w", err)
		}
		entry, err := core.LockPlugin(cmd.Context(), log, lock.FileName, core.PluginToLock{Name: plugin, Dir: dir, Env: around.env, Sandbox: box})
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(a.out, "%s %s is locked in %s: %s\n", plugin, entry.Version, lock.FileName, entry.Hash)
		if err != nil {
			return err
		}
	}
	return nil
}
