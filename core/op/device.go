package op

import "github.com/fusemoe/fusemoe/core/kernel"

// Device runs graphs elsewhere than on the processor, and has the parameters, their
// gradients and the state of the optimizer in a memory of its own. It serves one caller
// at a time.
type Device[F kernel.Float] interface {
	// Compile makes operations, in an order in which they can run, ready to. A nil loss
	// gives a program that only computes forward.
	Compile(calls []*Call[F], loss *Call[F]) (Program[F], error)
	// Optimize makes a step with the gradients of all runs since the last one, clears
	// them, and returns their norm before clipping.
	Optimize(s OptimizerStep[F]) (norm float64, err error)
	// Pull copies what Optimize has changed to the slices that it was given. Until then
	// they are stale.
	Pull() error
	// Forget gives back the memory of parameters that no graph uses any more.
	Forget(parameters []*Parameter[F])
	Close() error
}

// Program is a graph on a device.
type Program[F kernel.Float] interface {
	// Run is Graph.Run.
	Run(step Step) error
	// Value is the result of an operation of the last run.
	Value(c *Call[F]) ([]F, error)
	Close() error
}

// Call is one operation as a device runs it.
type Call[F kernel.Float] struct {
	Name string
	// Kernel is that of package kernel, by value, or one of the types below.
	Kernel any
	// Inputs are in the order of the kernel's arguments; Size is the length of the result.
	Inputs []Operand[F]
	Size   int
	// Stream tells the random numbers of this operation from those of others: Key.
	Stream uint64

	// What operations read beside their inputs, anew at each run.
	Series         *kernel.Series[F]
	Present        []bool
	Active         func() []bool
	Labels, Weight []F
	Accumulator    *Accumulator
}

// Operand is an input of an operation: the result of another one, a parameter, or memory
// of the host that is filled before each run and not differentiated.
type Operand[F kernel.Float] struct {
	Call      *Call[F]
	Parameter *Parameter[F]
	Input     []F
}

// Size is the number of elements.
func (o Operand[F]) Size() int {
	switch {
	case o.Call != nil:
		return o.Call.Size
	case o.Parameter != nil:
		return len(o.Parameter.Value)
	default:
		return len(o.Input)
	}
}

// Operations that are no kernels.
type (
	// RowRange is the rows Lo to Hi of its input.
	RowRange struct{ Lo, Hi, Width int }
	// Sum adds its inputs up.
	Sum struct{}
	// WeightedSum adds scalars up.
	WeightedSum struct{ Weights []float64 }
)

// Key is the random stream of an operation in one run.
func (s Step) Key(stream uint64) uint64 { return kernel.Key(s.Seed, s.Number, stream) }

// OptimizerStep is one step of AdamW over all parameters.
type OptimizerStep[F kernel.Float] struct {
	// Adam has the step's rate; Decay is that of the parameters that decay.
	Adam  kernel.AdamW
	Decay float64
	// Clip bounds the norm of all gradients together; 0 does not.
	Clip float64
	// Number counts the steps from 1.
	Number     int
	Parameters []*Parameter[F]
	// First and Second are the moments of each parameter.
	First, Second [][]F
	// Mean is the average of the weights, nil for none, and Keep what a step leaves of it.
	Mean [][]F
	Keep F
}
