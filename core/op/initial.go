package op

import (
	"hash/fnv"

	"gorgonia.org/tensor"

	"github.com/fusemoe/fusemoe/core/kernel"
)

// Zeros is a parameter that starts at 0 and does not decay.
func Zeros[F kernel.Float](name string, shape ...int) *Parameter[F] {
	return Constant[F](name, 0, shape...)
}

// Constant is a parameter that starts at one value and does not decay.
func Constant[F kernel.Float](name string, value F, shape ...int) *Parameter[F] {
	p := newParameter[F](name, shape)
	for i := range p.Value {
		p.Value[i] = value
	}
	return p
}

// Uniform is a decaying parameter that starts uniform in [-bound, bound), a function
// of seed and name.
func Uniform[F kernel.Float](name string, bound float64, seed uint64, shape ...int) *Parameter[F] {
	p := newParameter[F](name, shape)
	p.Decays = true
	key := nameKey(name, seed)
	for i := range p.Value {
		p.Value[i] = F((2*kernel.Uniform(key, uint64(i)) - 1) * bound)
	}
	return p
}

// Normal is a parameter that starts normal with the given deviation, a function of
// seed and name. It does not decay: it holds prototypes and embeddings, whose length
// means something.
func Normal[F kernel.Float](name string, deviation float64, seed uint64, shape ...int) *Parameter[F] {
	p := newParameter[F](name, shape)
	key := nameKey(name, seed)
	for i := range p.Value {
		p.Value[i] = F(kernel.Normal(key, uint64(i)) * deviation)
	}
	return p
}

func newParameter[F kernel.Float](name string, shape []int) *Parameter[F] {
	n := tensor.Shape(shape).TotalSize()
	return &Parameter[F]{Name: name, Shape: shape, Value: make([]F, n), Grad: make([]F, n)}
}

// nameKey makes the start of a parameter independent of which others there are.
func nameKey(name string, seed uint64) uint64 {
	h := fnv.New64a()
	h.Write([]byte(name))
	return kernel.Key(seed, h.Sum64())
}
