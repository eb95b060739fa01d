//go:build !amd64

package kernel

// expMinusVector is for paths that only amd64 has.
func expMinusVector([]float32, float32) { panic("kernel: no vector path on this machine") }
