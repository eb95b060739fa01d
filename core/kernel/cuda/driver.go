//go:build gpu

package cuda

// #cgo LDFLAGS: -L${SRCDIR}/driver -ldl
// #include <stdlib.h>
// #include "driver.h"
import "C"

import (
	"errors"
	"fmt"
	"sync"
	"unsafe"
)

// DriverLibrary is what NVIDIA's driver installs, whatever its version.
const DriverLibrary = "libcuda.so.1"

// Available fails with ErrNoDriver where there is none.
func Available() error { return openDriver() }

// ErrNoDriver says that this machine has no NVIDIA driver that runs.
var ErrNoDriver = errors.New("no NVIDIA driver that runs")

// openDriver opens the driver's library, once for the program.
var openDriver = sync.OnceValue(func() error {
	name := C.CString(DriverLibrary)
	defer C.free(unsafe.Pointer(name))
	if problem := C.fusemoe_cuda_open(name); problem != nil {
		return fmt.Errorf("%w: %s", ErrNoDriver, C.GoString(problem))
	}
	return nil
})
