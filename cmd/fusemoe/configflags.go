package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/fusemoe/fusemoe/core/config"
	"github.com/fusemoe/fusemoe/examples"
)

// exampleName stands for the built-in example where a file's name would.
const exampleName = "built-in example"

// configFlags are the flags of commands that read a config.
type configFlags struct {
	file string
	set  []string
	// direct are flags with a key of their own.
	direct []directFlag
}

// directFlag is a flag that is short for a --set.
type directFlag struct {
	name, key, usage string
	value            string
}

func (f *configFlags) add(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVarP(&f.file, "config", "c", "", "config file, in place of the argument")
	flags.StringArrayVar(&f.set, "set", nil, "set one value, key=value, such as model.router.gate=softmax (repeatable)")
	f.direct = []directFlag{
		{name: "data", key: "data.path", usage: "dataset folder"},
		{name: "out", key: "out", usage: "run folder (default runs/<dataset>-<date>-<time>)"},
		{name: "seeds", key: "train.seeds", usage: "seeds, one training each, such as 1,2,3"},
		{name: "seed", key: "train.seeds", usage: "one seed"},
		{name: "folds", key: "data.folds", usage: "folds by patient, each once the test split, such as 5"},
		{name: "splits", key: "data.splits", usage: "files of splits, a repetition each, such as a.csv,b.csv"},
		{name: "track", key: "run.track", usage: "also write for an experiment tracker: tensorboard, mlflow"},
	}
	for i := range f.direct {
		d := &f.direct[i]
		flags.StringVar(&d.value, d.name, "", d.usage)
	}
	cmd.Args = func(cmd *cobra.Command, args []string) error {
		switch {
		case len(args) > 1:
			return misused(cmd, "want one config file, not %s", strings.Join(args, " and "))
		case len(args) == 1 && f.file != "":
			return misused(cmd, "want one config file, not %s and %s", args[0], f.file)
		case cmd.Flags().Changed("seed") && cmd.Flags().Changed("seeds"):
			return misused(cmd, "--seed and --seeds say the same thing; give one")
		}
		return nil
	}
}

// load is the config that a command line asks for: the file, or the built-in example.
func (f *configFlags) load(a *app, cmd *cobra.Command, args []string) (*config.Config, error) {
	src := config.Sources{File: f.file, Environ: a.environ, Flags: a.logFlags()}
	if len(args) == 1 {
		src.File = args[0]
	}
	if src.File == "" {
		src.File, src.Text = exampleName, examples.Config()
	} else if info, err := os.Stat(src.File); err == nil && info.IsDir() {
		return nil, fmt.Errorf("%s is a folder; give a config file, such as %s", src.File,
			filepath.Join(src.File, "config.yaml"))
	}
	for _, d := range f.direct {
		if cmd.Flags().Changed(d.name) {
			src.Flags = append(src.Flags, config.Assignment{Flag: "--" + d.name, Key: d.key, Value: d.value})
		}
	}
	for _, text := range f.set {
		assignment, err := config.ParseSet(text)
		if err != nil {
			return nil, err
		}
		src.Flags = append(src.Flags, assignment)
	}
	return config.Load(src)
}

// resumed is the config of an interrupted run, as its folder has it. Only the log may
// differ: anything else would make it another run.
func (f *configFlags) resumed(a *app, cmd *cobra.Command, args []string, dir string) (*config.Config, error) {
	given := args
	for _, name := range []string{"config", "set", "data", "out", "seeds", "seed", "folds", "splits", "track"} {
		if cmd.Flags().Changed(name) {
			given = append(given, "--"+name)
		}
	}
	if len(given) > 0 {
		return nil, misused(cmd, "--resume goes on with the run's own settings; leave out %s", strings.Join(given, " and "))
	}
	cfg, err := config.Load(config.Sources{File: filepath.Join(dir, "config.yaml"), Flags: a.logFlags()})
	if err != nil {
		return nil, err
	}
	cfg.Out = dir
	return cfg, nil
}
