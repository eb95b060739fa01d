package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/fusemoe/fusemoe/core/host"
	"github.com/fusemoe/fusemoe/core/host/sandbox"
)

// confiner is the command by which this executable, self, puts a plugin into its sandbox.
func confiner(self string) []string { return []string{self, "plugin", "confine"} }

func (a *app) pluginConfineCommand() *cobra.Command {
	return &cobra.Command{
		Use:                "confine RULES COMMAND...",
		Short:              "Become a plugin in its sandbox; run starts it",
		Hidden:             true,
		DisableFlagParsing: true, // the command has flags of its own
		RunE:               func(_ *cobra.Command, args []string) error { return sandbox.Exec(args) },
	}
}

// surroundings are the flags of commands that start plugins.
type surroundings struct {
	sandbox bool
	read    []string
	env     []string
}

func (c *surroundings) add(cmd *cobra.Command) {
	cmd.Flags().StringSliceVar(&c.env, "env", nil, "environment variables that the plugin sees, as env in configs")
	cmd.Flags().BoolVar(&c.sandbox, "sandbox", false, "run the plugin in a sandbox, as sandbox: true in configs")
	cmd.Flags().StringSliceVar(&c.read, "read", nil, "files and folders that the plugin may read in it, as read in configs")
}

// box is the sandbox for a plugin that lies at path, or nil.
func (c *surroundings) box(path string) (*host.Sandbox, error) {
	if !c.sandbox {
		if len(c.read) > 0 {
			return nil, errors.New("--read is for a plugin in a sandbox; give --sandbox too")
		}
		return nil, nil
	}
	self, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("cannot find this executable, which is also the sandbox: %w", err)
	}
	s := &host.Sandbox{Wrapper: confiner(self)}
	for _, p := range append(c.read, path) {
		full, err := filepath.Abs(p)
		if err != nil {
			return nil, err
		}
		if _, err := os.Stat(full); err != nil && p != path { // a built-in plugin lies nowhere
			return nil, fmt.Errorf("--read: %w", err)
		} else if err == nil {
			s.Read = append(s.Read, full)
		}
	}
	return s, nil
}
