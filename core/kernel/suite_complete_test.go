package kernel_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A kernel that is not in the suite of kerneltest is held to nothing on the fast paths.
func TestEveryKernelIsInTheSuite(t *testing.T) {
	var suite strings.Builder
	for _, file := range sources(t, "kerneltest") {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		suite.Write(text)
	}
	kernels := 0
	for _, file := range sources(t, ".") {
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range parsed.Decls {
			f, ok := d.(*ast.FuncDecl)
			if !ok || f.Recv == nil || !strings.HasPrefix(f.Name.Name, "Forward") && f.Name.Name != "Fill" {
				continue
			}
			kernels++
			name := receiver(f.Recv.List[0].Type)
			if !strings.Contains(suite.String(), "kernel."+name+"[F]{") || !strings.Contains(suite.String(), "."+f.Name.Name+"(") {
				t.Errorf("%s of %s is in no case of kerneltest", f.Name.Name, name)
			}
		}
	}
	if kernels < 20 {
		t.Errorf("found %d kernels only", kernels)
	}
}

// receiver is the name of the type of a method.
func receiver(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.StarExpr:
		return receiver(e.X)
	case *ast.IndexExpr:
		return receiver(e.X)
	case *ast.Ident:
		return e.Name
	}
	return ""
}

// sources are the Go files of a folder, but for tests.
func sources(t *testing.T, folder string) (files []string) {
	t.Helper()
	all, err := filepath.Glob(filepath.Join(folder, "*.go"))
	if err != nil || len(all) == 0 {
		t.Fatalf("%s: %d files, %v", folder, len(all), err)
	}
	for _, file := range all {
		if !strings.HasSuffix(file, "_test.go") {
			files = append(files, file)
		}
	}
	return files
}
