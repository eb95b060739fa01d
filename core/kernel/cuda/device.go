//go:build gpu

package cuda

import (
	"errors"
	"fmt"
	"runtime"

	"gorgonia.org/cu"
)

// leastCapability is the compute capability that the kernels are compiled for: 8.0, that of
// the A100, the first with TF32 and bf16 products.
const leastCapability = 80

// ErrNoDevice says that there is a driver and no device that will do.
var ErrNoDevice = errors.New("no CUDA device")

// Device is one GPU with the kernels on it. It serves one caller at a time.
type Device struct {
	// Precision is that of matrix products.
	Precision Precision
	// Name is the device as its maker calls it, Memory its size in bytes.
	Name   string
	Memory int64

	ordinal int
	context cu.CUContext
	stream  cu.Stream
	kernels kernels
	pool    pool
	blas    *blas // nil: there is no cuBLAS
	// inside says that the calling thread belongs to the context already.
	inside bool
	// failure is the first of what went wrong.
	failure error
}

// Open makes the device with the given number ready. It fails with ErrNoDriver,
// ErrNoDevice or what the device has against the kernels.
func Open(ordinal int) (*Device, error) {
	if err := openDriver(); err != nil {
		return nil, err
	}
	found, err := cu.NumDevices()
	if err != nil {
		return nil, fmt.Errorf("count the CUDA devices: %w", err)
	}
	if ordinal < 0 || ordinal >= found {
		return nil, fmt.Errorf("%w cuda:%d; the driver knows of %d", ErrNoDevice, ordinal, found)
	}
	d := &Device{ordinal: ordinal, pool: pool{free: map[int][]cu.DevicePtr{}, class: map[cu.DevicePtr]int{}}}
	if err := d.describe(cu.Device(ordinal)); err != nil {
		return nil, err
	}
	if d.context, err = cu.Device(ordinal).RetainPrimaryCtx(); err != nil {
		return nil, fmt.Errorf("take %s: %w", d, err)
	}
	err = d.do(func() error {
		if d.stream, err = cu.MakeStream(cu.NonBlocking); err != nil {
			return err
		}
		if d.blas, err = openBLAS(d.stream); err != nil {
			return err
		}
		return d.kernels.load()
	})
	if err != nil {
		return nil, errors.Join(fmt.Errorf("prepare %s: %w", d, err), d.Close())
	}
	return d, nil
}

// describe fills in what the device is and refuses one that is too old.
func (d *Device) describe(device cu.Device) (err error) {
	if d.Name, err = device.Name(); err != nil {
		return fmt.Errorf("name cuda:%d: %w", d.ordinal, err)
	}
	if d.Memory, err = device.TotalMem(); err != nil {
		return fmt.Errorf("measure the memory of %s: %w", d, err)
	}
	major, err := device.Attribute(cu.ComputeCapabilityMajor)
	if err != nil {
		return fmt.Errorf("ask %s what it can do: %w", d, err)
	}
	minor, err := device.Attribute(cu.ComputeCapabilityMinor)
	if err != nil {
		return fmt.Errorf("ask %s what it can do: %w", d, err)
	}
	if 10*major+minor < leastCapability {
		return fmt.Errorf("%w that will do: %s has compute capability %d.%d, and the kernels need %d.%d",
			ErrNoDevice, d, major, minor, leastCapability/10, leastCapability%10)
	}
	return nil
}

// String names the device as configs and people do.
func (d *Device) String() string { return fmt.Sprintf("cuda:%d (%s)", d.ordinal, d.Name) }

// do runs f on a thread that the device's context belongs to: the driver keeps the
// context of every thread, and Go moves goroutines between threads.
func (d *Device) do(f func() error) error {
	if d.inside {
		return f()
	}
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if err := cu.SetCurrentContext(d.context); err != nil {
		return err
	}
	return f()
}

// During calls f and spares it the change of contexts before everything it asks of the
// device.
func (d *Device) During(f func()) {
	err := d.do(func() error {
		d.inside = true
		defer func() { d.inside = false }()
		f()
		return nil
	})
	if err != nil && d.failure == nil {
		d.failure = fmt.Errorf("%s: %w", d, err)
	}
}

// Wait returns when the device has done all that it was asked to, with the first failure
// since it was opened.
func (d *Device) Wait() error {
	d.try("wait", d.stream.Synchronize)
	return d.failure
}

// Failure is the first of what went wrong, as far as it is known: Wait waits for the rest.
func (d *Device) Failure() error { return d.failure }

// Close gives the device back with all memory of its arrays.
func (d *Device) Close() error {
	err := d.do(func() error {
		return errors.Join(d.blas.close(), d.pool.release(), d.kernels.unload(), d.stream.Destroy())
	})
	return errors.Join(err, cu.Device(d.ordinal).ReleasePrimaryCtx())
}
