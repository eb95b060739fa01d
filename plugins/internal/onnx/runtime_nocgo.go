//go:build !cgo

package onnx

// The twin of runtime.go in programs that were built without cgo: it says so.

func load(Config) error {
	return At("model", "this fusemoe was built without cgo and cannot call ONNX Runtime",
		"build it with a C compiler: CGO_ENABLED=1 go build ./cmd/fusemoe")
}

func inspect(string) (inputs, outputs []Value, err error) { return nil, nil, load(Config{}) }

func open(string, string, []Value, string) (session, error) { return nil, load(Config{}) }
