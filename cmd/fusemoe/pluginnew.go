package main

import (
	"errors"
	"fmt"
	"path/filepath"
	"regexp"
	"runtime/debug"

	"github.com/spf13/cobra"

	"github.com/fusemoe/fusemoe/sdk/scaffold"
)

func (a *app) pluginNewCommand() *cobra.Command {
	var lang, kind, checkout string
	cmd := &cobra.Command{
		Use:   "new NAME",
		Short: "Write the beginning of a plugin into the folder NAME",
		Long: `Write the beginning of a modality plugin into the folder NAME: code that works, its
test, two samples to try it on and a piece of config.

Measurements are named numbers, each observed or not; embeddings are dense vectors.`,
		Example: `  fusemoe plugin new gait
  fusemoe plugin new --kind embeddings reports
  fusemoe plugin new --lang python sleep`,
		Args: exactly(1, "the name of the plugin"),
		RunE: func(_ *cobra.Command, args []string) error {
			if _, ok := builtins()[args[0]]; ok {
				return fmt.Errorf("plugin new: %s is a built-in plugin; choose another name", args[0])
			}
			o := scaffold.Options{Name: args[0], Lang: scaffold.Lang(lang), Kind: scaffold.Kind(kind), Version: release()}
			if checkout != "" {
				abs, err := filepath.Abs(checkout)
				if err != nil {
					return fmt.Errorf("plugin new: --sdk: %w", err)
				}
				o.SDK, o.Version = abs, "v0.0.0"
			}
			if o.Lang == scaffold.Go && o.Version == "" {
				return errors.New("plugin new: this fusemoe is no release that Go could download; " +
					"give the folder of its source with --sdk DIR")
			}
			return a.pluginNew(o)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&lang, "lang", string(scaffold.Go), "language: go, python")
	flags.StringVar(&kind, "kind", string(scaffold.Measurements), "what it makes of samples: measurements, embeddings")
	flags.StringVar(&checkout, "sdk", "", "folder with the source of fusemoe to build against, in place of a release")
	return cmd
}

func (a *app) pluginNew(o scaffold.Options) error {
	files, err := scaffold.Write(o.Name, o)
	if err != nil {
		return fmt.Errorf("plugin new: %w", err)
	}
	for _, f := range files {
		if _, err := fmt.Fprintln(a.out, filepath.Join(o.Name, filepath.FromSlash(f))); err != nil {
			return err
		}
	}
	_, err = fmt.Fprintf(a.out, "\nNext:\n%s", next(o))
	return err
}

// next are the three commands that an author needs now.
func next(o scaffold.Options) string {
	plugin := o.Name
	first := fmt.Sprintf("  fusemoe plugin docs ./%s\n", o.Name)
	if o.Lang == scaffold.Go {
		plugin = filepath.Join(o.Name, o.Name)
		first = fmt.Sprintf("  (cd %s && go get -t . && go build)\n", o.Name)
	}
	return first + fmt.Sprintf("  fusemoe plugin check ./%s\n  fusemoe plugin lock ./%s\n", plugin, plugin)
}

// released is a version that the Go command can download.
var released = regexp.MustCompile(`^v\d+\.\d+\.\d+[^+]*$`)

// release is the version of this executable, or empty if it is of a working tree.
func release() string {
	info, ok := debug.ReadBuildInfo()
	if !ok || !released.MatchString(info.Main.Version) {
		return ""
	}
	return info.Main.Version
}
