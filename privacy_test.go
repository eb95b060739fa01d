package fusemoe

import (
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// recorded are the types that hold what was recorded of patients, and their fields and
// methods that give it away.
var recorded = map[string][]string{
	"core/data.Dataset":             {"IDs", "Patients"},
	"core/data.Sample":              {"ID", "Patient", "Labels"},
	"core/ingest/cohort.Stay":       {"ID", "Patient"},
	"core/report.Sample":            {"ID", "Patient"},
	"sdk.Item":                      {"Data", "Path", "Row", "Attributes"},
	"sdk.Row":                       {"All", "Value"},
	"sdk.Sample":                    {"ID"},
	"sdk.Sequence":                  {"Times", "Values"},
	"sdk/modalitypb.EncodeRequest":  {},
	"sdk/modalitypb.EncodeResponse": {},
	"sdk/modalitypb.FitRequest":     {},
	"sdk/modalitypb.Item":           {"GetData", "GetPath", "GetRow", "GetAttributes", "Payload", "Attributes"},
	"sdk/modalitypb.Row":            {"Names", "Values", "GetNames", "GetValues"},
	"sdk/modalitypb.Sample":         {"Id", "GetId"},
	"sdk/modalitypb.Sequence":       {"Times", "Values", "GetTimes", "GetValues"},
}

// shown are the places that show samples to the person who gave them, and nobody else.
var shown = map[string]string{
	"sdk/sdktest":            "the samples of a check are the plugin author's own",
	"core/ingest/ingesttest": "tests show the tables that they made up",
}

// TestNothingOfAPatientIsPutIntoWords type-checks every package and fails where something
// that was recorded of a patient is given to what makes log lines, errors and diagnostics.
// What gets there on other ways the script privacy of cmd/fusemoe looks for.
func TestNothingOfAPatientIsPutIntoWords(t *testing.T) {
	c := newChecker(t)
	calls := 0
	for _, p := range c.own {
		if shown[strings.TrimPrefix(p.ImportPath, module+"/")] != "" {
			continue
		}
		var files []*ast.File
		for _, name := range p.GoFiles {
			if strings.HasSuffix(name, ".pb.go") {
				continue // messages in words are what protobuf offers; nobody may ask for them
			}
			file, err := parser.ParseFile(c.fset, filepath.Join(p.Dir, name), nil, 0)
			if err != nil {
				t.Fatal(err)
			}
			files = append(files, file)
		}
		w := c.look(p.ImportPath, files...)
		calls += w.calls
		for _, f := range w.found {
			t.Errorf("%s is put into words; tell a place or a number of the sample instead", f)
		}
	}
	if calls < 500 {
		t.Errorf("only %d calls that make words were found: the test looks for the wrong ones", calls)
	}
}

// leaky puts into words what nobody may, on every line that ends with "no".
const leaky = `package leaky

import (
	"fmt"
	"strings"

	"github.com/rs/zerolog"

	"github.com/fusemoe/fusemoe/sdk"
	"github.com/fusemoe/fusemoe/sdk/modalitypb"
)

func f(log *zerolog.Logger, s sdk.Sample, m *modalitypb.Sample) error {
	log.Info().Int("items", len(s.Items)).Msg("encoded")
	log.Info().Str("id", s.ID).Msg("encoded") // no
	log.Info().Interface("sample", m).Msg("encoded") // no
	log.Info().Str("type", s.Items[0].MediaType).Msg(strings.TrimSpace(string(s.Items[0].Data))) // no
	if m.GetId() == "" {
		return &sdk.Diagnostic{Summary: "a sample has no id", Detail: fmt.Sprint(len(m.GetId()))}
	}
	if len(s.Items) > 9 {
		return &sdk.Diagnostic{Summary: "too much of " + m.GetId()} // no
	}
	return fmt.Errorf("bad: %v", s.Items) // no
}
`

func TestWhatPutsPatientsIntoWordsIsFound(t *testing.T) {
	c := newChecker(t)
	file, err := parser.ParseFile(c.fset, "leaky.go", leaky, 0)
	if err != nil {
		t.Fatal(err)
	}
	w := c.look("leaky", file)
	var lines []string
	for i, line := range strings.Split(leaky, "\n") {
		if strings.HasSuffix(line, "// no") {
			lines = append(lines, fmt.Sprintf("leaky.go:%d:", i+1))
		}
	}
	if len(w.found) != len(lines) {
		t.Fatalf("found %q, want one for each of %q", w.found, lines)
	}
	for i, f := range w.found {
		if !strings.HasPrefix(f, lines[i]) {
			t.Errorf("found %s, want %s", f, lines[i])
		}
	}
}

func TestWhatWasRecordedHasTheFieldsThatAreLookedFor(t *testing.T) {
	c := newChecker(t)
	for name, fields := range recorded {
		path, typ := name[:strings.LastIndexByte(name, '.')], name[strings.LastIndexByte(name, '.')+1:]
		p, err := c.imports.Import(module + "/" + path)
		if err != nil {
			t.Fatal(err)
		}
		object := p.Scope().Lookup(typ)
		if object == nil {
			t.Errorf("there is no %s", name)
			continue
		}
		for _, f := range fields {
			if found, _, _ := types.LookupFieldOrMethod(object.Type(), true, p, f); found == nil {
				t.Errorf("%s has no %s", name, f)
			}
		}
	}
}

// checker type-checks packages of the module.
type checker struct {
	own     []source
	fset    *token.FileSet
	imports types.Importer
}

func newChecker(t *testing.T) *checker {
	t.Helper()
	if testing.Short() {
		t.Skip("it type-checks the module")
	}
	exports, own := exported(t)
	fset := token.NewFileSet()
	open := func(path string) (io.ReadCloser, error) { return os.Open(exports[path]) }
	return &checker{own, fset, importer.ForCompiler(fset, "gc", open)}
}

func (c *checker) look(path string, files ...*ast.File) *wording {
	w := &wording{fset: c.fset, info: &types.Info{
		Types: map[ast.Expr]types.TypeAndValue{}, Uses: map[*ast.Ident]types.Object{},
	}}
	// A package without its generated files does not type-check; what was found is enough.
	_, _ = (&types.Config{Importer: c.imports, Error: func(error) {}}).Check(path, c.fset, files, w.info)
	for _, file := range files {
		ast.Inspect(file, w.look)
	}
	return w
}

// wording finds what is put into words.
type wording struct {
	fset  *token.FileSet
	info  *types.Info
	calls int
	found []string // where and what
}

func (w *wording) add(n ast.Node, what string) {
	w.found = append(w.found, fmt.Sprintf("%s: %s", w.fset.Position(n.Pos()), what))
}

func (w *wording) look(n ast.Node) bool {
	switch n := n.(type) {
	case *ast.CallExpr:
		if w.makesWords(n) {
			w.calls++
			for _, arg := range n.Args {
				w.search(arg)
			}
		}
	case *ast.CompositeLit:
		if name, _ := w.named(n); name == "sdk.Diagnostic" || name == "sdk/modalitypb.Diagnostic" {
			w.calls++
			for _, e := range n.Elts {
				w.search(e)
			}
		}
	}
	return true
}

// makesWords tells calls of fmt, errors and zerolog.
func (w *wording) makesWords(call *ast.CallExpr) bool {
	selector, ok := call.Fun.(*ast.SelectorExpr)
	if !ok || w.info.Uses[selector.Sel] == nil || w.info.Uses[selector.Sel].Pkg() == nil {
		return false
	}
	return slices.Contains([]string{"fmt", "errors", "log", "github.com/rs/zerolog"}, w.info.Uses[selector.Sel].Pkg().Path())
}

// search finds what was recorded in an expression, unless only its length is asked for.
func (w *wording) search(e ast.Expr) {
	if name, ok := w.named(e); ok {
		w.add(e, "a "+name)
		return
	}
	ast.Inspect(e, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncLit:
			return false // looked at for itself
		case *ast.CallExpr:
			if f, ok := n.Fun.(*ast.Ident); ok && (f.Name == "len" || f.Name == "cap") {
				return false
			}
		case *ast.SelectorExpr:
			if name, ok := w.named(n.X); ok && slices.Contains(recorded[name], n.Sel.Name) {
				w.add(n, name+"."+n.Sel.Name)
			}
		}
		return true
	})
}

