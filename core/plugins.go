package core

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/fusemoe/fusemoe/core/config"
	"github.com/fusemoe/fusemoe/core/data"
	"github.com/fusemoe/fusemoe/core/host"
	"github.com/fusemoe/fusemoe/sdk"
	"github.com/fusemoe/fusemoe/sdk/command"
)

// spec says how to start the plugin of a modality: one served in this process, one
// built into the program, or one in the plugin folder or at a path. program is the
// executable or folder that then runs, empty for one that is not started.
func (o options) spec(m config.Modality, p config.Plugins, threads int) (s host.Spec, program string, err error) {
	settings, err := pluginConfig(m)
	if err != nil {
		return host.Spec{}, "", err
	}
	s = host.Spec{
		Name: m.Name, Config: settings, Env: m.Env, Device: m.Device, Threads: threads,
		Replicas: m.Replicas, SkipFailing: m.OnError == config.OnErrorSkip,
		ConfigureTimeout: p.ConfigureTimeout, EncodeTimeout: p.EncodeTimeout,
	}
	if s.Attach = o.attachment(m); s.Attach != "" {
		return s, "", nil
	}
	if m.Sandbox {
		s.Sandbox = &host.Sandbox{Wrapper: o.confine}
		if s.Sandbox.Read, err = readable(m); err != nil {
			return host.Spec{}, "", err
		}
	}
	if inside, ok := o.inside[m.Plugin]; ok {
		s.InProcess = inside
		return s, "", nil
	}
	if s.Dir, err = workDir(m); err != nil {
		return host.Spec{}, "", err
	}
	if argv, ok := o.builtin[m.Plugin]; ok {
		s.Command = argv
		return s, argv[0], nil
	}
	if program, err = FindPlugin(m.Plugin, p.Dir); err != nil {
		return host.Spec{}, "", fmt.Errorf("modality %s: %w; %s", m.Name, err, o.known(m.Plugin))
	}
	if program, err = o.verified(m.Plugin, program, p.Dir); err == nil {
		s.Command, err = command.Of(program)
	}
	if err != nil {
		return host.Spec{}, "", fmt.Errorf("modality %s: %w", m.Name, err)
	}
	if s.Sandbox != nil {
		s.Sandbox.Read = append(s.Sandbox.Read, program)
	}
	return s, program, nil
}

// attachment is the socket of the plugin that somebody debugs for the modality, named after
// the modality or its plugin, or empty.
func (o options) attachment(m config.Modality) string {
	if socket := o.attached[m.Name]; socket != "" {
		return socket
	}
	return o.attached[strings.TrimPrefix(filepath.Base(m.Plugin), "fusemoe-")]
}

// allAttached tells of plugins that somebody debugs and no modality uses.
func (o options) allAttached(specs []host.Spec) error {
	var names []string
	used := make(map[string]bool)
	for _, s := range specs {
		names = append(names, s.Name)
		used[s.Attach] = true
	}
	for name, socket := range o.attached {
		if !used[socket] {
			return fmt.Errorf("%s names %s, which is neither a modality nor the plugin of one; the modalities are %s",
				sdk.ReattachEnv, name, strings.Join(names, ", "))
		}
	}
	return nil
}

// pluginConfig is the plugin's own config as it travels.
func pluginConfig(m config.Modality) (json.RawMessage, error) {
	if m.Config == nil {
		return json.RawMessage("{}"), nil
	}
	settings, err := json.Marshal(m.Config)
	if err != nil {
		return nil, fmt.Errorf("modality %s: config: %w", m.Name, err)
	}
	return settings, nil
}

// FindPlugin returns the path of the plugin at a path, or of the name in the plugin folder
// dir, or in those of PluginDirs where dir is empty; it looks nowhere else. A plugin is an
// executable or a folder with a plugin.json. The error of one that lies at the path and
// cannot be started comes with the path.
func FindPlugin(plugin, dir string) (string, error) {
	if strings.ContainsRune(plugin, '/') {
		if _, err := command.Of(plugin); err != nil {
			return "", err
		}
		return filepath.Abs(plugin)
	}
	dirs := []string{dir}
	if dir == "" {
		var err error
		if dirs, err = PluginDirs(); err != nil {
			return "", fmt.Errorf("plugin %s: %w", plugin, err)
		}
	}
	for _, dir := range dirs {
		for _, name := range []string{plugin, "fusemoe-" + plugin} {
			path, err := filepath.Abs(filepath.Join(dir, name))
			if err != nil {
				return "", fmt.Errorf("plugin %s: %w", plugin, err)
			}
			file := path
			if info, err := os.Stat(path); err == nil && info.IsDir() {
				file = filepath.Join(path, command.File) // any other folder of that name is no plugin
			}
			if _, err := os.Stat(file); err == nil {
				_, err := command.Of(path)
				return path, err
			}
		}
	}
	return "", fmt.Errorf("there is no plugin %q in %s", plugin, strings.Join(dirs, " or "))
}

// PluginDirs are where plugins are that the config names: beside the program, and in the
// user's folder for what belongs to programs.
func PluginDirs() ([]string, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	dirs := []string{filepath.Dir(self)}
	if home, err := os.UserHomeDir(); err == nil {
		dirs = append(dirs, filepath.Join(home, ".local", "share", "fusemoe", "plugins"))
	}
	return dirs, nil
}

// known names the plugin that the user probably meant, or those that need no file.
func (o options) known(name string) string {
	var names []string
	for name := range o.builtin {
		names = append(names, name)
	}
	for name := range o.inside {
		names = append(names, name)
	}
	if len(names) == 0 {
		return "none is built in"
	}
	slices.Sort(names)
	if near := config.Nearest(name, names); near != "" {
		return "did you mean " + near + ", which is built in?"
	}
	return "built in are " + strings.Join(names, ", ")
}

// sourceOf is the dataset's item source that a modality reads.
func sourceOf(m config.Modality) string {
	if m.Source == "" {
		return m.Name
	}
	return m.Source
}

func hasSource(d *data.Dataset, name string) bool {
	return slices.ContainsFunc(d.Sources, func(s data.Source) bool { return s.Name == name })
}

func sourceNames(d *data.Dataset) string {
	var names []string
	for _, s := range d.Sources {
		names = append(names, s.Name)
	}
	return strings.Join(names, ", ")
}
