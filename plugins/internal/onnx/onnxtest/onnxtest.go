// Package onnxtest is what tests of the encoders that run networks have in common.
package onnxtest

import (
	"os"
	"testing"

	"github.com/fusemoe/fusemoe/sdk"
)

// Library skips a test if this machine has no ONNX Runtime to run it with.
func Library(t testing.TB) {
	t.Helper()
	if !cgo {
		t.Skip("built without cgo: ONNX Runtime cannot be called")
	}
	if os.Getenv(sdk.ONNXRuntimeEnv) == "" {
		t.Skip(sdk.ONNXRuntimeEnv + " names no ONNX Runtime library; .ci/onnx installs one and runs this test")
	}
}
