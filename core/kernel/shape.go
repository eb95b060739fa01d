package kernel

// Misuse is what a kernel panics with when it is called wrongly: a bug of the
// caller, never a fault of the data.
type Misuse string

// ErrShape says that a slice does not have the length that the kernel's shape asks for.
const ErrShape Misuse = "kernel: a slice does not fit the shape of the kernel"

// Error makes a recovered Misuse an error like any other.
func (m Misuse) Error() string { return string(m) }

// fit panics unless every slice has n entries.
func fit[F Float](n int, slices ...[]F) {
	for _, s := range slices {
		if len(s) != n {
			panic(ErrShape)
		}
	}
}

// fitOrNil is fit for slices that may be left out.
func fitOrNil[F Float](n int, slices ...[]F) {
	for _, s := range slices {
		if s != nil && len(s) != n {
			panic(ErrShape)
		}
	}
}
