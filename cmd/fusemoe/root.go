package main

import (
	"context"
	"fmt"
	"io"
	"runtime/debug"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/fusemoe/fusemoe/core/config"
	"github.com/fusemoe/fusemoe/core/kernel"
)

// app is the command with its surroundings, which tests replace.
type app struct {
	out, err io.Writer
	environ  []string
	// terminal tells whether err is one.
	terminal bool

	logLevel, logFormat string
	dev                 bool
	progress            *progress
}

func newApp(out, err io.Writer, environ []string, terminal bool) *app {
	return &app{out: out, err: err, environ: environ, terminal: terminal, progress: &progress{err: err}}
}

// execute runs one command line and returns the exit code.
func (a *app) execute(ctx context.Context, args []string) (code int) {
	defer func() {
		if r := recover(); r != nil {
			a.progress.close()
			a.say(fmt.Sprintf("fusemoe: internal error: %v\n%s", r, debug.Stack()))
			code = exitInternal
		}
	}()
	_, err := kernel.Path()
	if err == nil {
		root := a.root()
		root.SetArgs(args)
		err = root.ExecuteContext(ctx)
		a.progress.close()
	}
	return a.report(ctx, err)
}

func (a *app) root() *cobra.Command {
	root := &cobra.Command{
		Use:   "fusemoe",
		Short: "Fuse modalities, irregular and partly missing, into predictions",
		Long: `Fuse any number of modalities, irregularly sampled and partly missing, into
predictions, with a mixture of experts (FuseMoE, Han et al., 2024).

Every modality is encoded by a plugin of its own, which a config names.`,
		Example: `  fusemoe run                                  the built-in example
  fusemoe run study.yaml --set train.epochs=4
  fusemoe predict runs/study --data new-patients`,
		Version:       version(),
		SilenceErrors: true,
		SilenceUsage:  true,
	}
	root.SetVersionTemplate("{{.Version}}\n")
	root.SetOut(a.out)
	root.SetErr(a.err)
	root.SetFlagErrorFunc(flagError)
	flags := root.PersistentFlags()
	flags.StringVar(&a.logLevel, "log-level", "", "least severe log lines shown: debug, info, warn, error")
	flags.StringVar(&a.logFormat, "log-format", "", "log lines for people or for machines: console, json")
	root.AddCommand(a.runCommand(), a.predictCommand(), a.compareCommand(), a.reportCommand(), a.explainCommand(), a.importCommand(), a.configCommand(), a.pluginCommand(),
		a.benchCommand(), a.versionCommand())
	group(root)
	return root
}

// group makes cmd a command that only has others beneath it.
func group(cmd *cobra.Command) {
	cmd.Args = func(cmd *cobra.Command, args []string) error {
		if len(args) == 0 {
			return nil
		}
		hint := ""
		if near := cmd.SuggestionsFor(args[0]); len(near) > 0 {
			hint = "; did you mean " + near[0] + "?"
		}
		return misused(cmd, "unknown command %q%s", args[0], hint)
	}
	cmd.SuggestionsMinimumDistance = 2
	cmd.RunE = func(cmd *cobra.Command, _ []string) error { return cmd.Help() }
}

// misused is an error of the command line that says where to read on.
func misused(cmd *cobra.Command, format string, args ...any) error {
	err := fmt.Errorf(format+"; see %s --help", append(args, cmd.CommandPath())...)
	if !cmd.HasParent() {
		return err
	}
	_, path, _ := strings.Cut(cmd.CommandPath(), " ")
	return fmt.Errorf("%s: %w", path, err)
}

// flagError names the nearest flag beside what cobra says.
func flagError(cmd *cobra.Command, err error) error {
	hint := ""
	if _, name, ok := strings.Cut(err.Error(), "unknown flag: --"); ok {
		var known []string
		cmd.Flags().VisitAll(func(f *pflag.Flag) { known = append(known, f.Name) })
		if near := config.Nearest(name, known); near != "" {
			hint = "; did you mean --" + near + "?"
		}
	}
	return misused(cmd, "%w%s", err, hint)
}

// exactly is cobra.ExactArgs in plain words.
func exactly(n int, what string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) != n {
			return misused(cmd, "want %s, not %d arguments", what, len(args))
		}
		return nil
	}
}
