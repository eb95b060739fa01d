package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
	"google.golang.org/protobuf/encoding/protojson"

	"github.com/fusemoe/fusemoe/core/host"
	"github.com/fusemoe/fusemoe/sdk/modalitypb"
	"github.com/fusemoe/fusemoe/sdk/schema"
)

func (a *app) pluginDescribeCommand() *cobra.Command {
	var around surroundings
	cmd := &cobra.Command{
		Use:   "describe PLUGIN",
		Short: "Print what a plugin says of itself, as JSON",
		Example: `  fusemoe plugin describe vitals
  fusemoe plugin describe ./gait/gait`,
		Args: exactly(1, "the plugin's name or path"),
		RunE: func(cmd *cobra.Command, args []string) error {
			d, err := a.describePlugin(cmd.Context(), args[0], around)
			if err != nil {
				return fmt.Errorf("plugin describe: %w", err)
			}
			// The text that protojson makes is different from build to build.
			var members map[string]any
			if err := json.Unmarshal([]byte(protojson.Format(d)), &members); err != nil {
				return fmt.Errorf("plugin describe: %w", err)
			}
			if d.GetConfigSchema() != "" {
				members["configSchema"] = json.RawMessage(d.GetConfigSchema())
			}
			out := json.NewEncoder(a.out)
			out.SetIndent("", "  ")
			return out.Encode(members)
		},
	}
	around.add(cmd)
	return cmd
}

func (a *app) pluginDocsCommand() *cobra.Command {
	var around surroundings
	cmd := &cobra.Command{
		Use:   "docs PLUGIN",
		Short: "Print the documentation of a plugin, as Markdown",
		Example: `  fusemoe plugin docs vitals
  fusemoe plugin docs ./gait/gait > gait.md`,
		Args: exactly(1, "the plugin's name or path"),
		RunE: func(cmd *cobra.Command, args []string) error {
			d, err := a.describePlugin(cmd.Context(), args[0], around)
			if err != nil {
				return fmt.Errorf("plugin docs: %w", err)
			}
			return writeDocs(a.out, d)
		},
	}
	around.add(cmd)
	return cmd
}

// describePlugin starts a plugin and asks it what it is.
func (a *app) describePlugin(ctx context.Context, name string, around surroundings) (*modalitypb.DescribeResponse, error) {
	argv, err := pluginArgv(name)
	if err != nil {
		return nil, err
	}
	box, err := around.box(name)
	if err != nil {
		return nil, err
	}
	settings, err := a.logSettings()
	if err != nil {
		return nil, err
	}
	return host.Describe(ctx, a.start(settings), host.Spec{Name: filepath.Base(name), Command: argv, Env: around.env, Sandbox: box})
}

// writeDocs writes what users of a plugin need to know.
func writeDocs(w io.Writer, d *modalitypb.DescribeResponse) error {
	var b strings.Builder
	kind := "embeddings: a dense vector per item"
	if d.GetKind() == modalitypb.Kind_KIND_MEASUREMENTS {
		kind = "measurements: named numbers, each observed or not"
	}
	fmt.Fprintf(&b, "# %s %s\n\n", d.GetName(), d.GetVersion())
	fmt.Fprintf(&b, "- reads `%s`\n- gives %s\n", strings.Join(d.GetMediaTypes(), "`, `"), kind)
	if d.GetFits() {
		b.WriteString("- learns from the training split before it encodes\n")
	}
	if !d.GetDeterministic() {
		b.WriteString("- may encode a sample differently each time, so that nothing is cached\n")
	}
	b.WriteString("\n## Config\n\n")
	keys, err := configKeys(d)
	if err != nil {
		return err
	}
	if len(keys) == 0 {
		b.WriteString("The plugin does not say what its config may hold.\n")
	} else {
		b.WriteString("| key | holds | default | |\n| --- | --- | --- | --- |\n")
	}
	for _, k := range keys {
		fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", code(k.Path), cell(k.Type), code(k.Default), cell(k.Description))
	}
	_, err = io.WriteString(w, b.String())
	return err
}

func configKeys(d *modalitypb.DescribeResponse) ([]schema.Key, error) {
	if d.GetConfigSchema() == "" {
		return nil, nil
	}
	s, err := schema.Parse([]byte(d.GetConfigSchema()))
	if err != nil {
		return nil, fmt.Errorf("the plugin %s describes its config badly: %w", d.GetName(), err)
	}
	return s.Keys(), nil
}

// code is a cell of a Markdown table with a text as it is typed.
func code(text string) string {
	if text == "" {
		return ""
	}
	return "`" + cell(text) + "`"
}

// cell is a text that stays in its cell of a Markdown table.
func cell(text string) string {
	return strings.ReplaceAll(strings.ReplaceAll(text, "\n", " "), "|", `\|`)
}
