package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"go.yaml.in/yaml/v3"

	"github.com/fusemoe/fusemoe/core"
	"github.com/fusemoe/fusemoe/core/config"
	"github.com/fusemoe/fusemoe/plugins/cxr"
	"github.com/fusemoe/fusemoe/plugins/ecg"
	"github.com/fusemoe/fusemoe/plugins/notes"
	"github.com/fusemoe/fusemoe/plugins/vitals"
	"github.com/fusemoe/fusemoe/sdk"
	"github.com/fusemoe/fusemoe/sdk/command"
	"github.com/fusemoe/fusemoe/sdk/sdktest"
)

// builtins are the plugins that are this executable, started again.
func builtins() map[string]func() sdk.Modality {
	return map[string]func() sdk.Modality{
		"cxr":    func() sdk.Modality { return cxr.New() },
		"ecg":    func() sdk.Modality { return ecg.New() },
		"notes":  func() sdk.Modality { return notes.New() },
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
	attached, err := reattach(a.environ)
	if err != nil {
		return nil, err
	}
	log := a.start(settings)
	options := []core.Option{core.WithLogger(log), core.WithProgress(a.progress), core.WithAttached(attached)}
	options = append(options, core.WithSandbox(confiner(self)...))
	for _, name := range slices.Sorted(maps.Keys(builtins())) {
		options = append(options, core.WithBuiltin(name, self, "plugin", "serve", name))
	}
	if a.dev {
		options = append(options, core.WithDev())
	}
	return options, nil
}

// reattach reads FUSEMOE_REATTACH, name=socket,name=socket, as plugins started with -debug
// print it.
func reattach(environ []string) (map[string]string, error) {
	sockets := map[string]string{}
	for _, entry := range environ {
		text, ok := strings.CutPrefix(entry, sdk.ReattachEnv+"=")
		if !ok || text == "" {
			continue
		}
		for one := range strings.SplitSeq(text, ",") {
			name, socket, ok := strings.Cut(one, "=")
			if !ok || name == "" || !filepath.IsAbs(socket) {
				return nil, fmt.Errorf("%s: want name=socket, as a plugin started with -debug prints it, not %q", sdk.ReattachEnv, one)
			}
			sockets[name] = socket
		}
	}
	return sockets, nil
}

func (a *app) pluginCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "plugin",
		Short: "Write, check and look at modality plugins",
		Example: `  fusemoe plugin new gait
  fusemoe plugin check ./gait/gait
  fusemoe plugin lock ./gait/gait
  fusemoe plugin docs vitals`,
	}
	cmd.AddCommand(a.pluginNewCommand(), a.pluginCheckCommand(), a.pluginEncodeCommand(), a.pluginDescribeCommand(),
		a.pluginDocsCommand(), a.pluginListCommand(), a.pluginLockCommand(), a.pluginServeCommand(), a.pluginConfineCommand())
	group(cmd)
	return cmd
}

func (a *app) pluginServeCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "serve NAME",
		Short:   "Be a built-in plugin; run starts it",
		Example: "  fusemoe plugin serve vitals",
		Hidden:  true,
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
}

// pluginArgv is what starts the plugin that a command line names: a built-in one, a path to
// an executable or to a folder with a plugin.json, or the name of one in a plugin folder.
func pluginArgv(name string) ([]string, error) {
	if _, ok := builtins()[name]; ok {
		self, err := os.Executable()
		if err != nil {
			return nil, fmt.Errorf("cannot find this executable, which is also its plugins: %w", err)
		}
		return []string{self, "plugin", "serve", name}, nil
	}
	if _, err := os.Stat(name); err != nil && !strings.ContainsRune(name, '/') {
		found, err := core.FindPlugin(name, "")
		if found == "" {
			return nil, fmt.Errorf("%w, nor here; give a path or one of the built-in plugins: %s", err,
				strings.Join(slices.Sorted(maps.Keys(builtins())), ", "))
		}
		name = found
	}
	return command.Of(name)
}

// pluginInput is what a plugin is tried with.
type pluginInput struct{ config, samples string }

func (p *pluginInput) add(cmd *cobra.Command, samples string) {
	cmd.Flags().StringVar(&p.config, "config", "", "file with the plugin's own config, YAML or JSON")
	cmd.Flags().StringVar(&p.samples, samples, "", "file with samples, a JSON list (default testdata/samples.json beside the plugin)")
}

// settings is the plugin's own config as JSON.
func (p *pluginInput) settings() ([]byte, error) {
	if p.config == "" {
		return []byte("{}"), nil
	}
	text, err := os.ReadFile(p.config)
	if err != nil {
		return nil, fmt.Errorf("--config: %w", err)
	}
	var members map[string]any
	if err := yaml.Unmarshal(text, &members); err != nil {
		return nil, fmt.Errorf("--config: %s: %w", p.config, err)
	}
	out, err := json.Marshal(members)
	if err != nil {
		return nil, fmt.Errorf("--config: %s: %w", p.config, err)
	}
	return out, nil
}

// read are the samples of the file that was named, else of the one beside the plugin, else
// none.
func (p *pluginInput) read(plugin string) ([]sdk.Sample, error) {
	file := p.samples
	if file == "" {
		dir := plugin
		if info, err := os.Stat(plugin); err != nil || !info.IsDir() {
			dir = filepath.Dir(plugin)
		}
		file = filepath.Join(dir, "testdata", "samples.json")
		if _, err := os.Stat(file); err != nil {
			return nil, nil //nolint:nilerr // there need not be any
		}
	}
	return sdktest.ReadSamples(file)
}
