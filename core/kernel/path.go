package kernel

import (
	"fmt"
	"os"
)

// path is a set of instructions that the fast kernels are written in.
type path uint8

const (
	generic path = iota // plain Go, on every machine
	avx2                // AVX2 and FMA
	avx512              // AVX-512F and DQ
)

// PathVariable is the environment variable that forces a path: generic, avx2 or
// avx512. Unset or empty, the fastest that the machine has is taken.
const PathVariable = "FUSEMOE_KERNEL"

func (s path) String() string { return [...]string{"generic", "avx2", "avx512"}[s] }

// chosen is decided once, before anything runs, so that one process never mixes
// the bits of two paths.
var chosen, errPath = choosePath(os.Getenv(PathVariable), paths())

// choosePath takes the last of the available paths, which are in order of speed,
// unless name says otherwise.
func choosePath(name string, available []path) (path, error) {
	if name == "" {
		return available[len(available)-1], nil
	}
	for _, s := range available {
		if s.String() == name {
			return s, nil
		}
	}
	return generic, fmt.Errorf("%s=%q: this machine has %v; set one of them, or none to get the fastest",
		PathVariable, name, available)
}

// Path names the instructions that float32 kernels use on this machine: "generic",
// "avx2" or "avx512". The error says that PathVariable asks for one that is unknown
// or that the machine lacks; a program should check it as it starts, because until
// it is put right every fast kernel panics with it.
func Path() (string, error) {
	if errPath != nil {
		return "", errPath
	}
	return chosen.String(), nil
}

// activePath is the path to take, for the kernels' entry points.
func activePath() path {
	if errPath != nil {
		panic(errPath)
	}
	return chosen
}
