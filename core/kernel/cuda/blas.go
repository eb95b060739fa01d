//go:build gpu

package cuda

// #include <stdlib.h>
// #include "blas.h"
import "C"

import (
	"errors"
	"fmt"
	"slices"
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

// BLASLibraries are the versions that will do, the newest first.
var BLASLibraries = []string{"libcublas.so.13", "libcublas.so.12", "libcublas.so.11"}

// blas is cuBLAS on one stream.
type blas struct{ handle unsafe.Pointer }

// openBLAS opens the cuBLAS that is there, or returns nil: the kernels have a product of
// their own, slower and float32 in every precision.
func openBLAS(stream cu.Stream) (*blas, error) {
	for _, library := range BLASLibraries {
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

// product is c = a·b: c is [m, n] and a, after any transposition, [m, k].
type product struct {
	c, a, b matrix
	m, n, k int
}

// product computes c = a·b, or adds it to c.
func (d *Device) product(c, a, b matrix, m, n, k int, add bool) {
	d.multiply(add, product{c: c, a: a, b: b, m: m, n: n, k: k})
}

// multiply computes products of operands of the same types, or adds them to what is in c.
// Factors are of one type; without cuBLAS there is no bf16.
func (d *Device) multiply(add bool, products ...product) {
	products = slices.DeleteFunc(products, func(p product) bool { return p.m == 0 || p.n == 0 })
	if len(products) == 0 {
		return
	}
	if d.blas == nil {
		for _, p := range products {
			d.ownProduct(p, add)
		}
		return
	}
	list := make([]C.struct_fusemoe_product, len(products))
	volume := 0
	for i, p := range products {
		volume += p.m * p.n * p.k
		list[i] = C.struct_fusemoe_product{
			transpose_a: flag(p.a.transposed), transpose_b: flag(p.b.transposed), m: C.int(p.m), n: C.int(p.n), k: C.int(p.k),
			lda: C.int(p.a.stride), ldb: C.int(p.b.stride), ldc: C.int(p.c.stride),
			a: C.uint64_t(p.a.address), b: C.uint64_t(p.b.address), c: C.uint64_t(p.c.address),
		}
	}
	one := products[0]
	types := C.struct_fusemoe_types{compute: computeTypes[d.Precision], factors: one.a.dataType(), result: one.c.dataType()}
	if one.a.half {
		types.compute = computeTypes[Float32]
	}
	small := len(products) > 1 && volume/len(products) < groupedBelow
	able := !add && one.a.half == one.c.half && types.compute != computeTypes[BF16] && C.fusemoe_blas_groups(d.blas.handle) != 0
	if small && able {
		d.grouped(types, list)
		return
	}
	d.try("multiply matrices", func() error {
		return answer(C.fusemoe_blas_products(d.blas.handle, types, flag(add), C.int(len(list)), &list[0]))
	})
}

// groupedBelow is how many multiply-adds products have on average where they are computed
// side by side, as far as cuBLAS can: smaller ones do not fill a device. On an H200 groups
// were faster at 0.8 billion, and slower at 1.6 and 3.2.
const groupedBelow = 1 << 30

// grouped computes products side by side.
func (d *Device) grouped(types C.struct_fusemoe_types, list []C.struct_fusemoe_product) {
	n := len(list)
	addresses := make([]uint64, 3*n)
	for i, p := range list {
		addresses[i], addresses[n+i], addresses[2*n+i] = uint64(p.a), uint64(p.b), uint64(p.c)
	}
	on := d.New(2 * len(addresses)) // two entries for each address
	defer d.Free(on)
	d.try("multiply matrices", func() error {
		bytes := int64(8 * len(addresses))
		if err := cu.MemcpyHtoDAsync(on.address, unsafe.Pointer(&addresses[0]), bytes, d.stream); err != nil {
			return err
		}
		at := func(i int) C.uint64_t { return C.uint64_t(on.address) + C.uint64_t(8*i*n) }
		return answer(C.fusemoe_blas_grouped(d.blas.handle, types, C.int(n), &list[0], at(0), at(1), at(2)))
	})
}

func answer(status C.int) error {
	if status != 0 {
		return fmt.Errorf("cuBLAS answers %d", status)
	}
	return nil
}

// ownProduct computes a product, or adds it, without cuBLAS.
func (d *Device) ownProduct(p product, add bool) {
	aRow, aColumn := p.a.strides()
	bRow, bColumn := p.b.strides()
	const tile = 64 // rows and columns of c for each block, as in kernels/product.cu
	d.launch("product", (p.n+tile-1)/tile, (p.m+tile-1)/tile, p.c.address, p.a.address, p.b.address,
		p.m, p.n, p.k, aRow, aColumn, bRow, bColumn, p.c.stride, int(flag(add)))
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
