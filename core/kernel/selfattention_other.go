//go:build !amd64

package kernel

func (path) fusedSize(int) int { panic(errNoVectors) }

func (path) prefetch([]float32) { panic(errNoVectors) }

func (path) attend(_, _, _ int, _, _, _ []float32, _ float32) { panic(errNoVectors) }

func (path) attendBackward(_, _, _ int, _, _, _, _, _, _ []float32, _ float32) { panic(errNoVectors) }
