// Package gpu runs graphs of package op on an NVIDIA GPU, with the kernels of package cuda.
//
// All of it is behind the build tag gpu but Open, which tells a program without the tag what
// to build.
package gpu

import "errors"

// Options say how a device is to compute.
type Options struct {
	// Ordinal is the number of the device.
	Ordinal int
	// Precision is that of the factors of matrix products: "float32", "tf32" or "bf16".
	Precision string
}

// Info describes a device.
type Info struct {
	// Name has the device's number and what its maker calls it, Memory its size in bytes.
	Name   string
	Memory int64
}

// ErrNone says that there is no GPU to be had: no driver, no device that will do, or a
// program that was built without the tag gpu.
var ErrNone = errors.New("no GPU")
