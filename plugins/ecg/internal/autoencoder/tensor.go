package autoencoder

import (
	"sync"
	"sync/atomic"

	"gonum.org/v1/gonum/blas/blas32"
	"gonum.org/v1/gonum/blas/blas64"
)

// number is what a network computes in: float32, and float64 where its gradients are checked.
type number interface{ float32 | float64 }

// margin is the number of zeros before each signal, and at least behind it: no less than half the largest
// kernel. As a multiple of four, like the stride, it keeps all signals at the same alignment, by which
// gonum's dot product decides in which order it adds.
const margin = 4

// tensor holds, for each channel, the signals of a batch one behind the other with zeros between them, so that
// a filter can run over all of them at once.
type tensor[F number] struct {
	channels, batch, length int
	data                    []F // channels rows of batch signals of stride
}

func newTensor[F number](channels, batch, length int) *tensor[F] {
	t := &tensor[F]{channels: channels, batch: batch, length: length}
	t.data = make([]F, channels*t.width())
	return t
}

// reuse returns a tensor of zeros: t itself if it has that shape.
func reuse[F number](t *tensor[F], channels, batch, length int) *tensor[F] {
	if t == nil || t.channels != channels || t.batch != batch || t.length != length {
		return newTensor[F](channels, batch, length)
	}
	clear(t.data)
	return t
}

// stride is from one signal of a row to the next.
func (t *tensor[F]) stride() int { return (margin + t.length + margin + 3) / 4 * 4 }

// width is that of a row.
func (t *tensor[F]) width() int { return t.batch * t.stride() }

// row is a channel of all signals, with their margins.
func (t *tensor[F]) row(channel int) []F { return t.data[channel*t.width():][:t.width()] }

// signal is a channel of one signal.
func (t *tensor[F]) signal(channel, i int) []F {
	return t.data[channel*t.width()+i*t.stride()+margin:][:t.length]
}

// clearMargins sets what is between the signals of a row to zero.
func (t *tensor[F]) clearMargins(channel int) {
	row := t.row(channel)
	for i := range t.batch {
		clear(row[i*t.stride():][:margin])
		clear(row[i*t.stride()+margin+t.length : (i+1)*t.stride()])
	}
}

// axpy adds a*x to y.
func axpy[F number](a F, x, y []F) {
	switch x := any(x).(type) {
	case []float32:
		y := any(y).([]float32)
		blas32.Axpy(float32(a), blas32.Vector{N: len(y), Inc: 1, Data: x}, blas32.Vector{N: len(y), Inc: 1, Data: y})
	case []float64:
		y := any(y).([]float64)
		blas64.Axpy(float64(a), blas64.Vector{N: len(y), Inc: 1, Data: x}, blas64.Vector{N: len(y), Inc: 1, Data: y})
	}
}

// dot is the sum of x*y.
func dot[F number](x, y []F) F {
	switch x := any(x).(type) {
	case []float32:
		y := any(y).([]float32)
		return F(blas32.Dot(blas32.Vector{N: len(y), Inc: 1, Data: x}, blas32.Vector{N: len(y), Inc: 1, Data: y}))
	case []float64:
		y := any(y).([]float64)
		return F(blas64.Dot(blas64.Vector{N: len(y), Inc: 1, Data: x}, blas64.Vector{N: len(y), Inc: 1, Data: y}))
	}
	panic("autoencoder: neither float32 nor float64")
}

// threads is how many goroutines share a layer's rows. No number depends on it: each row is computed by one.
type threads int

// each calls f with 0 to n-1.
func (t threads) each(n int, f func(i int)) {
	if t <= 1 {
		for i := range n {
			f(i)
		}
		return
	}
	var next atomic.Int64
	var all sync.WaitGroup
	for range min(int(t), n) {
		all.Go(func() {
			for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
				f(i)
			}
		})
	}
	all.Wait()
}
