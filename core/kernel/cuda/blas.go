//go:build gpu

package cuda

// #include <stdlib.h>
// #include "blas.h"
import "C"

import (
	"errors"
	"fmt"
	"unsafe"

	"gorgonia.org/cu"
)

// Precision is that of the factors in matrix products; sums are float32 in each.
type Precision uint8

// The precisions.
const (
	Float32 Precision = iota
	TF32              // 10 bits of mantissa
	BF16              // 7 bits of mantissa
)

// computeTypes are cuBLAS's numbers for them (cublasComputeType_t): CUBLAS_COMPUTE_32F,
// CUBLAS_COMPUTE_32F_FAST_TF32 and CUBLAS_COMPUTE_32F_FAST_16BF.
var computeTypes = [...]C.int{Float32: 68, TF32: 77, BF16: 75}

// blasLibraries are the versions that will do, the newest first.
var blasLibraries = []string{"libcublas.so.13", "libcublas.so.12", "libcublas.so.11"}

// blas is cuBLAS on one stream.
type blas struct{ handle unsafe.Pointer }

// openBLAS opens the cuBLAS that is there, or returns nil: the kernels have a product of
// their own, slower and float32 in every precision.
func openBLAS(stream cu.Stream) (*blas, error) {
	for _, library := range blasLibraries {
		name := C.CString(library)
		var status C.int
		handle := C.fusemoe_blas_open(name, unsafe.Pointer(stream.C()), &status)
		C.free(unsafe.Pointer(name))
		if status != 0 {
			return nil, fmt.Errorf("start %s: it answers %d", library, status)
		}
		if handle != nil {
			return &blas{handle: handle}, nil
		}
	}
	return nil, nil
}

func (b *blas) close() error {
	if b != nil && C.fusemoe_blas_close(b.handle) != 0 {
		return errors.New("cuBLAS does not close")
	}
	return nil
}

// matrix is a row-major matrix on the device, its rows stride apart; transposed, it is read
// as its transpose.
type matrix struct {
	address    cu.DevicePtr
	stride     int
	transposed bool
	half       bool // bf16, not float32
}

// matrixOf is the matrix that fills an array row by row.
func matrixOf(a Array, stride int) matrix { return matrix{address: a.address, stride: stride} }

func transposed(m matrix) matrix {
	m.transposed = !m.transposed
	return m
}

// dataType is cuBLAS's number for that of the entries: CUDA_R_32F or CUDA_R_16BF.
func (m matrix) dataType() C.int {
	if m.half {
		return 14
	}
	return 0
}

// product computes c = a·b, or adds it to c; c is [m, n] and a, after any transposition,
// [m, k]. Factors are of one type; without cuBLAS there is no bf16.
func (d *Device) product(c, a, b matrix, m, n, k int, add bool) {
	if m == 0 || n == 0 {
		return
	}
	accumulate := 0
	if add {
		accumulate = 1
	}
	if d.blas == nil {
		aRow, aColumn := a.strides()
		bRow, bColumn := b.strides()
		const tile = 64 // rows and columns of c for each block, as in kernels/product.cu
		d.launch("product", (n+tile-1)/tile, (m+tile-1)/tile,
			c.address, a.address, b.address, m, n, k, aRow, aColumn, bRow, bColumn, c.stride, accumulate)
		return
	}
	compute := computeTypes[d.Precision]
	if a.half {
		compute = computeTypes[Float32]
	}
	d.try("multiply matrices", func() error {
		status := C.fusemoe_blas_product(d.blas.handle, compute, a.dataType(), c.dataType(), flag(a.transposed), flag(b.transposed),
			C.int(m), C.int(n), C.int(k), C.uint64_t(a.address), C.int(a.stride), C.uint64_t(b.address), C.int(b.stride),
			C.uint64_t(c.address), C.int(c.stride), C.int(accumulate))
		if status != 0 {
			return fmt.Errorf("cuBLAS answers %d", status)
		}
		return nil
	})
}

// strides are the distances between the rows and between the columns of what is read.
func (m matrix) strides() (row, column int) {
	if m.transposed {
		return 1, m.stride
	}
	return m.stride, 1
}

func flag(b bool) C.int {
	if b {
		return 1
	}
	return 0
}
