//go:build !amd64

package kernel

// paths lists what this machine can run: here plain Go is all there is.
func paths() []path { return []path{generic} }
