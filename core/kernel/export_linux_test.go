package kernel

// What tests of the whole kernels need of those of their inner loops.
var (
	Guarded      = guarded
	MustNotFault = mustNotFault
)
