package data

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"strings"

	"go.yaml.in/yaml/v3"
)

// manifestFile names what a dataset's folder holds.
const manifestFile = "dataset.yaml"

// manifest is dataset.yaml.
type manifest struct {
	Name       string           `yaml:"name"`
	TimeUnit   string           `yaml:"time_unit"`
	Window     float64          `yaml:"window"`
	Tasks      []manifestTask   `yaml:"tasks,omitempty"`
	Modalities []manifestSource `yaml:"modalities"`
}

type manifestTask struct {
	Name    string   `yaml:"name"`
	Kind    string   `yaml:"kind"`
	Column  string   `yaml:"column,omitempty"`
	Columns []string `yaml:"columns,omitempty,flow"`
	Classes []string `yaml:"classes,omitempty,flow"`
}

type manifestSource struct {
	Name      string   `yaml:"name"`
	File      string   `yaml:"file,omitempty"`
	Kind      string   `yaml:"kind"`
	MediaType string   `yaml:"media_type,omitempty"`
	Columns   []string `yaml:"columns,omitempty,flow"`
}

// The keys that dataset.yaml may hold, as the fields above.
var (
	manifestKeys = []string{"name", "time_unit", "window", "tasks", "modalities"}
	taskKeys     = []string{"name", "kind", "column", "columns", "classes"}
	sourceKeys   = []string{"name", "file", "kind", "media_type", "columns"}
)

// readManifest reads dataset.yaml into the head of a dataset. It reports what is
// wrong with it.
func readManifest(dir string, with options, r *report) *Dataset {
	text, err := os.ReadFile(filepath.Join(dir, manifestFile))
	if err != nil {
		why := reason(err).Error()
		if _, gone := os.Stat(dir); errors.Is(gone, fs.ErrNotExist) {
			why = "there is no such folder"
		}
		r.add(Problem{
			File: manifestFile, What: "cannot be read: " + why,
			Fix: "a dataset is a folder with this file; see docs/dataset.md",
		})
		return nil
	}
	return parseManifest(text, with, r)
}

func parseManifest(text []byte, with options, r *report) *Dataset {
	y := yamlFile{r}
	var root yaml.Node
	if err := yaml.NewDecoder(bytes.NewReader(text)).Decode(&root); err != nil && !errors.Is(err, io.EOF) {
		y.add(nil, "", "is not valid YAML: "+strings.TrimPrefix(err.Error(), "yaml: "), "")
		return nil
	}
	if len(root.Content) == 0 {
		y.add(nil, "", "is empty", "it needs "+strings.Join(manifestKeys, ", "))
		return nil
	}
	top := root.Content[0]
	values := y.mapping(top, "", manifestKeys)
	d := &Dataset{origin: numbered("samples")}
	y.decode(values["name"], "name", "text", &d.Name)
	y.decode(values["time_unit"], "time_unit", "text", &d.TimeUnit)
	y.decode(values["window"], "window", "a number", &d.Window)
	y.require(top, "", values, "name", "time_unit", "window", "modalities")
	if !with.unlabelled {
		y.require(top, "", values, "tasks")
	}
	y.list(values["tasks"], "tasks", func(n *yaml.Node, path string) { y.task(n, path, d) })
	y.list(values["modalities"], "modalities", func(n *yaml.Node, path string) { y.source(n, path, d) })
	if values["window"] != nil && (!(d.Window > 0) || math.IsInf(d.Window, 0)) {
		y.add(values["window"], "window", "is not a positive number", "give the length of the observation window")
	}
	y.unique(values["tasks"], "tasks", taskNames(d.Tasks))
	y.unique(values["modalities"], "modalities", sourceNames(d.Sources))
	return d
}

func (y yamlFile) task(n *yaml.Node, path string, d *Dataset) {
	var m manifestTask
	values := y.mapping(n, path, taskKeys)
	y.decode(n, path, "a task", &m)
	y.require(n, path, values, "name", "kind")
	kind, err := ParseTaskKind(m.Kind)
	if values["kind"] == nil {
		return
	}
	if err != nil {
		y.add(values["kind"], path+".kind", err.Error(), "")
		return
	}
	t := Task{Name: m.Name, Kind: kind, Columns: m.Columns, Classes: m.Classes}
	switch {
	case kind == Multilabel && len(m.Columns) == 0:
		y.add(n, path+".columns", "is missing", "list the label columns")
	case kind != Multilabel && len(m.Columns) > 0:
		y.add(values["columns"], path+".columns", "is only for a multilabel task", "name the one label column as column")
	case kind == Multilabel && m.Column != "":
		y.add(values["column"], path+".column", "is not for a multilabel task", "list the label columns as columns")
	case kind == Multiclass && len(m.Classes) < 2:
		y.add(n, path+".classes", "needs at least two classes", "list what the column may hold")
	case kind != Multiclass && len(m.Classes) > 0:
		y.add(values["classes"], path+".classes", "is only for a multiclass task", "remove it")
	case kind != Multilabel && m.Column != "":
		t.Columns = []string{m.Column}
	case kind != Multilabel:
		t.Columns = []string{m.Name}
	}
	y.unique(values["columns"], path+".columns", m.Columns)
	y.unique(values["classes"], path+".classes", m.Classes)
	d.Tasks = append(d.Tasks, t)
}

func (y yamlFile) source(n *yaml.Node, path string, d *Dataset) {
	var m manifestSource
	values := y.mapping(n, path, sourceKeys)
	y.decode(n, path, "a modality", &m)
	y.require(n, path, values, "name", "kind")
	kind, err := ParseSourceKind(m.Kind)
	if values["kind"] == nil {
		return
	}
	if err != nil {
		y.add(values["kind"], path+".kind", err.Error(), "")
		return
	}
	s := Source{Name: m.Name, File: m.File, Kind: kind, MediaType: m.MediaType, Columns: m.Columns}
	if s.File == "" {
		s.File = m.Name + ".parquet"
	}
	switch {
	case kind == Path && m.MediaType == "":
		y.add(n, path+".media_type", "is missing", "say what the files are, such as image/png")
	case kind != Rows && len(m.Columns) > 0:
		y.add(values["columns"], path+".columns", "is only for a modality of kind rows", "remove it")
	}
	y.unique(values["columns"], path+".columns", m.Columns)
	if s.MediaType == "" {
		s.MediaType = defaultMediaType(kind)
	}
	d.Sources = append(d.Sources, s)
}

func defaultMediaType(kind SourceKind) string {
	switch kind {
	case Rows:
		return RowMediaType
	case Text:
		return TextMediaType
	}
	return ""
}

// manifest is the inverse of parseManifest.
func (d *Description) manifest() manifest {
	m := manifest{Name: d.Name, TimeUnit: d.TimeUnit, Window: d.Window}
	for _, t := range d.Tasks {
		out := manifestTask{Name: t.Name, Kind: t.Kind.String(), Classes: t.Classes}
		switch {
		case t.Kind == Multilabel || len(t.Columns) > 1:
			out.Columns = t.Columns
		case len(t.Columns) == 1:
			out.Column = t.Columns[0]
		}
		m.Tasks = append(m.Tasks, out)
	}
	for _, s := range d.Sources {
		out := manifestSource{Name: s.Name, File: s.File, Kind: s.Kind.String(), MediaType: s.MediaType, Columns: s.Columns}
		if s.MediaType == defaultMediaType(s.Kind) {
			out.MediaType = ""
		}
		m.Modalities = append(m.Modalities, out)
	}
	return m
}