// named is the name of the type of an expression, a pointer or a list of such, and whether
// it holds what was recorded.
func (w *wording) named(e ast.Expr) (name string, ok bool) {
	t := w.info.TypeOf(e)
	for {
		switch x := t.(type) {
		case *types.Pointer:
			t = x.Elem()
		case *types.Slice:
			t = x.Elem()
		case *types.Named:
			if x.Obj().Pkg() == nil {
				return "", false
			}
			name = strings.TrimPrefix(x.Obj().Pkg().Path(), module+"/") + "." + x.Obj().Name()
			_, ok = recorded[name]
			return name, ok
		default:
			return "", false
		}
	}
}

// source is what go list says of a package.
type source struct {
	Dir, ImportPath, Export string
	GoFiles                 []string
}

// exported returns the compiled packages of every import, and the module's own sources.
func exported(t *testing.T) (exports map[string]string, own []source) {
	t.Helper()
	lookAround(t)
	out, err := exec.Command("go", "list", "-export", "-deps", "-json=Dir,ImportPath,Export,GoFiles", "./...").Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	exports = map[string]string{}
	dec := json.NewDecoder(strings.NewReader(string(out)))
	for {
		var p source
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			return exports, own
		} else if err != nil {
			t.Fatal(err)
		}
		exports[p.ImportPath] = p.Export
		if strings.HasPrefix(p.ImportPath, module+"/") {
			own = append(own, p)
		}
	}
}
