package main

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/fusemoe/fusemoe/core"
)

func (a *app) pluginListCommand() *cobra.Command {
	var dir string
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List the plugins that a config can name",
		Long: `List the plugins that a config can name: those that are built in, and those in the
plugin folder, none of which is started. Any other plugin is named by its path.`,
		Example: `  fusemoe plugin list
  fusemoe plugin list --dir plugins`,
		Args: exactly(0, "nothing more"),
		RunE: func(*cobra.Command, []string) error {
			if err := a.pluginList(dir); err != nil {
				return fmt.Errorf("plugin list: %w", err)
			}
			return nil
		},
	}
	cmd.Flags().StringVar(&dir, "dir", "", "plugin folder, as plugins.dir in configs (default those where configs look)")
	return cmd
}

func (a *app) pluginList(dir string) error {
	w := tabwriter.NewWriter(a.out, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintln(w, "NAME\tVERSION\tWHERE") // Flush tells
	for _, name := range slices.Sorted(maps.Keys(builtins())) {
		_, _ = fmt.Fprintf(w, "%s\t%s\tbuilt in\n", name, builtins()[name]().Info().Version)
	}
	paths, err := installed(dir)
	if err != nil {
		return err
	}
	for _, path := range paths {
		name := strings.TrimPrefix(filepath.Base(path), "fusemoe-")
		_, _ = fmt.Fprintf(w, "%s\t\t%s\n", name, path)
	}
	return w.Flush()
}

// installed are the plugins in the folder dir, or where that is empty, in those where configs
// look, which need not be there.
func installed(dir string) ([]string, error) {
	if dir != "" {
		return pluginsIn(dir, "")
	}
	dirs, err := core.PluginDirs()
	if err != nil {
		return nil, err
	}
	prefix := "fusemoe-" // beside the program there may be any others
	var paths []string
	for _, dir := range dirs {
		found, err := pluginsIn(dir, prefix)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
		paths, prefix = append(paths, found...), ""
	}
	return paths, nil
}

// pluginsIn are the plugins in a folder: executables whose names have the prefix, and folders
// with a plugin.json.
func pluginsIn(dir, prefix string) ([]string, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	var paths []string
	for _, e := range entries {
		path := filepath.Join(dir, e.Name())
		info, err := os.Stat(path)
		switch {
		case errors.Is(err, fs.ErrNotExist): // a broken link
		case err != nil:
			return nil, err
		case info.IsDir():
			if _, err := os.Stat(filepath.Join(path, "plugin.json")); err == nil {
				paths = append(paths, path)
			}
		case strings.HasPrefix(e.Name(), prefix) && info.Mode()&0o111 != 0:
			paths = append(paths, path)
		}
	}
	return paths, nil
}
