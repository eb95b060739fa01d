// Package scaffold writes the beginning of a new modality plugin: code that works, its
// test, two samples to try it on and a piece of config.
//
//	files, err := scaffold.Write("gait", scaffold.Options{Name: "gait", Lang: scaffold.Go})
package scaffold

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"text/template"

	"github.com/fusemoe/fusemoe/sdk/python"
)

// templates has a folder for each language. What lies in the folder itself is for every
// plugin, what lies in a folder named like a kind for those. The name NAME in a file's
// name stands for the plugin's; a file that ends in .tmpl is a text/template of Options.
//
//go:embed *
var templates embed.FS

// Lang is the language of a plugin.
type Lang string

// Kind is what a plugin makes of samples.
type Kind string

// The languages and kinds that there may be templates for.
const (
	Go     Lang = "go"
	Python Lang = "python"

	Measurements Kind = "measurements"
	Embeddings   Kind = "embeddings"
)

// Options say what to write.
type Options struct {
	// Name is the plugin's name: small letters, digits and _, beginning with a letter.
	Name string
	Lang Lang
	Kind Kind
	// Version is that of the SDK that a Go plugin requires, such as v0.1.0.
	Version string
	// SDK is a folder with a checkout of fusemoe to build against, or empty.
	SDK string
}

// Type is the name as that of a type: heart_rate becomes HeartRate.
func (o Options) Type() string {
	var b strings.Builder
	for word := range strings.SplitSeq(o.Name, "_") {
		if word != "" {
			b.WriteString(strings.ToUpper(word[:1]) + word[1:])
		}
	}
	return b.String()
}

var validName = regexp.MustCompile(`^[a-z][a-z0-9_]*$`)

// reserved are names that would be no plugin: of folders and files beside it, and of Go.
var reserved = []string{"main", "test", "testdata", "internal", "vendor", "sdk", "sdktest"}

func (o Options) check() error {
	switch {
	case !validName.MatchString(o.Name):
		return fmt.Errorf("%q is no name for a plugin; use small letters, digits and _, beginning with a letter", o.Name)
	case slices.Contains(reserved, o.Name) || strings.HasSuffix(o.Name, "_test"):
		return fmt.Errorf("%q means something else to Go; choose another name", o.Name)
	case o.Kind != Measurements && o.Kind != Embeddings:
		return fmt.Errorf("unknown kind %q; there are %s and %s", o.Kind, Measurements, Embeddings)
	case o.SDK != "" && !isCheckout(o.SDK):
		return fmt.Errorf("%s is not the source of fusemoe: it has no go.mod of the module %s", o.SDK, module)
	}
	if _, err := fs.Stat(templates, string(o.Lang)); err != nil || o.Lang != Go && o.Lang != Python {
		return fmt.Errorf("there are no templates for the language %q; there are some for %s and %s", o.Lang, Go, Python)
	}
	return nil
}

// module is what new Go plugins require.
const module = "github.com/fusemoe/fusemoe"

// isCheckout tells whether the folder has the source of fusemoe.
func isCheckout(dir string) bool {
	text, err := os.ReadFile(filepath.Join(dir, "go.mod"))
	return err == nil && bytes.HasPrefix(text, []byte("module "+module+"\n"))
}

// Write writes the plugin's files into dir, which must not exist or be empty, and returns
// their paths inside it.
func Write(dir string, o Options) (written []string, err error) {
	if err := o.check(); err != nil {
		return nil, err
	}
	if entries, err := os.ReadDir(dir); err == nil && len(entries) > 0 {
		return nil, fmt.Errorf("%s exists and is not empty; remove it or choose another name", dir)
	} else if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	files, err := o.render()
	if err != nil {
		return nil, err
	}
	for name, text := range files {
		to := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
			return nil, err
		}
		if err := os.WriteFile(to, text, 0o644); err != nil {
			return nil, err
		}
		written = append(written, name)
	}
	slices.Sort(written)
	return written, nil
}

// render makes the files of the plugin, by their paths.
func (o Options) render() (map[string][]byte, error) {
	files := map[string][]byte{}
	root := string(o.Lang)
	err := fs.WalkDir(templates, root, func(p string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		name := strings.TrimPrefix(p, root+"/")
		if folder, rest, ok := strings.Cut(name, "/"); ok && (folder == string(Measurements) || folder == string(Embeddings)) {
			if folder != string(o.Kind) {
				return nil
			}
			name = rest
		}
		name = strings.ReplaceAll(name, "NAME", o.Name)
		text, err := fs.ReadFile(templates, p)
		if err != nil {
			return err
		}
		if path.Ext(name) != ".tmpl" {
			files[name] = text
			return nil
		}
		name = strings.TrimSuffix(name, ".tmpl")
		files[name], err = o.execute(p, text)
		return err
	})
	if err != nil || o.Lang != Python {
		return files, err
	}
	// Its own copy of the SDK: a Python plugin needs nothing installed but what the SDK does.
	return files, fs.WalkDir(python.Package, ".", func(p string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		files[p], err = fs.ReadFile(python.Package, p)
		return err
	})
}

func (o Options) execute(name string, text []byte) ([]byte, error) {
	t, err := template.New(name).Option("missingkey=error").Parse(string(text))
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	if err := t.Execute(&b, o); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}
