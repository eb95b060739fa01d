package fusemoe

import (
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/fusemoe/fusemoe"

// rule says what the packages under some folders may import.
type rule struct {
	why string
	// of are the folders the rule is about; empty means the whole module.
	of []string
	// except are folders that the rule leaves out.
	except []string
	// forbids are import path prefixes, transitively where deep is set.
	forbids []string
	deep    bool
	// allows, if set, are the only folders of this module that may be imported.
	allows []string
}

var rules = []rule{
	{why: "a plugin author's code never needs the core", of: []string{"sdk", "plugins"}, forbids: []string{module + "/core", module + "/routing"}, deep: true},
	{why: "only the ECG plugin trains a network of its own", of: []string{"sdk", "plugins"}, except: []string{"plugins/ecg"}, forbids: []string{"gorgonia.org"}, deep: true},
	{why: "a new modality touches neither core nor routing", of: []string{"core", "routing"}, forbids: []string{module + "/plugins"}, deep: true},
	{why: "the SDK knows no plugin", of: []string{"sdk"}, forbids: []string{module + "/plugins"}, deep: true},
	{why: "processes are the host's and the SDK's business", except: []string{"sdk", "core/host"}, forbids: []string{"github.com/hashicorp/go-plugin"}},
	{why: "rights are taken away in one place", except: []string{"core/host/sandbox"}, forbids: []string{"github.com/landlock-lsm"}},
	{why: "settings come from one place", except: []string{"core/config"}, forbids: []string{"github.com/knadh/koanf"}},
	{why: "only one package needs CUDA", except: []string{"core/kernel/cuda"}, forbids: []string{"gorgonia.org/cu"}},
	{why: "the graph is built in few places", except: []string{"core/op", "core/model", "core/train", "routing", "plugins/ecg"}, forbids: []string{"gorgonia.org/gorgonia", "gorgonia.org/tensor"}},
	{why: "kernels are numbers only", of: []string{"core/kernel"}, except: []string{"core/kernel/kerneltest", "core/kernel/cuda"}, forbids: []string{"gorgonia.org"}, deep: true, allows: []string{}},
	{why: "routers can be tested alone", of: []string{"routing"}, allows: []string{"core/op", "core/kernel"}},
	{why: "operations stand on kernels alone", of: []string{"core/op"}, allows: []string{"core/kernel"}},
	{why: "the network knows no files", of: []string{"core/model"}, allows: []string{"routing", "core/op", "core/kernel"}},
	{why: "data tests need no process", of: []string{"core/data"}, forbids: []string{module + "/core/host"}, deep: true},
}

// TestImports holds the tree to its architecture: who may import whom.
func TestImports(t *testing.T) {
	packages := listPackages(t)
	for _, r := range rules {
		t.Run(r.why, func(t *testing.T) {
			covered := 0
			for _, p := range packages {
				if r.covers(p.folder()) {
					covered++
					r.check(t, p)
				}
			}
			if covered == 0 {
				t.Errorf("no package lies under %v", r.of)
			}
		})
	}
}

func (r rule) covers(folder string) bool {
	return (len(r.of) == 0 || under(folder, r.of)) && !under(folder, r.except)
}

func (r rule) check(t *testing.T, p goPackage) {
	t.Helper()
	imports := p.Imports
	if r.deep {
		imports = p.Deps
	}
	for _, path := range imports {
		for _, f := range r.forbids {
			if path == f || strings.HasPrefix(path, f+"/") {
				t.Errorf("%s imports %s", p.folder(), path)
			}
		}
	}
	if r.allows == nil {
		return
	}
	for _, path := range p.Imports {
		folder, ours := strings.CutPrefix(path, module+"/")
		if ours && !slices.Contains(r.allows, folder) {
			t.Errorf("%s imports %s; allowed are %v", p.folder(), folder, r.allows)
		}
	}
}

func under(folder string, roots []string) bool {
	return slices.ContainsFunc(roots, func(root string) bool {
		return folder == root || strings.HasPrefix(folder, root+"/")
	})
}

type goPackage struct {
	ImportPath    string
	Imports, Deps []string
}

func (p goPackage) folder() string { return strings.TrimPrefix(p.ImportPath, module+"/") }

// lookAround opens every folder of the module: go test does not know what go list reads, and
// would take a result from its cache though files had changed, or were new.
func lookAround(t *testing.T) {
	t.Helper()
	err := filepath.WalkDir(".", func(_ string, e fs.DirEntry, err error) error {
		if err == nil && e.Name() == ".git" && e.IsDir() {
			return filepath.SkipDir
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func listPackages(t *testing.T) []goPackage {
	t.Helper()
	lookAround(t)
	out, err := exec.Command("go", "list", "-json=ImportPath,Imports,Deps", "./...").Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	var all []goPackage
	dec := json.NewDecoder(strings.NewReader(string(out)))
	for {
		var p goPackage
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			return all
		} else if err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
}
