package kernel_test

import (
	"fmt"

	"github.com/fusemoe/fusemoe/core/kernel"
)

// A router scores two experts by their distance from a row and chooses the nearer.
func Example() {
	gate := kernel.GateLogits[float32]{Kind: kernel.Laplace, Groups: 1, Rows: 1, Width: 2, Experts: 2}
	top := kernel.TopK[float32]{Rows: 1, Experts: 2, K: 1}
	row, experts := []float32{3, 4}, []float32{0, 0, 3, 3}
	logits, gates := make([]float32, 2), make([]float32, 2)
	gate.Forward(nil, logits, row, experts, nil)
	top.Forward(nil, gates, logits, nil)
	fmt.Println("logits", logits, "gates", gates)
	// Output: logits [-5 -1] gates [0 1]
}
