//go:build !cgo

package onnx_test

import (
	"errors"
	"testing"

	"github.com/fusemoe/fusemoe/plugins/internal/onnx"
	"github.com/fusemoe/fusemoe/sdk"
)

func TestWithoutCgoItIsSaid(t *testing.T) {
	_, err := onnx.Read(onnx.Config{Model: "testdata/image.onnx"})
	const want = "onnx.model: this fusemoe was built without cgo and cannot call ONNX Runtime; " +
		"build it with a C compiler: CGO_ENABLED=1 go build ./cmd/fusemoe"
	if d, ok := errors.AsType[*sdk.Diagnostic](err); !ok || d.Error() != want {
		t.Errorf("got %v", err)
	}
}
