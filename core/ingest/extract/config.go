package extract

import (
	"fmt"
	"io"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"

	"github.com/fusemoe/fusemoe/core/data"
)

// The files that an import writes beside the dataset.
const (
	FlowFile     = "flow.csv"
	ChannelsFile = "channels.csv"
	MapFile      = "variables.yaml"
	ConfigFile   = "config.yaml"
)

// addFiles writes the flow, the counts of channels, the map and a config that is ready to
// run.
func (x *Extraction) addFiles(r *Report) error {
	if err := x.w.Add(FlowFile, func(w io.Writer) error { return r.Flow.WriteCSV(w, r.outcome()) }); err != nil {
		return err
	}
	if err := x.w.Add(ChannelsFile, r.writeChannels); err != nil {
		return err
	}
	if x.text != nil {
		err := x.w.Add(MapFile, func(w io.Writer) error {
			_, err := w.Write(x.text)
			return err
		})
		if err != nil {
			return err
		}
	}
	return x.w.Add(ConfigFile, func(w io.Writer) error {
		_, err := io.WriteString(w, x.config(r))
		return err
	})
}

// plugins name the built-in plugin for what a source holds.
var plugins = map[string]string{
	data.RowMediaType: "vitals", data.TextMediaType: "notes", "image/jpeg": "cxr", "image/png": "cxr", "application/x-wfdb": "ecg",
}

// plain is what YAML takes for a text without quotation marks.
var plain = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

func quoted(name string) string {
	if plain.MatchString(name) && name != "null" && name != "true" && name != "false" {
		return name
	}
	return strconv.Quote(name)
}

// config is a config for `fusemoe run` in which every modality that there is has a plugin.
func (x *Extraction) config(r *Report) string {
	var b strings.Builder
	fmt.Fprintf(&b, "# %s, task %s, as imported: fusemoe run %s\n", x.name, x.options.Task.Name,
		filepath.ToSlash(filepath.Join(x.options.To, ConfigFile)))
	fmt.Fprintf(&b, "preset: small\n\ndata:\n  path: %s\n  tasks: [%s]\n\nmodalities:\n", strconv.Quote(filepath.ToSlash(x.options.To)), r.Task.Name)
	for i, s := range x.sources {
		m := r.Modalities[i]
		if m.Items == 0 {
			continue
		}
		media := s.MediaType
		if media == "" {
			media = map[data.SourceKind]string{data.Rows: data.RowMediaType, data.Text: data.TextMediaType}[s.Kind]
		}
		if plugins[media] == "" {
			fmt.Fprintf(&b, "# %s has items of %s: name a plugin that reads them.\n", s.Name, media)
			continue
		}
		fmt.Fprintf(&b, "- name: %s\n  plugin: %s\n", s.Name, plugins[media])
		if s.Kind != data.Rows {
			continue
		}
		b.WriteString("  config:\n    channels:\n")
		for _, c := range m.Channels {
			if c.Kept == 0 {
				continue
			}
			fmt.Fprintf(&b, "    - {name: %s", quoted(c.Name))
			if c.Min != nil {
				fmt.Fprintf(&b, ", min: %g", *c.Min)
			}
			if c.Max != nil {
				fmt.Fprintf(&b, ", max: %g", *c.Max)
			}
			if c.Log {
				b.WriteString(", log: true")
			}
			b.WriteString("}")
			if c.Unit != "" {
				b.WriteString(" # " + c.Unit)
			}
			b.WriteString("\n")
		}
	}
	return b.String()
}
