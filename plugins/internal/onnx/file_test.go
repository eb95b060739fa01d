package onnx_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/fusemoe/fusemoe/plugins/internal/onnx"
	"github.com/fusemoe/fusemoe/sdk"
)

// TestFilesThatAreNoNetwork are told before ONNX Runtime is looked for.
func TestFilesThatAreNoNetwork(t *testing.T) {
	good, err := os.ReadFile("testdata/external.onnx")
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct{ name, content, want string }{
		{"empty", "", "no ONNX network, or a damaged one"},
		{"text", "a network of sorts", "no ONNX network, or a damaged one"},
		{"truncated", string(good[:len(good)/2]), "no ONNX network, or a damaged one"},
		{"Git LFS", "version https://git-lfs.github.com/spec/v1\n", "git lfs pull gets it"},
		{"PyTorch", "PK\x03\x04archive/data.pkl", "perhaps of PyTorch or Keras"},
		{"Keras", "\x89HDF\r\n\x1a\n", "perhaps of Keras"},
		{"weights that are not there", string(good), "weights external.onnx.data beside it cannot be read: "},
		{"weights elsewhere", strings.ReplaceAll(string(good), "external.onnx.data", "../../../etc/hosts"), "outside of its folder"},
	} {
		t.Run(test.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "m.onnx")
			if err := os.WriteFile(path, []byte(test.content), 0o600); err != nil {
				t.Fatal(err)
			}
			_, err := onnx.Read(onnx.Config{Model: path})
			d, ok := errors.AsType[*sdk.Diagnostic](err)
			if !ok || d.Path != "onnx.model" || !strings.Contains(d.Summary, test.want) || d.Detail == "" {
				t.Errorf("got %v, want %s", err, test.want)
			}
		})
	}
}

func TestWhatIsNotNamedOrNotThere(t *testing.T) {
	for _, test := range []struct {
		config     onnx.Config
		path, want string
	}{
		{onnx.Config{}, "onnx.model", "no network is named"},
		{onnx.Config{Model: "testdata/none.onnx"}, "onnx.model", "cannot read testdata/none.onnx: "},
		{onnx.Config{Model: "testdata"}, "onnx.model", "cannot read testdata: "},
	} {
		_, err := onnx.Read(test.config)
		if d, ok := errors.AsType[*sdk.Diagnostic](err); !ok || d.Path != test.path || !strings.Contains(d.Summary, test.want) {
			t.Errorf("%+v: got %v", test.config, err)
		}
	}
}

// FuzzRead checks that no file makes the search for weights panic or leave its folder.
// What it takes for a network is not given to the library, which is not ours to test.
func FuzzRead(f *testing.F) {
	for _, name := range []string{"external", "image", "text"} {
		data, err := os.ReadFile("testdata/" + name + ".onnx")
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
		f.Add(bytes.Replace(data, []byte("external.onnx.data"), []byte("/../external.onnx."), 1))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		names, ok := onnx.ExternalFiles(data)
		if !ok {
			return
		}
		for i, name := range names {
			if i > 0 && names[i-1] >= name {
				t.Errorf("%q after %q", name, names[i-1])
			}
		}
	})
}
