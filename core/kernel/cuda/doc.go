// Package cuda holds the numbers of the model on an NVIDIA GPU, through gorgonia.org/cu:
// the same kernels as package kernel, over memory of the device.
//
// All but this comment is behind the build tag gpu, which needs a C compiler and the
// header cuda.h to build, and a driver and no toolkit to run. A program with the tag
// starts without a driver too, and is told by Open that there is none.
package cuda
