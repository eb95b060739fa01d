//go:build gpu

package cuda

import (
	"errors"
	"fmt"
	"math/bits"
	"unsafe"

	"gorgonia.org/cu"
)

// Array is memory of a device: float32 or, for indices, int32. The zero Array is none.
type Array struct {
	address cu.DevicePtr
	length  int
}

// Len is the number of entries.
func (a Array) Len() int { return a.length }

// Slice is the part of an array from entry lo on, n long.
func (a Array) Slice(lo, n int) Array {
	if lo < 0 || n < 0 || lo+n > a.length {
		panic(ErrShape)
	}
	return Array{address: a.address + cu.DevicePtr(4*lo), length: n}
}

// Given says that this is no zero Array.
func (a Array) Given() bool { return a.address != 0 }

// Offset is where an array begins within another one of the same memory, in entries.
func (a Array) Offset(of Array) int { return int(a.address-of.address) / 4 }

// ErrShape is what the kernels panic with where arrays do not fit.
const ErrShape = "cuda: an array has the wrong length"

// ErrMemory says that the device has too little memory left.
var ErrMemory = errors.New("too little memory on the device")

// pool keeps what was freed for the next array of its class: a training step asks for the
// same sizes each time, and the driver takes long to give memory and waits to take it.
type pool struct {
	free  map[int][]cu.DevicePtr // by class in entries
	class map[cu.DevicePtr]int
}

// classOf rounds up to one of eight sizes between powers of two, which wastes an eighth at
// most.
func classOf(n int) int {
	if n <= 64 {
		return 64
	}
	step := 1 << max(bits.Len(uint(n-1))-4, 6)
	return (n + step - 1) / step * step
}

// New is an array of n entries, with anything in it. It is the zero Array where there is no
// memory left, and Wait then tells.
func (d *Device) New(n int) Array {
	if n == 0 || d.failure != nil {
		return Array{length: n}
	}
	class := classOf(n)
	if free := d.pool.free[class]; len(free) > 0 {
		d.pool.free[class] = free[:len(free)-1]
		return Array{address: free[len(free)-1], length: n}
	}
	a := Array{length: n}
	d.try(fmt.Sprintf("take %d bytes", 4*n), func() (err error) {
		if a.address, err = cu.MemAlloc(int64(4 * class)); err == nil {
			d.pool.class[a.address] = class
			return nil
		}
		if free, total, infoErr := cu.MemInfo(); infoErr == nil {
			return fmt.Errorf("%w: %d of %d MiB are free: %w", ErrMemory, free>>20, total>>20, err)
		}
		return fmt.Errorf("%w: %w", ErrMemory, err)
	})
	return a
}

// Free gives the memory of a whole array back to the pool. Work that was asked for before
// still finds it: the device does one thing after the other.
func (d *Device) Free(arrays ...Array) {
	for _, a := range arrays {
		if a.address != 0 {
			class := d.pool.class[a.address]
			d.pool.free[class] = append(d.pool.free[class], a.address)
		}
	}
}

// Taken is how many bytes of the device's memory its arrays have, in use or free.
func (d *Device) Taken() int64 {
	var sum int64
	for _, class := range d.pool.class {
		sum += int64(4 * class)
	}
	return sum
}

// release gives all memory back to the driver.
func (p *pool) release() error {
	var errs []error
	for address := range p.class {
		errs = append(errs, cu.MemFree(address))
	}
	return errors.Join(errs...)
}

// Load fills an array from the host and returns when x may be changed again: the driver
// makes a copy of what is not pinned.
func (d *Device) Load(a Array, x []float32) { load(d, a, x) }

// LoadInts is Load for indices.
func (d *Device) LoadInts(a Array, x []int32) { load(d, a, x) }

func load[T float32 | int32](d *Device, a Array, x []T) {
	if a.length != len(x) {
		panic(ErrShape)
	}
	if len(x) == 0 {
		return
	}
	d.try("copy to the device", func() error {
		return cu.MemcpyHtoDAsync(a.address, unsafe.Pointer(&x[0]), int64(4*len(x)), d.stream)
	})
}

// Upload is a new array with the content of x.
func (d *Device) Upload(x []float32) Array {
	a := d.New(len(x))
	d.Load(a, x)
	return a
}

// Store copies an array to the host, after all that was asked for before.
func (d *Device) Store(x []float32, a Array) error { return store(d, x, a) }

func store[T float32 | int32](d *Device, x []T, a Array) error {
	if a.length != len(x) {
		panic(ErrShape)
	}
	if len(x) > 0 {
		d.try("copy from the device", func() error {
			err := cu.MemcpyDtoHAsync(unsafe.Pointer(&x[0]), a.address, int64(4*len(x)), d.stream)
			return errors.Join(err, d.stream.Synchronize())
		})
	}
	return d.failure
}

// Clear fills arrays with zeros.
func (d *Device) Clear(arrays ...Array) {
	for _, a := range arrays {
		if a.length > 0 {
			d.try("clear memory", func() error { return cu.MemsetD32Async(a.address, 0, int64(a.length), d.stream) })
		}
	}
}

// Copy fills one array of the device from another.
func (d *Device) Copy(to, from Array) {
	fit(to.length, from)
	if to.length > 0 {
		d.try("copy on the device", func() error {
			return cu.MemcpyDtoDAsync(to.address, from.address, int64(4*to.length), d.stream)
		})
	}
}
