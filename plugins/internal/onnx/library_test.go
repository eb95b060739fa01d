//go:build cgo

package onnx

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/fusemoe/fusemoe/sdk"
)

// TestWhereTheLibraryIs is about finding it, which each process does once.
func TestWhereTheLibraryIs(t *testing.T) {
	file := filepath.Join(t.TempDir(), "libonnxruntime.so")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct{ name, key, variable, want, complaint string }{
		{"nowhere", "", "", "", "no ONNX Runtime is named, neither here nor by FUSEMOE_ONNXRUNTIME"},
		{"by the variable", "", file, file, ""},
		{"by the key", file, "/elsewhere", file, ""},
		{"not there", "", "/none", "", "FUSEMOE_ONNXRUNTIME names no file: /none"},
		{"not there either", "/none", file, "", "onnx.library names no file: /none"},
		{"a folder", filepath.Dir(file), "", "", "names no file"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Setenv(sdk.ONNXRuntimeEnv, test.variable)
			got, err := libraryPath(Config{Library: test.key})
			if test.complaint == "" {
				if got != test.want || err != nil {
					t.Errorf("got %s, %v", got, err)
				}
				return
			}
			d, ok := errors.AsType[*sdk.Diagnostic](err)
			if !ok || d.Path != "onnx.library" || !strings.Contains(d.Summary, test.complaint) || !strings.Contains(d.Detail, "pip install onnxruntime") {
				t.Errorf("got %v", err)
			}
		})
	}
}

// TestALibraryThatIsNoneIsADiagnostic comes before a test that loads one, as tests of the
// package itself do.
func TestALibraryThatIsNoneIsADiagnostic(t *testing.T) {
	if loaded.path != "" {
		t.Skip("a library is loaded, and no process has two")
	}
	file := filepath.Join(t.TempDir(), "libonnxruntime.so")
	if err := os.WriteFile(file, []byte("not a library"), 0o600); err != nil {
		t.Fatal(err)
	}
	err := load(Config{Library: file})
	d, ok := errors.AsType[*sdk.Diagnostic](err)
	if !ok || d.Path != "onnx.library" || !strings.Contains(d.Summary, "cannot load ONNX Runtime") || loaded.path != "" {
		t.Errorf("got %v", err)
	}
}
